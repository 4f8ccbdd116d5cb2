"""What a user asks of measured cracks."""
