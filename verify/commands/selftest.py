"""A test of the machinery that judges: broken comparisons, claims, draws and suites must be noticed."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pydantic import Field

from verify.commands import engine_cases
from verify.commands.base import CommandGroup
from verify.commands.engine_cases import CASES, NAME
from verify.contract.catalogue import Catalogue
from verify.library import Library
from verify.theorem.protocol import Theorem
from verify.theorem.verdicts import Verdict

#: The exit codes of the README, written down once more: the code must not be judged by its own table.
EXIT_CODES = {"VERIFIED": 0, "VIOLATED": 1, "INCONCLUSIVE": 3, "NOT_APPLICABLE": 3, "ERROR": 4}

#: The theorem whose default case is violated.
FAILING = "self-test-failing"

#: That of a record that differs from its reference.
DIFFERS = 5

#: Changes of a check that do not contradict the rest of it: only the reference can tell them.
MEASURED = {"measured": 0.5, "slack": 0.5, "measured_range": [0.5, 0.5]}
BOUND = {"bound": 2.0, "slack": 2.0, "bound_range": [2.0, 2.0]}

#: Draws of the cases about one draw of many; the eighth is the one that fails.
DRAWS = 20


@dataclass(frozen=True)
class CaseOutcome:
    """What a command made of a broken case.

    what      what was broken
    command   the command line
    found     the verdict that it recorded, and its exit code
    expected  what both should have been
    """

    what: str
    command: str
    found: str
    expected: str

    @property
    def noticed(self) -> bool:
        """Whether verdict and exit code are those of the README."""
        return self.found == self.expected


class Cases:
    """A library that contains only the broken cases."""

    @property
    def theorems(self) -> Cases:
        return self

    @property
    def figures(self) -> Cases:
        return self

    def names(self) -> Sequence[str]:
        return [NAME, FAILING]

    def catalogue(self, chosen: Iterable[str] = (), reserved: Collection[str] = ()) -> Catalogue:
        served = {NAME: cast(Theorem, engine_cases), FAILING: _failing()}
        return Catalogue([served[name] for name in chosen or [NAME]], [])


def _failing() -> Theorem:
    """The same theorem with a default setting in which it is violated."""

    class Setting(engine_cases.Setting):
        case: str = Field("upper", description="what is broken")

    return cast(Theorem, SimpleNamespace(**{**vars(engine_cases), "NAME": FAILING, "Setting": Setting}))


def outcomes(group: CommandGroup) -> Iterator[CaseOutcome]:
    """Every case, run by the commands of `group` in a temporary folder."""
    own = CommandGroup("verify", library=cast(Library, Cases()), commands=group.commands)
    with tempfile.TemporaryDirectory(prefix="verify-self-test-") as folder:

        def outcome(what: str, expected: Verdict, *words: str) -> CaseOutcome:
            code, printed = _run(own, [*words, "--json", "--out", folder])
            expectation = f"{expected}, exit {EXIT_CODES[expected.value]}"
            found = f"{json.loads(printed).get('verdict')}, exit {code}"
            for record in runs_in(json.loads(printed)):
                found += _oddities(record)
            return CaseOutcome(what, " ".join(words), found, expectation)

        for name, case in CASES.items():
            draws = () if case.only_seed is None else ("--seeds", str(DRAWS))
            yield outcome(case.what, case.verdict, "theorem", NAME, "--case", name, *draws)
        for preset, what, expected in (
            ("quick", "a suite in which everything holds", Verdict.VERIFIED),
            ("standard", "one run of a suite breaks, one is violated", Verdict.ERROR),
            ("thorough", "one of twenty draws in a suite violated", Verdict.VIOLATED),
        ):
            yield outcome(what, expected, "all", "--preset", preset)
        code, _ = _run(own, ["theorem", NAME, FAILING, "--out", folder])
        yield CaseOutcome(
            "the second of two theorems violated", f"theorem {NAME} {FAILING}", _exit(code), _exit(1)
        )
        yield from _compared(own, Path(folder))
        yield from _held_against(own, Path(folder))


def runs_in(printed: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The runs of a suite that was printed; of a record itself."""
    return printed.get("theorems", [printed])


def _oddities(record: Mapping[str, Any]) -> str:
    """What is wrong in a record beside its verdict: with its law, or with how many draws it counts."""
    claims = {claim["id"]: claim for claim in record["claims"]}
    found = ""
    if claims and claims["law"]["verdict"] != "INCONCLUSIVE":
        found += f", the law {claims['law']['verdict']}"
    seeds = claims["conclusion"]["seeds"] if claims else None
    if seeds and record["verdict"] == "VIOLATED":
        if claims["conclusion"]["verdict"] != "VIOLATED":
            found += f", the claim {claims['conclusion']['verdict']}"
        if seeds["verified"] != DRAWS - 1:
            found += f", {seeds['verified']} of {DRAWS} draws verified"
    return found


def _compared(group: CommandGroup, folder: Path) -> Iterator[CaseOutcome]:
    """A record held against itself, and against one that differs in a single number or verdict."""
    _, printed = _run(group, ["theorem", NAME, "--json", "--out", str(folder)])
    reference, run = folder / "reference.json", folder / "run.json"
    reference.write_text(printed, encoding="utf-8")
    for what, expected, change in (
        ("a record held against itself", 0, {}),
        ("a measured number that moved", DIFFERS, MEASURED),
        ("a bound that moved", DIFFERS, BOUND),
        ("a quantity that is gone", DIFFERS, {"quantity": "another one"}),
    ):
        record = json.loads(printed)
        record["claims"][-1]["checks"][0] |= change
        run.write_text(json.dumps(record), encoding="utf-8")
        code, _ = _run(group, ["compare", str(reference), str(run)])
        yield CaseOutcome(what, "compare REFERENCE RUN", _exit(code), _exit(expected))


def _held_against(group: CommandGroup, folder: Path) -> Iterator[CaseOutcome]:
    """A suite held against itself, and against a reference that differs in a single number."""
    _, printed = _run(group, ["all", "--json", "--out", str(folder)])
    reference = folder / "suite.json"
    for what, expected, change in (
        ("a suite held against itself", 0, {}),
        ("a suite held against another", DIFFERS, MEASURED),
    ):
        suite = json.loads(printed)
        suite["theorems"][-1]["claims"][-1]["checks"][0] |= change
        reference.write_text(json.dumps(suite), encoding="utf-8")
        code, _ = _run(group, ["all", "--against", str(reference), "--out", str(folder)])
        yield CaseOutcome(what, "all --against REFERENCE", _exit(code), _exit(expected))


def _exit(code: int) -> str:
    return f"exit {code}"


def _run(group: CommandGroup, words: Sequence[str]) -> tuple[int, str]:
    """The exit code of a command, and what it printed."""
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(io.StringIO()):
        code = int(group.main(list(words), "verify", standalone_mode=False, obj={"debug": False}) or 0)
    return code, printed.getvalue()
