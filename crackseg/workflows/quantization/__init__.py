"""Networks of 8 bits: calibrated, judged on their masks, and written."""
