"""Networks that come with the package, each with a licence of its own."""
