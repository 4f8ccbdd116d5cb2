"""Writes a network for use elsewhere: as an ONNX file, in 8 bits, as a page, for one tool."""
