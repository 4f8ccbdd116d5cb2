"""What is crack on a photograph: masks and annotation files."""
