"""Pictures as arrays: opening photographs, their depth, resizing, mask thresholds."""
