"""What a theorem module provides, and the setting fields that every theorem has.

A theorem is a module. Read top to bottom it is the theorem: statement, `Setting`, `build`,
`integrate`, `check`, `figures` and the planted false claims that its checks must catch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from verify.theorem.claims import Claim, Planted
from verify.theorem.compare import Check
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: (phase, done, total): a share of the total 1, or a count; a total of 0 says that nobody knows.
Progress = Callable[[str, float, float], None]


def silent(phase: str, done: float, total: float) -> None:
    """Progress that nobody watches."""


class Problem(Protocol):
    """What a theorem builds from its setting.

    It may also have `effective`, the values that the run is made with, where options left them open too:
    a mapping from short names to numbers and texts, for the record and the head of every report.
    """

    @property
    def threads(self) -> int:
        """BLAS threads that suit its size."""


class Trajectory(Protocol):
    """What a run leaves behind for the record, besides what the theorem's own checks read from it."""

    @property
    def arrays(self) -> Mapping[str, Any]:
        """What a third party needs to recompute every number."""

    @property
    def rates(self) -> Mapping[str, float]:
        """Measured and guaranteed rate of convergence and their ratio, the tightness."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Work done, by kind."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the report must know of this run."""


class Theorem(Protocol):
    """A theorem module.

    It may also have `FORMULAS`, the main formulas of its statement for typesetting: pairs of a label and
    some LaTeX, each short enough for a phone; see `formulas`. And `PRESETS`: what `verify all` runs of it;
    see `verify.theorem.presets`. And `unconditional(start)`: the checks that are made even where a
    HypothesisError ended the run, from its `start` or from the problem, if that was built. And `cost`, a
    function from a setting to the time and memory that a run takes, a `verify.runs.cost.Cost`; it is asked
    before anything is
    written, and may raise InputError for bad data.
    """

    NAME: str
    TITLE: str
    STATEMENT: str
    SOURCES: Sequence[str]
    CLAIMS: Sequence[Claim]
    Setting: type[BaseSetting]

    def build(self, setting: Any) -> Problem:
        """The problem: data and initial parameters.

        InputError when the setting cannot be built, HypothesisError when the theorem is silent there.
        """

    def integrate(self, problem: Any, progress: Progress) -> Trajectory:
        """Train by gradient flow."""

    def check(self, problem: Any, trajectory: Any) -> Iterable[Check]:
        """Every comparison, at least one for each claim; a generator shows which are done."""

    def figures(self, problem: Any, trajectory: Any) -> Mapping[str, Figure]:
        """Named pictures."""

    def planted(self) -> Sequence[Planted]:
        """False claims that the checks must catch; see `Planted`."""


def missing_attributes(found: object) -> list[str]:
    """What a would-be theorem lacks of the Protocol."""
    functions = [name for name, member in vars(Theorem).items() if callable(member) and name[0] != "_"]
    return [name for name in (*Theorem.__annotations__, *functions) if not hasattr(found, name)]


def unconditional(theorem: Theorem, start: object) -> Iterable[Check]:
    """The checks that need no hypothesis, from what there is of a problem."""
    judge = getattr(theorem, "unconditional", None)
    return () if judge is None or start is None else judge(start)


def formulas(theorem: Theorem) -> Sequence[tuple[str, Sequence[str]]]:
    """The formulas that the theorem gives for typesetting; none when it gives none."""
    return getattr(theorem, "FORMULAS", ())
