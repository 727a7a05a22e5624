"""Claims: a numbered statement of a paper, its check, what it rests on and its falsehoods, in one place.

A theorem has one `Claims`, and a function for each claim that makes its comparisons:

    CLAIMS = Claims("Polyak 1987, section 1.4")

    @CLAIMS.step("Q-1", "a step contracts the distance to x* by rho")
    def contraction(problem, path, power=1):
        return at_most("||x_{k+1} - x*|| / ||x_k - x*||", path.ratios, problem.rho**power, ...)

    contraction.false("rho^2 a step", power=2, why="that is the rate of f, not of x")

What a function takes says what it needs: `start`, what is left where `build` found a hypothesis broken, or
the problem; `problem`; `path`, what `integrate` returned; nothing, for a law that no setting changes, judged
once for all runs of a suite. Parameters with a default are the constants that falsehoods replace.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, ParamSpec, Protocol, overload

from numpy.typing import ArrayLike

from verify.theorem.compare import Check
from verify.theorem.falsehoods import Falsehood
from verify.theorem.verdicts import Verdict, counts, worst

Kind = Literal["hypothesis", "step", "conclusion", "erratum", "finding"]

#: What the function of a claim returns: one comparison or several.
Comparisons = Check | Iterable[Check]

P = ParamSpec("P")
Q = ParamSpec("Q")

#: A condition for a claim: gives "" where it holds, else what fails and the way out.
Condition = Callable[..., str]


@dataclass(frozen=True)
class Claim:
    """One numbered statement.

    id        its label
    text      what it says
    source    where it is from
    kind      hypothesis, step, conclusion, erratum or finding
    required  False for an informative claim, a side statement whose premise may be out of reach: it worsens
              the theorem's verdict only by being VIOLATED or ERROR
    """

    id: str
    text: str
    source: str
    kind: Kind
    required: bool = True


@dataclass(frozen=True)
class Constant:
    """A constant C that a statement leaves open, as in "for every width of at least C n^2".

    An instance in which the conclusion fails does not refute such a statement: it shows that C must be larger
    than the value at which the instance just meets the condition. The claim is NOT_APPLICABLE, with that
    value.

    met        function of `problem` or `path` that gives this value
    condition  name of the condition that C is part of
    advice     what the user can do
    tells      condition under which an instance says something of C; its message stands for value and advice
    """

    met: Callable[..., float]
    condition: str = "the condition on the width"
    advice: str = "raise --width"
    tells: Condition | None = None

    def silence(self, check: Check, known: Mapping[str, object]) -> Check:
        """A violated comparison turned into a lower bound of the constant, where it tells one."""
        at = ", ".join(f"{name} {value:.4g}" for name, value in check.where.items())
        untold = called(self.tells, known) if self.tells else ""
        needed = untold or f"C in {self.condition} must exceed {called(self.met, known):.2g}"
        advice = "" if untold else self.advice
        message = "; ".join(filter(None, [f"fails at {at}: {needed}" if at else needed, advice]))
        return replace(check, verdict=Verdict.NOT_APPLICABLE, message=message, compared=check.verdict)


@dataclass(frozen=True)
class Part:
    """A function that makes comparisons for a claim, and what these rest on.

    function  makes the comparisons
    given     hypotheses and conditions that must hold, or the comparisons are NOT_APPLICABLE
    constant  the constant that the statement leaves open, if it does
    only      condition for the claim to be about a run at all; elsewhere NOT_APPLICABLE and informative
    """

    function: Callable[..., Comparisons]
    given: Sequence[Statement[Any] | Condition] = ()
    constant: Constant | None = None
    only: Condition | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of what the function judges; the head of this module explains them."""
        return needs(self.function)

    @property
    def constants(self) -> tuple[str, ...]:
        """Names of the constants that a falsehood may replace."""
        return tuple(
            name
            for name, parameter in inspect.signature(self.function).parameters.items()
            if parameter.default is not parameter.empty
        )


