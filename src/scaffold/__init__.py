"""``starlift new``: a working warehouse folder from a look at raw files."""
