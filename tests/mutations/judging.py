"""What `verify all --preset quick` and `verify power` judge, part by part, without pages and pictures.

Run in a copy of the repository as ``python -m tests.mutations.judging PART...``. Prints a line of JSON for
each part, and stops at the first that a user would see fail.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from functools import cache

import theorems
from verify import app
from verify.commands.selftest import outcomes
from verify.runs.judged import laws_of
from verify.runs.power import trials
from verify.runs.run import run_theorem
from verify.theorem.errors import TheoremError
from verify.theorem.judgement import Laws
from verify.theorem.presets import variants
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict

#: What comes of a part: every verdict as it should be, a red row, something that broke without one.
PASSED, CAUGHT, CRASHED = "passed", "caught", "crashed"

SELF_TEST = "self-test"


def parts_of(name: str) -> list[str]:
    """The parts that judge a theorem: its runs in the quick preset, then its falsehoods."""
    return [*(f"{name}.{one.name}" for one in variants(theorems.load(name), "quick")), f"power {name}"]


@cache
def _laws(name: str) -> Laws:
    return laws_of(theorems.load(name))


def judged(part: str) -> tuple[str, str]:
    """What comes of a part, and the first line that says so."""
    if part == SELF_TEST:
        return _first(
            f"{one.what}: {one.found}, not {one.expected}" for one in outcomes(app.cli) if not one.noticed
        )
    if part.startswith("power "):
        broken: list[TheoremError] = []
        theorem = theorems.load(part.removeprefix("power "))
        tried = trials(theorem, broken=broken.append)
        found = _first(
            f"{one.falsehood.claim}, {one.falsehood.what!r}: {one.missed}" for one in tried if not one.caught
        )
        return (CRASHED, str(broken[0])) if broken and found[0] == PASSED else found
    return _run(*part.split("."))


def _run(name: str, variant: str) -> tuple[str, str]:
    theorem = theorems.load(name)
    options = next(one.options for one in variants(theorem, "quick") if one.name == variant)
    record = run_theorem(
        theorem, make_setting(theorem, options), cores=1, laws=_laws(name), pictured=False
    ).record
    if record.error:
        return CRASHED, record.error
    if record.verdict is Verdict.VERIFIED:
        return PASSED, ""
    return CAUGHT, f"{record.verdict}: {record.reason or ' '.join(record.notes)}"


def _first(lines: Iterator[str]) -> tuple[str, str]:
    line = next(lines, None)
    return (PASSED, "") if line is None else (CAUGHT, line)


def main() -> None:
    """Judge the parts that the command line names."""
    for part in sys.argv[1:]:
        try:
            outcome, line = judged(part)
        except Exception:  # a mutation may break anything
            outcome, line = CRASHED, traceback.format_exc().splitlines()[-1]
        print(json.dumps({"part": part, "outcome": outcome, "line": line}), flush=True)
        if outcome == CAUGHT:
            return


if __name__ == "__main__":
    main()
