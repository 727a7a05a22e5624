"""Exceptions that are an answer to the user, not a failure."""

from __future__ import annotations


class InputError(Exception):
    """Bad input: the text says what was wrong, what is allowed and what to type instead."""


class HypothesisError(Exception):
    """A hypothesis of the theorem does not hold in this setting, so that nothing is promised.

    The text says which hypothesis, and how to meet it. The run is NOT_APPLICABLE. `start` is as much of the
    problem as there is, for the claims that do not need the hypothesis; None where none can be judged.
    """

    def __init__(self, message: str, start: object = None) -> None:
        super().__init__(message)
        self.start = start


class TheoremError(Exception):
    """The code of a theorem is at fault, which is its author's to mend.

    The text is one line that says where, what is wrong and what to do; the cause is what the code raised.
    """


def in_words(problem: BaseException) -> str:
    """An exception in one line."""
    return " ".join(f"{type(problem).__name__}: {problem}".split())
