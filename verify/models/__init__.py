"""The implicit networks, in closed form. Models know nothing of checks or reports."""
