"""What lies in a run's folder: written, and read again."""
