"""What is kept of photographs that were decoded once."""
