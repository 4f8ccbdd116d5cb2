"""What the file of a network says beside its weights: the form of it, and what its use needs."""
