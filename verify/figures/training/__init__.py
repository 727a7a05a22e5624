"""Training with a fixed step, as papers do for their figures: training and test losses by epoch."""
