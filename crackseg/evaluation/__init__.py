"""Measures how good a network's probabilities are, so that figures can be compared."""
