"""A page that finds cracks in a browser, with the network and its runtime inside."""
