"""The deep equilibrium linear model: what the theorems about it share."""
