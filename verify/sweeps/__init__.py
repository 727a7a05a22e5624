"""Sweeps: a theorem over a grid of settings, many seeds each; maps and laws from what was found."""
