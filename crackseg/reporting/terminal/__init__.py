"""Tables in the terminal, and the files that go with them."""
