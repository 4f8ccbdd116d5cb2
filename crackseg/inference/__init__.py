"""Predicts masks with a checkpoint; needs neither Hydra nor a Trainer."""
