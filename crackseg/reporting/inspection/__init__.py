"""One page for a folder of measured photographs, to look for the worst cracks and to check them."""
