"""What other programs take: a file for QGIS, a page for browsers, a function for CVAT."""
