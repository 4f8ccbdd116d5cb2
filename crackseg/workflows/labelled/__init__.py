"""What labelled photographs of a user are used for."""
