"""The search for a setting, data or a start in which a claim is violated."""
