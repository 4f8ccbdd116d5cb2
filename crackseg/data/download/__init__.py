"""Fetching CrackSeg9k."""
