"""Formats of geographic information systems."""
