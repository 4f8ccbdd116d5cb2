"""Masks that are pictures: what their stored values mean, decided over a whole data set."""
