"""Stores results of photographs that were decoded once."""
