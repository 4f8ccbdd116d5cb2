"""Photographs that occur in a data set more than once."""
