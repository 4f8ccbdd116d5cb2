"""How photographs are divided into training, validation and test, without leaks."""
