"""Measures cracks: arrays of a photograph in, lengths and widths with intervals out."""
