"""Which photographs there are below a folder, and which masks and annotations are theirs."""
