"""Photographs, masks, and how they come into batches."""
