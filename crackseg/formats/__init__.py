"""Files of measured cracks for other programs: one module a format."""
