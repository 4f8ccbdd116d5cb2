"""How a training goes, for people: a bar, a file, pictures, its speed."""
