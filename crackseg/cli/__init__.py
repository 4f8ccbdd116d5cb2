"""The console script ``crackseg``."""
