"""What came of the checks of a layer: verdicts, numbers, a table, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap

from verify.theorem.compare import Check
from verify.theorem.verdicts import Verdict, counts, worst
from verify.views.numbers import number

#: Width of the longest lines.
WIDTH = 110


@dataclass(frozen=True)
class Finding:
    """One check of a layer.

    name      short name
    check     the comparison and its verdict
    required  whether the layer's verdict needs it; of the others only a violation counts
    advice    what to do where it is not VERIFIED
    """

    name: str
    check: Check
    required: bool = True
    advice: str = ""

    @property
    def verdict(self) -> Verdict:
        return self.check.verdict


@dataclass(frozen=True)
class Swept:
    """The layer at one tolerance of its solver.

    tolerance  that was set
    residual   largest of any sample, absolute or relative as the tolerance is meant
    error      relative error of the gradient, of the parameter or input that is worst
    """

    tolerance: float
    residual: float
    error: float


@dataclass(frozen=True)
class EquilibriumReport:
    """The checks of a layer, of which `str` is a table.

    findings  the checks
    numbers   what was measured, by name; absent where it could not be
    errors    relative error of the gradient by parameter and input, the worst first
    sweep     the layer at tolerances from 1e-1 to 1e-8, where it was told how to set them
    loosest   the loosest of these from which on all gradients meet the target; None where there is none
    """

    findings: Sequence[Finding]
    numbers: Mapping[str, float] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    sweep: Sequence[Swept] = ()
    loosest: float | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of what is required, or violated."""
        return worst(found.verdict for found in self.findings if counts(found.required, found.verdict))

    def __getitem__(self, name: str) -> Finding:
        """The check of that name; KeyError where there is none."""
        for found in self.findings:
            if found.name == name:
                return found
        raise KeyError(f"no check {name!r}: there are {', '.join(found.name for found in self.findings)}")

    def require(self) -> None:
        """AssertionError with the table unless all that is required is VERIFIED."""
        __tracebackhide__ = True
        if self.verdict is not Verdict.VERIFIED:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        lines = [f"equilibrium checks: {self.verdict}", ""]
        for found in self.findings:
            check = found.check
            beside = "" if found.required else "  (informative)"
            lines.append(f"{found.verdict:<15}{found.name:<18}{check.quantity}{beside}")
            if check.measured is not None:
                numbers = f"{number(check.measured)} {check.relation} {number(check.bound)}"
                lines.append(f"{'':<33}{numbers}, error budget {number(check.budget)}")
            if check.message and found.verdict is not Verdict.VERIFIED:
                lines += _wrapped(check.message)
            if found.advice and found.verdict is not Verdict.VERIFIED:
                lines += _wrapped(f"-> {found.advice}")
        if self.numbers:
            lines += ["", *(f"{number(value):>11}  {name}" for name, value in self.numbers.items())]
        if self.errors:
            lines += ["", "relative error of the gradient, the worst first:"]
            lines += [f"{number(value):>11}  {name}" for name, value in list(self.errors.items())[:5]]
        if self.sweep:
            lines += ["", f"{'tolerance':>11}{'residual':>12}{'gradient error':>16}"]
            lines += [
                f"{number(one.tolerance):>11}{number(one.residual):>12}{number(one.error):>16}"
                for one in self.sweep
            ]
        return lines


def _wrapped(text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent=" " * 33, subsequent_indent=" " * 33)
