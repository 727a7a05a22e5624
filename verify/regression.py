"""A run against a stored reference: what moved, and by how much it was allowed to.

A reference is the record of an accepted run without its timings. Each kind of number has a tolerance
of its own, chosen so that another BLAS, processor or number of threads passes and a changed formula
does not; figures below were seen between OpenBLAS kernels of four generations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from verify.claim import Verdict
from verify.errors import InputError
from verify.presets import NAMES
from verify.report.directory import require_writable, write_file_whole
from verify.report.reading import read_record
from verify.report.record import CheckRecord, ClaimRecord, Difference, Record, Suite

#: What is compared is known to its error budget, but belongs to a path that is itself known only to the
#: integrator's tolerance, and late on it to what rounding leaves: 4e-5 was seen, relative.
PATH_TOLERANCE = 1e-3

#: A mean rate is known as well as the conclusion that it sums up (the budget of that is added), and
#: depends on the end of the path: 3e-6 was seen, relative.
RATE_TOLERANCE = 1e-4

#: ... but where the flow was stopped by rounding, it stopped because the excess was blurred by 1%, and
#: where it stops is a matter of rounding, too: 2e-3 was seen in that time.
BLURRED_RATE_TOLERANCE = 1e-2

#: Rates that are differences of nearly equal maps are rounding below this.
RATE_ROUNDING = 1e-12

#: Work, and how many points rounding leaves to compare: adaptive steps branch on last digits (3% seen).
COUNT_TOLERANCE, COUNT_SLACK = 0.2, 2

#: Budgets are made of estimates, some of them of rounding: only their order of magnitude is a promise.
BUDGET_FACTOR = 10.0

#: Where another point decides, its numbers are not those of the first; the slack stays of one order.
SLACK_FACTOR = 2.0

#: Coordinates that differ by less, relatively, are those of one point.
SAME_POINT = 1e-6

#: How a run was made, not what it found.
UNCOMPARED_COUNTS = frozenset({"blas_threads"})


def read_reference(path: Path, name: str) -> Record | Suite:
    """The reference of that name in a folder, or the record that `path` itself is."""
    if not path.exists() or (path.is_dir() and not (path / "record.json").exists()):
        file = path if path.suffix == ".json" else _reference_file(path, name)
        if not file.exists():
            make = f"verify all --preset {name}" if name in NAMES else f"verify theorem {name}"
            raise InputError(
                f"there is no reference {file}: make one with `{make}`, then `verify accept RUN --out "
                f"{file.parent}` with the run directory that it prints"
            )
        path = file
    return read_record(path)


def write_reference(record: Record | Suite, folder: Path, allow_unverified: bool = False) -> Path:
    """Store `record` as the reference of its preset or theorem; its path.

    InputError when a run is not VERIFIED, unless `allow_unverified`, or the folder cannot be written.
    """
    unverified = [
        f"{run.label} {run.verdict}" for run in _runs(record) if run.verdict is not Verdict.VERIFIED
    ]
    if unverified and not allow_unverified:
        raise InputError(f"not accepted: {', '.join(unverified)}; mend that first, or say --allow-unverified")
    require_writable(folder)
    if isinstance(record, Suite):
        runs = [run.model_copy(update={"timings": {}}) for run in record.theorems]
        record = record.model_copy(update={"theorems": runs})
    untimed = record.model_copy(update={"timings": {}})
    file = _reference_file(folder, record.reference_name)
    write_file_whole(file, untimed.model_dump_json(indent=1) + "\n")
    return file


def differences(reference: Record | Suite, run: Record | Suite) -> list[Difference]:
    """Everything that moved by more than its tolerance, verdicts first in each run."""
    old, new = ({one.label: one for one in _runs(record)} for record in (reference, run))
    return list(_each(old, new, "", _run))


T = TypeVar("T")


def _each(
    old: Mapping[str, T],
    new: Mapping[str, T],
    place: str,
    compare: Callable[[str, T, T], Iterator[Difference]],
) -> Iterator[Difference]:
    """Compare what both have; what one lacks is a difference."""
    for key in dict.fromkeys([*old, *new]):
        what = f"{place}  {key}".strip()
        if key not in old:
            yield Difference(what, "missing", "present", "")
        elif key not in new:
            yield Difference(what, "present", "missing", "")
        else:
            yield from compare(what, old[key], new[key])


def _run(what: str, old: Record, new: Record) -> Iterator[Difference]:
    yield from _verdict(what, old.verdict, new.verdict)
    yield from _each(old.setting, new.setting, f"{what}  setting", _exact)
    yield from _each(_by_id(old), _by_id(new), what, _claim)
    tolerance = max(_rate_tolerance(old), _rate_tolerance(new))

    def rate(name: str, before: float | None, after: float | None) -> Iterator[Difference]:
        yield from _number(name, before, after, tolerance * abs(before or 0.0) + RATE_ROUNDING)

    yield from _each(old.rates, new.rates, f"{what}  rate", rate)
    counts = [{k: n for k, n in run.counts.items() if k not in UNCOMPARED_COUNTS} for run in (old, new)]
    yield from _each(counts[0], counts[1], f"{what}  count", _count)


def _claim(what: str, old: ClaimRecord, new: ClaimRecord) -> Iterator[Difference]:
    yield from _verdict(what, old.verdict, new.verdict)
    if old.seeds and new.seeds:
        yield from _exact(f"{what}  draws verified", old.seeds.verified, new.seeds.verified)
    checks = [_by_quantity(old), _by_quantity(new)]
    shown = {key: check.quantity for found in reversed(checks) for key, check in found.items()}
    names = {key: f"{text} ({key[1] + 1})" if key[1] else text for key, text in shown.items()}
    before, after = ({names[key]: check for key, check in found.items()} for found in checks)
    yield from _each(before, after, what, _check)


def _check(what: str, old: CheckRecord, new: CheckRecord) -> Iterator[Difference]:
    yield from _verdict(what, old.verdict, new.verdict)
    yield from _count(f"{what}  points", old.points, new.points)
    budgets = (old.budget or 0.0) + (new.budget or 0.0)
    if not _same_point(old, new):
        spread = (SLACK_FACTOR - 1) * abs(old.slack or 0.0)
        yield from _number(f"{what}  slack (at another point)", old.slack, new.slack, budgets + spread)
        return
    for name in ("measured", "bound", "slack"):
        before, after = getattr(old, name), getattr(new, name)
        yield from _number(f"{what}  {name}", before, after, budgets + PATH_TOLERANCE * abs(before or 0.0))
    allowed = BUDGET_FACTOR * (old.budget or 0.0)
    if old.budget is not None and new.budget is not None and new.budget > allowed:
        yield Difference(f"{what}  budget", _text(old.budget), _text(new.budget), f"<= {allowed:.3g}")


def _verdict(what: str, old: Verdict, new: Verdict) -> Iterator[Difference]:
    if old is not new:
        yield Difference(f"{what}  verdict", old, new, "")


def _exact(what: str, old: Any, new: Any) -> Iterator[Difference]:
    if old != new:
        yield Difference(what, str(old), str(new), "")


def _count(what: str, old: int, new: int) -> Iterator[Difference]:
    allowed = COUNT_TOLERANCE * old + COUNT_SLACK
    if abs(new - old) > allowed:
        yield Difference(what, str(old), str(new), f"± {allowed:.0f}")


def _number(what: str, old: float | None, new: float | None, allowed: float) -> Iterator[Difference]:
    if old is None or new is None:
        yield from _exact(what, old, new)
    elif not abs(new - old) <= allowed:
        yield Difference(what, _text(old), _text(new), f"± {allowed:.2g}")


def _text(value: float) -> str:
    return f"{value:.9g}"


def _same_point(old: CheckRecord, new: CheckRecord) -> bool:
    """Whether both were decided at one point; without coordinates only one point is certain to be."""
    if not old.where or old.where.keys() != new.where.keys():
        return old.points == new.points == 1
    pairs = ((old.where[name] or 0.0, new.where[name] or 0.0) for name in old.where)
    return all(abs(a - b) <= SAME_POINT * abs(a) for a, b in pairs)


def _rate_tolerance(run: Record) -> float:
    """Relative tolerance of rates: that of the conclusions' budgets, and of where the path ended."""
    end, horizon = run.rates.get("checked until"), run.rates.get("horizon")
    if end and horizon and end < (1 - SAME_POINT) * horizon:
        return BLURRED_RATE_TOLERANCE
    checks = chain.from_iterable(claim.checks for claim in run.claims if claim.kind == "conclusion")
    budgets = (
        check.budget / abs(check.measured)
        for check in checks
        if check.budget and check.measured and check.budget < abs(check.measured)
    )
    return RATE_TOLERANCE + max(budgets, default=0.0)


def _by_id(run: Record) -> dict[str, ClaimRecord]:
    return {claim.id: claim for claim in run.claims}


def _by_quantity(claim: ClaimRecord) -> dict[tuple[str, int], CheckRecord]:
    """Checks by what they compare and, of those alike, their position.

    Names may hold numbers that were computed, so digits are left out.
    """
    named: dict[tuple[str, int], CheckRecord] = {}
    for check in claim.checks:
        bare = re.sub(r"\d+(\.\d+)?(e[+-]?\d+)?", "#", check.quantity)
        named[bare, sum(other == bare for other, _ in named)] = check
    return named


def _runs(record: Record | Suite) -> Sequence[Record]:
    return record.theorems if isinstance(record, Suite) else [record]


def _reference_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"
