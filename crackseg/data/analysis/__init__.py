"""Looking into a data set: what it holds, and what is wrong with it."""
