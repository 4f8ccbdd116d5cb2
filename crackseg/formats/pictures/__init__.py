"""Pictures of measured cracks."""
