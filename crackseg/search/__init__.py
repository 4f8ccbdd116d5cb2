"""Searches for the best settings of a training, by Optuna."""
