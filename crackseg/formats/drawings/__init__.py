"""Drawings of measured cracks, for CAD and for documents."""