class Statement(Generic[P]):
    """A claim with its check, its hypotheses and its falsehoods. Calling it makes its first comparisons."""

    def __init__(
        self, claim: Claim, function: Callable[P, Comparisons], part: Part, otherwise: Condition | None
    ) -> None:
        self.claim = claim
        self.parts = [part]
        self._planted: list[Falsehood] = []
        self.otherwise = otherwise
        self._function = function
        self.__doc__ = function.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Comparisons:
        return self._function(*args, **kwargs)

    def also(
        self,
        *,
        given: Sequence[Statement[Any] | Condition] = (),
        constant: Constant | None = None,
        only: Condition | None = None,
    ) -> Callable[[Callable[Q, Comparisons]], Callable[Q, Comparisons]]:
        """Adds comparisons for the same claim that rest on something else."""

        def add(function: Callable[Q, Comparisons]) -> Callable[Q, Comparisons]:
            self.parts.append(Part(function, given, constant, only))
            return function

        return add

    def false(
        self,
        what: str,
        *,
        why: str,
        setting: Mapping[str, Any],
        start: Callable[..., object] | None = None,
        problem: Callable[..., object] | None = None,
        path: Callable[..., object] | None = None,
        files: Mapping[str, Mapping[str, ArrayLike]] | None = None,
        **constants: Any,
    ) -> None:
        """Plant a false form of the claim, in a setting where it is false.

        `constants` replace those of the claim's functions. `start`, `problem` and `path` change what the run
        made, which they take by name. `files` are arrays by name, by the field of the setting that will name
        their file. The claim must come out VIOLATED, with the exit code 1. Where a
        constant is left open it must come out NOT_APPLICABLE, the worst that such a claim can be.
        """
        spoiled = {"start": start, "problem": problem, "path": path}
        self._planted.append(
            Falsehood(
                self.claim.id,
                what,
                why,
                Verdict.VIOLATED,
                setting,
                files or {},
                constants=constants,
                spoiled={name: spoil for name, spoil in spoiled.items() if spoil},
            )
        )

    def broken(
        self,
        what: str,
        *,
        why: str,
        setting: Mapping[str, Any],
        data: Mapping[str, ArrayLike] | None = None,
    ) -> None:
        """Plant a setting in which this hypothesis fails.

        It must come out NOT_APPLICABLE, with the way out. `data` are arrays by name, for a file that the
        setting's field `data` will name.
        """
        files = {} if data is None else {"data": data}
        self._planted.append(Falsehood(self.claim.id, what, why, Verdict.NOT_APPLICABLE, setting, files))

    @property
    def falsehoods(self) -> list[Falsehood]:
        """What is planted, each with the verdict that it must come out with."""
        return [
            replace(one, becomes=Verdict.NOT_APPLICABLE) if self._silences(one) else one
            for one in self._planted
        ]

    def _silences(self, falsehood: Falsehood) -> bool:
        """Whether NOT_APPLICABLE is the worst that the claim can be where that is false in it."""
        constants = set(falsehood.constants)
        told = [part for part in self.parts if constants & set(part.constants)] if constants else self.parts
        open_constant = (any if constants else all)(part.constant for part in told)
        return bool(self.otherwise) or open_constant


class Register(Protocol):
    """Adds a claim: the id, what it says, and what its verdict rests on."""

    def __call__(
        self,
        name: str,
        text: str,
        *,
        source: str = "",
        given: Sequence[Statement[Any] | Condition] = (),
        constant: Constant | None = None,
        only: Condition | None = None,
        required: bool = True,
        otherwise: Condition | None = None,
    ) -> Callable[[Callable[P, Comparisons]], Statement[P]]:
        """A decorator of the function that makes the claim's comparisons.

        given: hypotheses, claims or conditions: where one fails the claim is NOT_APPLICABLE and says so.
        constant: a constant that the statement leaves open.
        only: a condition for the claim to be about a run at all: elsewhere it is NOT_APPLICABLE, with the
            condition's message, and informative.
        otherwise: for a hypothesis that a setting may break: the message then; takes what it needs by name.
        """


class Claims(Sequence[Statement[Any]]):
    """The claims of a theorem, in their order. `source` is where they are from, unless they say otherwise."""

    def __init__(self, source: str, *gathered: Iterable[Statement[Any]]) -> None:
        self._source = source
        self._statements = [statement for group in gathered for statement in group]

    @overload
    def __getitem__(self, index: int) -> Statement[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Statement[Any]]: ...
    def __getitem__(self, index: int | slice) -> Statement[Any] | Sequence[Statement[Any]]:
        return self._statements[index]

    def __len__(self) -> int:
        return len(self._statements)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What is claimed."""
        return tuple(statement.claim for statement in self)

    @property
    def falsehoods(self) -> tuple[Falsehood, ...]:
        """Every false claim that is planted."""
        return tuple(falsehood for statement in self for falsehood in statement.falsehoods)

    @property
    def hypothesis(self) -> Register:
        """A hypothesis. With `otherwise` a setting may break it, and the theorem then says nothing."""
        return self._register("hypothesis")

    @property
    def step(self) -> Register:
        """A lemma, or a step of a proof."""
        return self._register("step")

    @property
    def conclusion(self) -> Register:
        """What the theorem concludes."""
        return self._register("conclusion")

    @property
    def erratum(self) -> Register:
        """A statement that is false as printed: the check shows that, and that the repaired form holds."""
        return self._register("erratum")

    @property
    def finding(self) -> Register:
        """What a figure's caption says that the figure shows."""
        return self._register("finding")

    def _register(self, kind: Kind) -> Register:
        def claim(
            name: str,
            text: str,
            *,
            source: str = "",
            given: Sequence[Statement[Any] | Condition] = (),
            constant: Constant | None = None,
            only: Condition | None = None,
            required: bool = True,
            otherwise: Condition | None = None,
        ) -> Callable[[Callable[P, Comparisons]], Statement[P]]:
            def register(function: Callable[P, Comparisons]) -> Statement[P]:
                made = Claim(name, text, source or self._source, kind, required)
                found = Statement(made, function, Part(function, given, constant, only), otherwise)
                self._statements.append(found)
                return found

            return register

        return claim


def needs(function: Callable[..., object]) -> tuple[str, ...]:
    """The parameters of a function without a default."""
    return tuple(
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is parameter.empty
    )


def called(function: Callable[..., Any], known: Mapping[str, object], **constants: object) -> Any:
    """The result of a function that is called with those of the known things that it needs."""
    return function(**{name: known[name] for name in needs(function)}, **constants)


def claim_verdict(checks: Sequence[Check]) -> Verdict:
    """Verdict of a claim from its checks."""
    return worst(check.verdict for check in checks)


def theorem_verdict(claims: Sequence[Claim], verdicts: Mapping[str, Verdict]) -> Verdict:
    """Verdict of a theorem: the worst required claim, or an informative one that is VIOLATED or ERROR."""
    return worst(verdicts[claim.id] for claim in claims if counts(claim.required, verdicts[claim.id]))
