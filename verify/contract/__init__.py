"""What a theorem module must have and return; and where the code is that does not."""
