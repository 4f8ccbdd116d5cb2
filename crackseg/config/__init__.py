"""Settings: which there are, what they may be, how they are written on a command line."""
