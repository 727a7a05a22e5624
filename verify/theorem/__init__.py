"""What a theorem is made of: settings, claims and their falsehoods, comparisons, verdicts."""
