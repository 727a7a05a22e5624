"""What is measured: a file a model or topic."""
