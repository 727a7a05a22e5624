"""Records of runs and their views. Reports know nothing of how the numbers came about."""
