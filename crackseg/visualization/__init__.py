"""Plots and pictures as PNG files."""
