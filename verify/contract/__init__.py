"""What a theorem module must have and return, and where in whose code it does not."""
