"""The raw sources of the music store, one contract a file."""
