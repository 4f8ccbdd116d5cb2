"""Downloads CrackSeg9k."""
