"""Reads the truth of a photograph from masks and annotation files."""
