"""The power of the checks: whether a run of a theorem catches the false claims that are planted in it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import threadpoolctl

from verify.contract.calls import Fault, refuse
from verify.contract.place import place_of
from verify.data.file import write_arrays
from verify.runs.judged import Judged, Prepared, judge, laws_of, prepare
from verify.theorem.claims import Statement
from verify.theorem.compare import Check
from verify.theorem.errors import InputError, TheoremError
from verify.theorem.falsehoods import Falsehood
from verify.theorem.judgement import Laws
from verify.theorem.protocol import Progress, Theorem, silent
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict


@dataclass(frozen=True)
class Trial:
    """A false claim, and the run of its theorem that had it in place of the honest one.

    theorem    name of the theorem
    falsehood  the false claim
    check      the comparison that decided it
    run        the verdict of the theorem
    missed     what should have come of it and did not; "" where the falsehood was caught
    """

    theorem: str
    falsehood: Falsehood
    check: Check
    run: Verdict
    missed: str

    @property
    def caught(self) -> bool:
        """Whether claim, verdict and exit code came out as they must."""
        return not self.missed

    @property
    def margin(self) -> float | None:
        """By how many error budgets the claim is off; None without a number."""
        if self.check.slack is None or not self.check.budget:
            return None
        return -self.check.slack / self.check.budget


def trials(
    theorem: Theorem, progress: Progress = silent, broken: Callable[[TheoremError], None] | None = None
) -> list[Trial]:
    """Every falsehood of a theorem, each run as a user would run it, up to the verdict and the exit code.

    Falsehoods that share a setting share what was built and integrated there. One BLAS thread is used, the
    fastest for small problems. A setting that is refused or a function that breaks is a TheoremError. It is
    raised, unless there is a `broken` to be told of it; the other falsehoods are then tried.
    """
    shared = laws_of(theorem)
    prepared: dict[str, Prepared] = {}
    found = []
    with (
        threadpoolctl.threadpool_limits(limits=1),
        tempfile.TemporaryDirectory(prefix="verify-power-") as folder,
    ):
        falsehoods = theorem.CLAIMS.falsehoods
        for done, falsehood in enumerate(falsehoods):
            progress("false claims", done, len(falsehoods))
            own = Path(folder, str(done))
            own.mkdir()
            setting = {**falsehood.setting, **write_arrays(falsehood.files, own)}
            key = json.dumps(setting, sort_keys=True, default=str)
            try:
                if key not in prepared:
                    prepared[key] = _prepared(theorem, falsehood, setting)
                found.append(_trial(prepared[key], shared, falsehood))
            except TheoremError as problem:
                if broken is None:
                    raise
                broken(problem)
    return found


def _prepared(theorem: Theorem, falsehood: Falsehood, options: Mapping[str, Any]) -> Prepared:
    try:
        found = prepare(theorem, make_setting(theorem, options), cores=1)
    except InputError as refused:
        text = f"{falsehood.claim}, {falsehood.what!r}: its setting is refused ({refused})"
        refuse(theorem, [Fault(place_of(theorem, "CLAIMS"), "CLAIMS", text)])
        raise
    if found.error is not None:
        raise found.error
    return found


def _trial(prepared: Prepared, shared: Laws, falsehood: Falsehood) -> Trial:
    theorem = prepared.theorem
    if falsehood.breaks_hypothesis:
        judged = judge(prepared, shared)
        deciding = _deciding(judged, falsehood)
        missed = _unheeded(theorem, falsehood, judged, deciding)
    else:
        judged = judge(prepared, shared, falsehood)
        deciding = _deciding(judged, falsehood)
        # The honest claim after it, so that a falsehood which spoils things for good shows, too.
        honest = _deciding(judge(prepared, shared), falsehood)
        missed = _uncaught(falsehood, judged, deciding) or _also_of_the_honest(honest)
    return Trial(theorem.NAME, falsehood, deciding, judged.verdict, missed)


def _deciding(judged: Judged, falsehood: Falsehood) -> Check:
    """The check that says most against the claim of a falsehood."""
    return max((check for check in judged.checks if check.claim == falsehood.claim), key=_weight)


def _also_of_the_honest(check: Check) -> str:
    """What is wrong where the honest claim fails in the setting of its falsehood as well."""
    if Verdict.VIOLATED in (check.verdict, check.compared) or check.verdict is Verdict.ERROR:
        return f"nothing is shown: the honest claim comes out {check.verdict} there, too"
    return ""


def _weight(check: Check) -> tuple[bool, int, float]:
    """Orders checks by how strongly they speak against their claim."""
    off = -check.slack / check.budget if check.slack is not None and check.budget else 0.0
    return Verdict.VIOLATED in (check.verdict, check.compared), check.verdict.severity, off


def _uncaught(falsehood: Falsehood, judged: Judged, deciding: Check) -> str:
    """What is wrong with the run of a false claim."""
    claim = next(one for one in judged.claims if one.id == falsehood.claim)
    if claim.verdict is not falsehood.becomes:
        return f"comes out {claim.verdict}, not {falsehood.becomes}"
    if Verdict.VIOLATED not in (deciding.verdict, deciding.compared):
        return "its numbers are not VIOLATED"
    if (claim.required or falsehood.becomes is Verdict.VIOLATED) and not _tells(judged, falsehood.becomes):
        return f"the run is {judged.verdict}, exit {judged.verdict.exit_code}"
    return ""


def _unheeded(theorem: Theorem, falsehood: Falsehood, judged: Judged, deciding: Check) -> str:
    """What is wrong with the run of a setting in which a hypothesis fails."""
    claim = next(one for one in judged.claims if one.id == falsehood.claim)
    if claim.verdict is not Verdict.NOT_APPLICABLE:
        return f"the hypothesis comes out {claim.verdict}"
    if "--" not in deciding.message:
        return f"names no option to change: {deciding.message}"
    if claim.required and not _tells(judged, Verdict.NOT_APPLICABLE):
        return f"the run is {judged.verdict}, exit {judged.verdict.exit_code}"
    resting = {statement.claim.id: _rests(statement, falsehood.claim) for statement in theorem.CLAIMS}
    # A part that does not rest on the hypothesis may be VIOLATED. Every other one must be NOT_APPLICABLE.
    seen = [
        one.id
        for one in judged.claims
        if (any(resting[one.id]) and one.verdict is Verdict.VERIFIED)
        or (all(resting[one.id]) and one.verdict is Verdict.VIOLATED)
    ]
    return f"{', '.join(seen)} rest on it and are judged all the same" if seen else ""


def _tells(judged: Judged, verdict: Verdict) -> bool:
    """Whether the run's verdict is at least as bad, and its exit code says so."""
    return judged.verdict.severity >= verdict.severity and judged.verdict.exit_code == verdict.exit_code


def _rests(statement: Statement[Any], hypothesis: str) -> Sequence[bool]:
    """For each function of a claim, whether its comparisons are made under that hypothesis."""
    return [
        any(isinstance(given, Statement) and given.claim.id == hypothesis for given in part.given)
        for part in statement.parts
    ]
