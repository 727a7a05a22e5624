"""Options that are lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

from verify import plots
from verify.data.images import Images

#: The largest width that may be asked for; that of Ling et al. 2023 is 30000.
WIDEST = 40_000


def whole_numbers(text: str, least: int, most: int) -> tuple[int, ...]:
    """Different whole numbers between commas, in order; ValueError says what they should be."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdigit() and least <= int(word) <= most for word in words) or len(set(words)) < len(
        words
    ):
        raise ValueError(f"it should be different whole numbers from {least} to {most} with commas between")
    return tuple(int(word) for word in words)


def data_sets(text: str, home: str | None) -> tuple[Images, ...]:
    """Data sets by name with commas between, looked for in `home`; InputError for an unknown name."""
    return tuple(Images(word.strip(), home) for word in text.split(","))


def growing_widths(text: str) -> tuple[int, ...]:
    """Widths, a curve each; ValueError says what they should be."""
    widths = whole_numbers(text, 2, WIDEST)
    if list(widths) != sorted(widths) or len(widths) > len(plots.CURVES):
        raise ValueError(f"it should be growing, {len(plots.CURVES)} widths at most")
    return widths


def two_classes_of(text: str) -> tuple[int, int]:
    """The labels of two classes; ValueError says what they should be."""
    classes = whole_numbers(text, 0, 10**6)
    if len(classes) != 2:
        raise ValueError("it should be two different whole numbers with a comma between")
    return classes[0], classes[1]


def _that(parsed: Callable[[str], object]) -> AfterValidator:
    """Text that can be parsed, kept as it is."""

    def kept(text: str) -> str:
        parsed(text)
        return text

    return AfterValidator(kept)


#: Options that hold widths, and two classes.
Widths = Annotated[str, _that(growing_widths)]
TwoClasses = Annotated[str, _that(two_classes_of)]


def samples_of(images: Images | None, asked: int | None) -> int | None:
    """How many samples to train on: those asked for, else 1000, or None for all of a small data set."""
    small = images is not None and (images.name == "digits" or images.name.endswith(".npz"))
    return asked or (None if small else 1000)
