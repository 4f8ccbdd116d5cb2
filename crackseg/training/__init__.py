"""A training: its module, Trainer, callbacks, checkpoints and logs."""
