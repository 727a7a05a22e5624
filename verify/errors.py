"""The one exception that means "the user gave something we cannot use"."""

from __future__ import annotations


class InputError(Exception):
    """Bad input: the text says what was wrong, what is allowed and what to type instead."""
