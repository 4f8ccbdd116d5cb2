"""One training: the module, its Trainer, its callbacks, checkpoints and logs."""
