"""Training with a fixed step, as papers do for their figures: losses by epoch on both halves of a split."""
