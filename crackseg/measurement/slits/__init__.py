"""Cracks as blurred slits: their fit to profiles, blur, contrast, and neighbours together."""
