"""Grids of settings and seeds, run claim by claim, and what comes of them: maps, laws, constants."""
