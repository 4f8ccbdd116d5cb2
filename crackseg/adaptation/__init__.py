"""Adapts a trained network to photographs of one site by a handful of labelled ones."""
