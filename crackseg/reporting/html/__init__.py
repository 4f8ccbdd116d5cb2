"""Parts that all pages share: templates, colours, embedded pictures."""
