"""Kawaguchi, "On the theory of implicit deep learning", ICLR 2021: two theorems about linear models."""
