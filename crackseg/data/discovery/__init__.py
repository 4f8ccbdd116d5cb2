"""Finds the photographs below a folder, and their masks and annotations."""
