"""How fast the suite is, beside what a user would write instead: `python benchmarks/run.py`."""
