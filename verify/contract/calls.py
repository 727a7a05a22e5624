"""Calls into a theorem's own code, which may print, exit and raise whatever it likes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass

from verify.contract.place import home_of, package_of, place_of, place_of_problem
from verify.theorem.errors import HypothesisError, InputError, TheoremError, in_words
from verify.theorem.protocol import Theorem


@dataclass(frozen=True)
class Fault:
    """Something that a theorem's author must change.

    place      file and line
    attribute  of the module
    text       what is wrong, and how to mend it
    """

    place: str
    attribute: str
    text: str

    def __str__(self) -> str:
        """One line."""
        return " ".join(": ".join(filter(None, (self.place, self.attribute, self.text))).split())


def fault_line(package: str, fault: Fault) -> str:
    """A fault on one line, preceded by its package; a built-in theorem has none."""
    return f"{package}: {fault}" if package else str(fault)


def refuse(theorem: Theorem, faults: Iterable[Fault]) -> None:
    """Raise TheoremError with the first fault, if there is one."""
    for fault in faults:
        raise TheoremError(fault_line(package_of(theorem.NAME), fault))


@contextmanager
def calling(theorem: Theorem, function: str) -> Iterator[None]:
    """Around a call of a theorem's function: what it prints goes to stderr, what it raises is a TheoremError.

    The answers to the user stay what they are: InputError and HypothesisError.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (InputError, HypothesisError, TheoremError):
        raise
    except (Exception, SystemExit) as problem:
        place = place_of_problem(problem, home_of(theorem)) or place_of(theorem, function)
        text = f"{in_words(problem)}: mend it; --debug shows the traceback"
        raise TheoremError(
            fault_line(package_of(theorem.NAME), Fault(place, f"{function}()", text))
        ) from problem
