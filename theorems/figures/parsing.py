"""Options that are lists."""

from __future__ import annotations

from verify.data.images import Images


def whole_numbers(text: str, least: int, most: int) -> tuple[int, ...]:
    """Different whole numbers between commas, in order; ValueError says what they should be."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdigit() and least <= int(word) <= most for word in words) or len(set(words)) < len(
        words
    ):
        raise ValueError(f"it should be different whole numbers from {least} to {most} with commas between")
    return tuple(int(word) for word in words)


def data_sets(text: str) -> tuple[Images, ...]:
    """Data sets by name with commas between; InputError for a name that means nothing."""
    return tuple(Images(word.strip()) for word in text.split(","))
