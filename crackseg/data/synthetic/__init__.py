"""The built-in data set: synthetic photographs of cracked surfaces with exact masks."""
