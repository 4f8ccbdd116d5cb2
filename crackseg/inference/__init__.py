"""From a checkpoint to masks; needs neither Hydra nor a Trainer."""
