"""How a command line becomes a job: what knows Hydra."""
