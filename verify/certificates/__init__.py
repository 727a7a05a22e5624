"""Verdicts that are proofs: exact rationals, ball arithmetic, identities modulo a prime.

Floats only propose here (eigenvectors, steps, points): whatever decides is exact or encloses every rounding.
Needs python-flint, the extra ``certify``; nothing else of the suite imports this.
"""
