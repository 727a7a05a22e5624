"""What a theorem module provides, and what its problem and its path may say about themselves.

A theorem is a module. Read top to bottom it is the theorem: statement, `Setting`, `build`, `integrate`, and
each claim with its check, what it rests on and its falsehoods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from verify.theorem.claims import Claims
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: (phase, done, total): a share of the total 1, or a count; a total of 0 says that nobody knows.
Progress = Callable[[str, float, float], None]


def silent(phase: str, done: float, total: float) -> None:
    """Progress that nobody watches."""


class Theorem(Protocol):
    """A theorem module.

    It may also have

    - `STATEMENT`, by default what its docstring says after the first paragraph;
    - `FORMULAS`, the main formulas of its statement for typesetting: pairs of a label and some LaTeX, each
      short enough for a phone;
    - `REFERENCES`, the papers behind it, for `verify cite`; see `verify.theorem.bibliography`;
    - `PRESETS`, what `verify all` runs of it; see `verify.theorem.presets`;
    - `SEARCH`, what `verify falsify` may vary; see `verify.theorem.space`;
    - `pictures(problem, path)`, a mapping from names to figures;
    - `cost(setting)`, a `verify.theorem.cost.Cost`: the time and memory that a run takes. It is asked before
      anything is written, and may raise InputError for bad data.

    What `build` returns may have

    - `threads`, the BLAS threads that suit its size;
    - `effective`, a mapping from short names to the values that the run is made with, including those that
      options left open.

    What `integrate` returns may have

    - `arrays`, what a third party needs to recompute every number;
    - `rates`, measured and guaranteed, and their ratio, the tightness;
    - `counts`, work done by kind;
    - `notes`, what a reader of the report must know of this run.
    """

    NAME: str
    TITLE: str
    SOURCES: Sequence[str]
    CLAIMS: Claims
    Setting: type[BaseSetting]

    def build(self, setting: Any) -> Any:
        """The problem: data and initial parameters.

        InputError when the setting cannot be built, HypothesisError when the theorem is silent there.
        """

    def integrate(self, problem: Any, progress: Progress) -> Any:
        """The path: train by gradient flow, and observe all that the claims speak of."""


def module_name(theorem: Theorem) -> str:
    """The module that a theorem is, or that defines it."""
    return str(getattr(theorem, "__name__", type(theorem).__module__))


def missing_attributes(found: object) -> list[str]:
    """The attributes of `Theorem` that a would-be theorem lacks."""
    functions = [name for name, member in vars(Theorem).items() if callable(member) and name[0] != "_"]
    return [name for name in (*Theorem.__annotations__, *functions) if not hasattr(found, name)]


def statement(theorem: Theorem) -> str:
    """What the theorem states: its docstring after the first paragraph, if it gives no `STATEMENT`."""
    return getattr(theorem, "STATEMENT", (theorem.__doc__ or "").partition("\n\n")[2])


def formulas(theorem: Theorem) -> Sequence[tuple[str, Sequence[str]]]:
    """The formulas that the theorem gives for typesetting; none when it gives none."""
    return getattr(theorem, "FORMULAS", ())


def pictures(theorem: Theorem, problem: Any, path: Any) -> Mapping[str, Figure]:
    """The theorem's pictures; none when it draws none."""
    draw: Callable[[Any, Any], Mapping[str, Figure]] | None = getattr(theorem, "pictures", None)
    return {} if draw is None else draw(problem, path)
