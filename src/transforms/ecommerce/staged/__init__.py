"""The raw sources of the online shop, one contract a file."""
