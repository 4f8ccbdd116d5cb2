"""Commands that learn from labelled photographs of a user."""
