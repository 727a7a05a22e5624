"""What a theorem module provides, and the setting fields that every theorem has.

A theorem is a module. Read top to bottom it is the theorem: statement, `Setting`, `build`,
`integrate`, `check`, `figures` and the planted false claims that its checks must catch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from verify.claim import Check, Claim
from verify.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: (phase, done, total): a share of the total 1, or a count; a total of 0 says that nobody knows.
Progress = Callable[[str, float, float], None]


def silent(phase: str, done: float, total: float) -> None:
    """Progress that nobody watches."""


#: The largest seed; NumPy's older generators, which scikit-learn uses, take no other.
LARGEST_SEED = 2**32 - 1


class BaseSetting(BaseModel):
    """Knobs of every theorem; a field is a command-line option, its description the help text."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    #: Fields under the headings that help shows them with; the others come under "Setting".
    GROUPS: ClassVar[Mapping[str, Sequence[str]]] = {}

    seed: int = Field(0, ge=0, le=LARGEST_SEED, examples=[1], description="seed of every random draw")


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


@dataclass(frozen=True)
class Planted:
    """A false claim, checked in a setting where it really is false: `check` must be VIOLATED.

    `claim` is the id of the honest claim, `mutation` what was changed in it, `why_false` why the
    changed claim does not hold there.
    """

    claim: str
    mutation: str
    why_false: str
    check: Check


class Theorem(Protocol):
    """A theorem module.

    It may also have `FORMULAS`, the main formulas of its statement for typesetting: pairs of a label and
    some LaTeX, each short enough for a phone; see `formulas`. And `PRESETS`: what `verify all` runs of it;
    see `verify.presets`. And `unconditional(start)`: the checks that are made even where a HypothesisError
    ended the run, from its `start` or from the problem, if that was built. And `cost`, a function from a
    setting to the time and memory that a run takes, a `verify.cost.Cost`; it is asked before anything is
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


class HasSetting(Protocol):
    """A module that is run in a setting."""

    Setting: type[BaseSetting]


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


def make_setting(theorem: HasSetting, values: Mapping[str, Any]) -> BaseSetting:
    """The module's setting from option values; InputError names the first bad option and what it may be."""
    try:
        return theorem.Setting(**values)
    except ValidationError as problem:
        raise InputError(_explain(theorem.Setting, problem)) from None


def require_seeds(setting: BaseSetting, count: int) -> None:
    """Raise InputError where the seed of the last of `count` draws is none."""
    if setting.seed + count - 1 > LARGEST_SEED:
        raise InputError(
            f"{count} draws from --seed {setting.seed} go beyond the largest seed, {LARGEST_SEED}: use "
            f"--seed {LARGEST_SEED - count + 1} or less"
        )


def draws(setting: BaseSetting, count: int) -> list[BaseSetting]:
    """The settings of `count` draws, with seeds from the setting's own upwards; see `require_seeds`."""
    require_seeds(setting, count)
    return [setting.model_copy(update={"seed": setting.seed + i}) for i in range(count)]


def option_words(setting: BaseSetting, defaults: Mapping[str, Any]) -> list[str]:
    """The options, as words of a command line, that were given and are not in `defaults`."""
    return [
        word
        for name in type(setting).model_fields
        if name in setting.model_fields_set
        and (value := getattr(setting, name)) is not None
        and defaults.get(name) != value
        for word in (option_name(name), str(value))
    ]


def option_name(field: str) -> str:
    """The command-line option of a setting field."""
    return "--" + field.replace("_", "-")


def _explain(setting: type[BaseSetting], problem: ValidationError) -> str:
    first = problem.errors()[0]
    if not first["loc"]:
        return str(first["msg"]).removeprefix("Value error, ")
    name = str(first["loc"][0])
    option = option_name(name)
    if first["type"] == "extra_forbidden":
        return f"there is no option {option}"
    field = setting.model_fields[name]
    # A field that may be of several kinds has an error for each.
    reasons = [
        str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
        for error in problem.errors()
        if error["loc"][:1] == first["loc"][:1]
    ]
    allowed = reasons[0] if first["type"] == "value_error" else f"it should be {' or '.join(reasons)}"
    suggestion = next(iter(field.examples or [field.default]))
    example = "" if suggestion is None else f", for example {option} {suggestion}"
    return f"{option} {first['input']}: {allowed}{example}"
