"""TIFF files: what their headers say, deep values, pages and masks."""
