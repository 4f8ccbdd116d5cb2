"""A data set on one page to show: plots, pictures, and the text around them."""
