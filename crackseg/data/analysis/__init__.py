"""Analyses a data set: what it holds, and what is wrong with it."""
