"""What shows of a theorem only when its functions are called: all of it, for its author."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import threadpoolctl

from verify import plots
from verify.contract import results
from verify.contract.calls import Fault, calling, told
from verify.contract.module import FUNCTIONS
from verify.contract.place import package_of, place_of
from verify.records.record import claim_records
from verify.runs.power import Trial
from verify.theorem.claims import Claim, Planted
from verify.theorem.compare import Check
from verify.theorem.errors import HypothesisError, InputError, TheoremError
from verify.theorem.presets import variants
from verify.theorem.protocol import Theorem, missing_attributes, silent
from verify.theorem.settings import BaseSetting, make_setting


def smallest_setting(found: Theorem, name: str) -> BaseSetting | None:
    """The setting of the first run of the quick preset; None where too little is right to run it in."""
    if missing_attributes(found) or name != found.NAME:
        return None
    if not all(callable(getattr(found, function)) for function in FUNCTIONS):
        return None
    try:
        if not all(isinstance(claim, Claim) and isinstance(claim.id, str) for claim in found.CLAIMS):
            return None
        return make_setting(found, variants(found, "quick")[0].options)
    except (Exception, SystemExit):  # whatever is wrong with it, `verify.contract.module` says so
        return None


def lint(theorem: Theorem, setting: BaseSetting) -> Findings:
    """Call each function of a theorem once, on one BLAS thread; nothing is written."""
    findings = Findings(theorem)
    with threadpoolctl.threadpool_limits(limits=1):
        with findings.kept():
            _run(theorem, setting, findings)
        with findings.kept():
            _plant(theorem, findings)
    return findings


@dataclass
class Findings:
    """Problems, which must be mended, and warnings, which are to be looked at; a line each.

    `causes` has the exceptions among the problems.
    """

    theorem: Theorem
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    causes: list[BaseException] = field(default_factory=list)

    def add(self, faults: Iterable[Fault]) -> bool:
        """Keep faults as problems, each once; whether there were any."""
        lines = [told(package_of(self.theorem.NAME), fault) for fault in faults]
        self.problems += [line for line in dict.fromkeys(lines) if line not in self.problems]
        return bool(lines)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What a theorem's code raises inside it is a problem, and what comes after it goes on."""
        try:
            yield
        except TheoremError as problem:
            self.problems.append(str(problem))
            self.causes += [problem.__cause__] if problem.__cause__ else []


def _run(theorem: Theorem, setting: BaseSetting, findings: Findings) -> None:
    try:
        with calling(theorem, "build"):
            problem = theorem.build(setting)
        with calling(theorem, "integrate"):
            trajectory = theorem.integrate(problem, silent)
    except (InputError, HypothesisError) as answer:
        text = f"the first run of the quick preset is refused ({answer}): make it one that runs"
        findings.add([Fault(place_of(theorem, "PRESETS"), "PRESETS", text)])
        return
    for owner, name in ((problem, "threads"), *((trajectory, name) for name in results.LEFT)):
        with findings.kept(), calling(theorem, "build" if owner is problem else "integrate"):
            findings.add(results.member_faults(owner, name, getattr(owner, name)))
    with findings.kept(), calling(theorem, "check"):
        sound = [
            check
            for check in theorem.check(problem, trajectory)
            if not findings.add(results.check_faults(theorem, check))
        ]
        findings.add(results.compared_faults(theorem, {check.claim for check in sound}))
        claim_records(theorem.CLAIMS, sound)
    with findings.kept(), plots.style(), calling(theorem, "figures"):
        _draw(theorem.figures(problem, trajectory), findings)


def _draw(figures: Any, findings: Findings) -> None:
    if not findings.add(results.figure_faults(findings.theorem, figures)):
        for figure in figures.values():
            figure.draw_without_rendering()


def _plant(theorem: Theorem, findings: Findings) -> None:
    with calling(theorem, "planted"):
        planted = theorem.planted()
    findings.add(results.planted_faults(theorem, planted))
    if not isinstance(planted, Sequence):
        return
    place = place_of(theorem, "planted")
    sound = [one for one in planted if isinstance(one, Planted) and isinstance(one.check, Check)]
    for one in sound:
        if not Trial(theorem.NAME, one).caught:
            text = f"{one.claim}, {one.mutation!r}, comes out {one.check.verdict}: it must be VIOLATED"
            findings.add([Fault(place, "planted()", text)])
    tested = {one.claim for one in sound}
    if untested := [claim.id for claim in theorem.CLAIMS if claim.id not in tested]:
        text = f"warning: no false claim for {', '.join(untested)}: nothing shows that their checks can fail"
        findings.warnings.append(told(package_of(theorem.NAME), Fault(place, "planted()", text)))
