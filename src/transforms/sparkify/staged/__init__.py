"""The raw sources of the music streaming service, one contract a file."""
