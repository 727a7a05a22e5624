"""Numerical tools that know no model."""
