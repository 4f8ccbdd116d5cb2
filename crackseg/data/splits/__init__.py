"""Divides photographs into training, validation and test, without leaks."""
