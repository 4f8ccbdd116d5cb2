"""The test plate: lines of known width to print, to photograph and to read back."""
