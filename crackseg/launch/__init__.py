"""Turns a command line into a job, with Hydra."""
