"""pytest plug-in: ``pytest --verify-theorems`` runs the theorems as tests, one a claim.

The fixture `equilibrium_checks` checks an implicit layer of torch.

It imports nothing of the suite until asked to, because pytest loads it everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

    from verify.equilibrium import EquilibriumReport
    from verify.records.record import Record
    from verify.theorem.presets import Variant
    from verify.theorem.protocol import Theorem

OPTION = "--verify-theorems"
ALL = "all"


@pytest.fixture(scope="session")
def equilibrium_checks() -> Callable[..., EquilibriumReport]:
    """`verify.equilibrium.equilibrium_checks`, which fails the test unless all that is required is VERIFIED.

    With ``require=False`` it only returns the report.
    """
    from verify.equilibrium import equilibrium_checks

    def check(layer: Any, inputs: Any, *, require: bool = True, **options: Any) -> EquilibriumReport:
        __tracebackhide__ = True
        report = equilibrium_checks(layer, inputs, **options)
        if require:
            report.require()
        return report

    return check


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("verify", "convergence theorems").addoption(
        OPTION,
        dest="verify_theorems",
        nargs="?",
        const=ALL,
        metavar="NAME,NAME",
        help=f"run the theorems (all, or those named after =) as tests, one a claim; {OPTION} without "
        "names goes after the paths",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for every claim; first of all, so that -k and others select among them."""
    if wanted := config.getoption("verify_theorems"):
        items.extend(_claims(session, wanted))


def _claims(session: pytest.Session, wanted: str) -> Iterator[pytest.Item]:
    import theorems
    from verify.app import cli
    from verify.theorem.errors import InputError
    from verify.theorem.presets import variants

    try:
        found = theorems.catalogue(() if wanted == ALL else wanted.split(","), cli.reserved_names())
    except InputError as problem:
        names = ", ".join(theorems.names())
        raise pytest.UsageError(f"{OPTION}={wanted}: {problem}; give some of {names}, after =") from None
    if found.broken:
        raise pytest.UsageError("; ".join(map(str, found.broken)))
    for theorem in found.theorems:
        for variant in variants(theorem, "quick"):
            yield from TheoremRun.of(session, theorem, variant).collect()


class TheoremRun(pytest.Collector):
    """A run of the quick preset, made when the first of its claims is tested."""

    theorem: Theorem
    variant: Variant
    _record: Record | None = None

    @classmethod
    def of(cls, session: pytest.Session, theorem: Theorem, variant: Variant) -> TheoremRun:
        """The run of a theorem that a preset describes."""
        name = f"{theorem.NAME}.{variant.name}" if variant.name else theorem.NAME
        run: TheoremRun = cls.from_parent(session, name=name, nodeid=f"verify::{name}")
        run.theorem, run.variant = theorem, variant
        return run

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each claim."""
        for claim in self.theorem.CLAIMS.claims:
            yield ClaimTest.from_parent(self, name=claim.id)

    def record(self) -> Record:
        """The record; the theorem runs once."""
        from verify.runs.run import run_theorem
        from verify.runs.seeds import run_seeds
        from verify.theorem.settings import make_setting

        if self._record is None:
            setting = make_setting(self.theorem, self.variant.options)
            if self.variant.seeds > 1:
                self._record = run_seeds(self.theorem, setting, self.variant.seeds).record
            else:
                self._record = run_theorem(self.theorem, setting).record
        return self._record


class NotVerifiedError(Exception):
    """A claim did not come out VERIFIED; the text holds the numbers."""


class ClaimTest(pytest.Item):
    """One claim: passes when VERIFIED, is skipped when informative and undecided."""

    parent: TheoremRun

    def runtest(self) -> None:
        """Run the theorem, if no other claim did, and judge this claim."""
        from verify.views.outcome import Outcome, explanation, headline, outcome

        record = self.parent.record()
        if record.error:
            raise NotVerifiedError(f"{record.error}\nto see it at home: {record.command}")
        claim = next(claim for claim in record.claims if claim.id == self.name)
        found = outcome(claim)
        if found is Outcome.SKIPPED:
            pytest.skip(headline(claim))
        if found is not Outcome.PASSED:
            raise NotVerifiedError(explanation(record, claim))

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], *args: Any) -> str | TerminalRepr:
        """The numbers; where in the suite they were compared says nothing."""
        if isinstance(excinfo.value, NotVerifiedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args)

    def reportinfo(self) -> tuple[str, None, str]:
        """Where the test comes from: no file of the project's."""
        return self.parent.name, None, f"{self.parent.name}: {self.name}"
