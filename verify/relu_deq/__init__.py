"""The implicit ReLU network: what the theorems about it share."""
