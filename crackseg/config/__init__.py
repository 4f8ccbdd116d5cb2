"""Settings: their names, types and limits, and how they are written on a command line."""
