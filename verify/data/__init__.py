"""Data sets: bundled, made, fetched, or a file of the user's."""
