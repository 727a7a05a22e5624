"""Options that are lists."""

from __future__ import annotations

from verify import plots
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


def growing_widths(text: str, most: int) -> tuple[int, ...]:
    """Widths of up to `most`, a curve each; ValueError says what they should be."""
    widths = whole_numbers(text, 2, most)
    if list(widths) != sorted(widths) or len(widths) > len(plots.CURVES):
        raise ValueError(f"it should be growing, {len(plots.CURVES)} widths at most")
    return widths


def two_classes_of(text: str) -> tuple[int, int]:
    """The labels of two classes; ValueError says what they should be."""
    classes = whole_numbers(text, 0, 10**6)
    if len(classes) != 2:
        raise ValueError("it should be two different whole numbers with a comma between")
    return classes[0], classes[1]


def samples_of(images: Images | None, asked: int | None) -> int | None:
    """How many samples to train on: those asked for, else 1000, or None for all of a small data set."""
    small = images is not None and (images.name == "digits" or images.name.endswith(".npz"))
    return asked or (None if small else 1000)
