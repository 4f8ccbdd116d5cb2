"""How good a network's probabilities are, measured so that other figures compare."""
