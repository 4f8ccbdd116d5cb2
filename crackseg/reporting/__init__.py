"""Tables and pages of figures."""
