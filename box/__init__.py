"""Makes the networks that come with crackseg from their photographs; ``make box``."""
