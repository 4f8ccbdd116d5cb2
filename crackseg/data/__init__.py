"""Photographs and masks: found, read, divided and put into batches."""
