"""Trains a network on what a better one says of the training photographs, beside the truth."""
