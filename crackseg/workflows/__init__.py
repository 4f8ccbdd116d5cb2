"""Workflows that the programs call: training, evaluation, prediction, report."""
