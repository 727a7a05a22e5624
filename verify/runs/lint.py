"""The faults of a theorem that only show when its functions are called: all of them, for its author."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import threadpoolctl

from verify import plots
from verify.contract import results
from verify.contract.calls import Fault, calling, fault_line
from verify.contract.module import FUNCTIONS
from verify.contract.place import package_of, place_of, place_of_function
from verify.records.record import claim_records
from verify.runs.judged import Prepared, prepare
from verify.runs.power import trials
from verify.theorem.claims import Claims, Part, Statement
from verify.theorem.compare import Check
from verify.theorem.cost import Cost
from verify.theorem.errors import InputError, TheoremError
from verify.theorem.judgement import Judge, made
from verify.theorem.presets import variants
from verify.theorem.protocol import Theorem, missing_attributes, pictures
from verify.theorem.settings import BaseSetting, make_setting
from verify.theorem.verdicts import Verdict


def smallest_setting(found: Theorem, name: str) -> BaseSetting | None:
    """The setting of the first run of the quick preset; None where the module is too faulty to run."""
    if missing_attributes(found) or name != found.NAME:
        return None
    if not all(callable(getattr(found, function)) for function in FUNCTIONS):
        return None
    if not isinstance(found.CLAIMS, Claims) or not all(isinstance(one, Statement) for one in found.CLAIMS):
        return None
    if not all(
        isinstance(text, str) for one in found.CLAIMS.claims for text in (one.id, one.text, one.source)
    ):
        return None
    try:
        return make_setting(found, variants(found, "quick")[0].options)
    except (Exception, SystemExit):  # whatever is wrong with it, `verify.contract.module` says so
        return None


def findings(theorem: Theorem, setting: BaseSetting) -> Findings:
    """Run a theorem once and try its falsehoods, on one BLAS thread; nothing is written."""
    findings = Findings(theorem)
    with threadpoolctl.threadpool_limits(limits=1):
        with findings.kept(), calling(theorem, "cost"):
            _price(theorem, setting, findings)
        if prepared := _prepared(theorem, setting, findings):
            for statement in theorem.CLAIMS:
                _judge(prepared, statement, findings)
            for name in results.LEFT:
                _look_at(theorem, prepared.known["path"], name, findings)
            with findings.kept(), plots.style(), calling(theorem, "pictures"):
                _draw(prepared, findings)
            with findings.kept():
                _try_falsehoods(theorem, findings)
    return findings


@dataclass
class Findings:
    """What is wrong with a theorem.

    theorem   the module
    problems  a line each; its author must mend them
    causes    the exceptions behind some of them
    """

    theorem: Theorem
    problems: list[str] = field(default_factory=list)
    causes: list[BaseException] = field(default_factory=list)

    def add(self, faults: Iterable[Fault]) -> bool:
        """Add faults to the problems, each once; says whether there were any."""
        lines = [fault_line(package_of(self.theorem.NAME), fault) for fault in faults]
        self.problems += [line for line in dict.fromkeys(lines) if line not in self.problems]
        return bool(lines)

    def keep(self, problem: TheoremError) -> None:
        """Add what a theorem's code raised to the problems, once."""
        if str(problem) not in self.problems:
            self.problems.append(str(problem))
            self.causes += [problem.__cause__] if problem.__cause__ else []

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What a theorem's code raises inside it becomes a problem, and the code after it goes on."""
        try:
            yield
        except TheoremError as problem:
            self.keep(problem)


def _price(theorem: Theorem, setting: BaseSetting, findings: Findings) -> None:
    cost = getattr(theorem, "cost", None)
    if cost is None:
        return
    found = cost(setting)
    if not isinstance(found, Cost):
        text = f"returns one {type(found).__name__}: return a verify.theorem.cost.Cost"
        findings.add([Fault(place_of(theorem, "cost"), "cost()", text)])


def _prepared(theorem: Theorem, setting: BaseSetting, findings: Findings) -> Prepared | None:
    """The theorem built and integrated; None where that is refused or breaks."""
    try:
        found = prepare(theorem, setting, cores=1)
        refused = found.silence
    except InputError as answer:
        found, refused = None, str(answer)
    if found and isinstance(found.error, TheoremError):
        findings.keep(found.error)
        return None
    if refused:
        text = f"the first run of the quick preset is refused ({refused}): make it one that runs"
        findings.add([Fault(place_of(theorem, "PRESETS"), "PRESETS", text)])
        return None
    return found


def _judge(prepared: Prepared, statement: Statement[Any], findings: Findings) -> None:
    """Make the comparisons for a claim, and look at them."""

    def call(part: Part, known: Mapping[str, object], constants: Mapping[str, Any]) -> Sequence[Check]:
        with findings.kept(), calling(prepared.theorem, part.function.__name__):
            found = made(part, known, constants)
            findings.add(results.check_faults(part, found))
            return [one for one in found if not list(results.check_faults(part, [one]))]
        return []

    function = statement.parts[0].function
    with findings.kept(), calling(prepared.theorem, function.__name__):
        checks = Judge(prepared.known, call=call).checks(statement)
        claim_records([statement.claim], checks)
        findings.add(
            Fault(place_of_function(function), f"{function.__name__}()", f"{check.quantity}: {check.message}")
            for check in checks
            if check.verdict is Verdict.ERROR
        )


def _look_at(theorem: Theorem, path: object, name: str, findings: Findings) -> None:
    """Look at what the path leaves for the record under a name, if anything."""
    with findings.kept(), calling(theorem, "integrate"):
        if hasattr(path, name):
            findings.add(results.member_faults(path, name, getattr(path, name)))


def _draw(prepared: Prepared, findings: Findings) -> None:
    figures = pictures(prepared.theorem, prepared.known["problem"], prepared.known["path"])
    if not findings.add(results.figure_faults(prepared.theorem, figures)):
        for figure in figures.values():
            figure.draw_without_rendering()


def _try_falsehoods(theorem: Theorem, findings: Findings) -> None:
    functions = {one.claim.id: one.parts[0].function for one in theorem.CLAIMS}
    for trial in trials(theorem, broken=findings.keep):
        if not trial.caught:
            function = functions[trial.falsehood.claim]
            text = f"falsehood {trial.falsehood.what!r}: {trial.missed}: mend the check, or the falsehood"
            findings.add([Fault(place_of_function(function), f"{function.__name__}()", text)])
