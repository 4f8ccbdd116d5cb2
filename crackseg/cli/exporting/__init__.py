"""Options of the command ``crackseg export``, and what it does with them."""
