"""A run against a stored reference: what moved, and by how much it was allowed to.

A reference is the record of an accepted run without its timings. Each kind of number has a tolerance
of its own, so that another BLAS, processor or number of threads passes and a changed formula does not.
The figures below were measured between OpenBLAS kernels of four generations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from verify.records.directory import require_writable, write_file_whole
from verify.records.reading import read_record
from verify.records.record import (
    CheckRecord,
    ClaimRecord,
    Comparison,
    Difference,
    Draw,
    Record,
    Suite,
    runs_of,
)
from verify.theorem.errors import InputError
from verify.theorem.presets import NAMES
from verify.theorem.verdicts import Verdict, counts, worst

#: Compared numbers are known to within their error budgets, but for one path. The path itself is known only
#: to the integrator's tolerance, and late on it to rounding: relative changes of 4e-5 were seen.
PATH_TOLERANCE = 1e-3

#: A mean rate is as certain as the conclusion that it sums up, whose budget is added. It also depends on
#: where the path ends: relative changes of 3e-6 were seen.
RATE_TOLERANCE = 1e-4

#: ... but a flow that rounding stopped, where it blurred the excess by 1%, may stop at another time:
#: relative changes of that time by 2e-3 were seen.
BLURRED_RATE_TOLERANCE = 1e-2

#: Rates below this are rounding, where they are differences of nearly equal maps.
RATE_ROUNDING = 1e-12

#: Work, and how many points rounding leaves to compare: adaptive steps branch on last digits (3% seen).
COUNT_TOLERANCE, COUNT_SLACK = 0.2, 2

#: Budgets are made of estimates, some of rounding: only their order of magnitude must stay.
BUDGET_FACTOR = 10.0

#: ... and where one path has points that the other lacks, these may hold the extremes.
CUT_PATH_TOLERANCE = 0.5

#: Where another point decides, it has other numbers, but the order of magnitude of the slack stays.
SLACK_FACTOR = 2.0

#: Coordinates with a smaller relative difference belong to one point.
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
        f"{run.label} {run.verdict}" for run in runs_of(record) if run.verdict is not Verdict.VERIFIED
    ]
    if unverified and not allow_unverified:
        raise InputError(f"not accepted: {', '.join(unverified)}; mend that first, or say --allow-unverified")
    for run in runs_of(record):
        if run.chosen:
            raise InputError(
                f"not accepted: {run.label} judged some of its claims only ({', '.join(_by_id(run))}), and a "
                "reference is of all: run it again without --claim and --skip"
            )
    told = [found.what for run in runs_of(record) for found in _contradictions(run.label, run) if found]
    if told:
        raise InputError(f"not accepted: the record contradicts itself ({told[0]}): run it again")
    require_writable(folder)
    if isinstance(record, Suite):
        runs = [run.model_copy(update={"timings": {}}) for run in record.theorems]
        record = record.model_copy(update={"theorems": runs})
    untimed = record.model_copy(update={"timings": {}})
    file = _reference_file(folder, record.reference_name)
    write_file_whole(file, untimed.model_dump_json(indent=1) + "\n")
    return file


def compare_records(reference: Record | Suite, run: Record | Suite, name: str = "") -> Comparison:
    """Every number and text of both, and what moved by more than its tolerance; `name` is the reference's.

    Not compared: times, the environment, the number of threads, and notes. Notes say in words what the
    numbers say, and come and go with the last digit.
    """
    old, new = ({one.label: one for one in runs_of(record)} for record in (reference, run))
    found = list(_each(old, new, "", _run))
    if isinstance(reference, Suite) and isinstance(run, Suite):
        found += [*_exact("preset", reference.preset, run.preset), *_exact("verdict", *_verdicts(old, new))]
    return Comparison(
        reference=name, compared=len(found), differences=[one for one in found if one is not None]
    )


def differences(reference: Record | Suite, run: Record | Suite) -> list[Difference]:
    """Everything that moved by more than its tolerance, verdicts first in each run."""
    return list(compare_records(reference, run).differences)


def _verdicts(old: Mapping[str, Record], new: Mapping[str, Record]) -> tuple[Verdict, Verdict]:
    return worst(run.verdict for run in old.values()), worst(run.verdict for run in new.values())


T = TypeVar("T")

#: One comparison: what moved, or None.
Moves = Iterator[Difference | None]


def _each(
    old: Mapping[str, T], new: Mapping[str, T], place: str, compare: Callable[[str, T, T], Moves]
) -> Moves:
    """Compare what both have; what only one has is a difference."""
    for key in dict.fromkeys([*old, *new]):
        what = f"{place}  {key}".strip()
        if key not in old:
            yield Difference(what, "missing", "present", "")
        elif key not in new:
            yield Difference(what, "present", "missing", "")
        else:
            yield from compare(what, old[key], new[key])


def _run(what: str, old: Record, new: Record) -> Moves:
    yield from _exact(f"{what}  verdict", old.verdict, new.verdict)
    for run, which in ((old, "reference"), (new, "run")):
        yield from _contradictions(f"{what}  {which}", run)
    texts = ("title", "statement", "formulas", "sources", "figures", "captions", "command")
    yield from _each(_fields(old, texts), _fields(new, texts), what, _exact)
    # An option that one of them does not know yet is null in the other, where it was left to its default.
    known = [{name: None for name in (*old.setting, *new.setting)} | {**run.setting} for run in (old, new)]
    yield from _each(known[0], known[1], f"{what}  setting", _exact)
    yield from _each(old.effective, new.effective, f"{what}  effective", _effective)
    claims = [_by_id(old), _by_id(new)]
    if old.chosen or new.chosen:  # what only one of them judged is one difference
        named = [", ".join(own) if run.chosen else "all" for run, own in zip((old, new), claims, strict=True)]
        yield from _exact(f"{what}  claims judged", *named)
        common = claims[0].keys() & claims[1].keys()
        claims = [{name: claim for name, claim in own.items() if name in common} for own in claims]
    yield from _each(claims[0], claims[1], what, _claim)
    tolerance = max(_rate_tolerance(old), _rate_tolerance(new))

    def rate(name: str, before: float | None, after: float | None) -> Moves:
        yield from _number(name, before, after, tolerance * abs(before or 0.0) + RATE_ROUNDING)

    def draw(name: str, before: Draw, after: Draw) -> Moves:
        yield from _exact(f"{name}  verdict", before.verdict, after.verdict)
        yield from _exact(f"{name}  command", before.command, after.command)
        yield from _each(before.rates, after.rates, f"{name}  rate", rate)
        yield from _each(before.slack, after.slack, f"{name}  slack in budgets", _magnitude)

    yield from _each(old.rates, new.rates, f"{what}  rate", rate)
    counts = [{k: n for k, n in run.counts.items() if k not in UNCOMPARED_COUNTS} for run in (old, new)]
    yield from _each(counts[0], counts[1], f"{what}  count", _count)
    drawn = [{f"seed {draw.seed}": draw for draw in run.draws} for run in (old, new)]
    yield from _each(drawn[0], drawn[1], what, draw)


def _claim(what: str, old: ClaimRecord, new: ClaimRecord) -> Moves:
    yield from _exact(f"{what}  verdict", old.verdict, new.verdict)
    texts = ("text", "source", "kind", "required", "seeds")
    yield from _each(_fields(old, texts), _fields(new, texts), what, _exact)
    checks = [_by_quantity(old), _by_quantity(new)]
    shown = {key: check.quantity for found in reversed(checks) for key, check in found.items()}
    names = {key: f"{text} ({key[1] + 1})" if key[1] else text for key, text in shown.items()}
    before, after = ({names[key]: check for key, check in found.items()} for found in checks)
    yield from _each(before, after, what, _check)


def _check(what: str, old: CheckRecord, new: CheckRecord) -> Moves:
    yield from _exact(f"{what}  verdict", old.verdict, new.verdict)
    yield from _exact(f"{what}  relation", old.relation, new.relation)
    yield from _exact(f"{what}  message", _bare(old.message), _bare(new.message))
    yield from _exact(f"{what}  coordinates", sorted(old.where), sorted(new.where))
    yield from _count(f"{what}  points", old.points, new.points)
    budgets = (old.budget or 0.0) + (new.budget or 0.0)

    def part(name: str, before: float | None, after: float | None) -> Moves:
        yield from _budget(name, before, after, old.budget)

    if _same_point(old, new):
        for name in ("measured", "bound", "slack"):
            before, after = getattr(old, name), getattr(new, name)
            allowed = budgets + PATH_TOLERANCE * abs(before or 0.0)
            yield from _number(f"{what}  {name}", before, after, allowed)
        yield from _budget(f"{what}  budget", old.budget, new.budget, old.budget)
        yield from _each(old.budget_parts, new.budget_parts, f"{what}  budget of", part)
    else:
        spread = (SLACK_FACTOR - 1) * abs(old.slack or 0.0)
        yield from _number(f"{what}  slack (at another point)", old.slack, new.slack, budgets + spread)
    # Where another point decides, the range over all points still shows a changed formula.
    widest = (old.largest_budget or 0.0) + (new.largest_budget or 0.0)
    tolerance = PATH_TOLERANCE if old.points == new.points else CUT_PATH_TOLERANCE
    for name in ("measured", "bound"):
        ranges = [getattr(check, f"{name}_range") or (None, None) for check in (old, new)]
        for end, before, after in zip(("least", "largest"), *ranges, strict=True):
            allowed = widest + tolerance * max(map(abs, filter(None, ranges[0])), default=0.0)
            yield from _number(f"{what}  {end} {name}", before, after, allowed)
    yield from _budget(f"{what}  largest budget", old.largest_budget, new.largest_budget, old.largest_budget)


def _contradictions(what: str, run: Record) -> Moves:
    """Numbers of a record that cannot belong together: it was edited, or its writer is broken."""
    for claim in run.claims:
        for check in claim.checks:
            place = f"{what}  {claim.id}  {check.quantity}"
            if check.measured is None or check.bound is None or check.slack is None:
                continue
            gap = check.bound - check.measured
            slack = {"<=": gap, ">=": -gap}.get(check.relation, -abs(gap))
            size = abs(check.bound) + abs(check.measured)
            yield from _number(f"{place}  slack, from its sides", slack, check.slack, SAME_POINT * size)
            total = sum(part or 0.0 for part in check.budget_parts.values())
            if check.budget is not None:
                yield from _number(
                    f"{place}  budget, from its parts", total, check.budget, SAME_POINT * total
                )
                broken = check.slack < -check.budget
                if check.verdict in (Verdict.VERIFIED, Verdict.VIOLATED):
                    expected = Verdict.VIOLATED if broken else Verdict.VERIFIED
                    yield from _exact(f"{place}  verdict, from its numbers", expected, check.verdict)
        if claim.checks:
            of_checks = worst(check.verdict for check in claim.checks)
            yield from _exact(f"{what}  {claim.id}  verdict, from its checks", of_checks, claim.verdict)
    of_claims = [claim.verdict for claim in run.claims if counts(claim.required, claim.verdict)]
    if of_claims and run.verdict.severity < worst(of_claims).severity:
        yield Difference(f"{what}  verdict, from its claims", worst(of_claims), run.verdict, "")


def _effective(what: str, old: Any, new: Any) -> Moves:
    if isinstance(old, float) and isinstance(new, float):
        yield from _number(what, old, new, SAME_POINT * abs(old))
    else:
        yield from _exact(what, old, new)


def _budget(what: str, old: float | None, new: float | None, scale: float | None) -> Moves:
    """A budget may shrink; it may not grow beyond its order of magnitude."""
    allowed = BUDGET_FACTOR * (scale or 0.0)
    if (old is None) != (new is None):
        yield from _exact(what, old, new)
    elif new is not None and new > allowed:
        yield Difference(what, _text(old or 0.0), _text(new), f"<= {allowed:.3g}")
    else:
        yield None


def _magnitude(what: str, old: float | None, new: float | None) -> Moves:
    """A number of which only the order of magnitude is a promise."""
    yield from _number(what, old, new, BUDGET_FACTOR * abs(old or 0.0) + 1.0)


def _exact(what: str, old: Any, new: Any) -> Moves:
    yield Difference(what, str(old), str(new), "") if old != new else None


def _count(what: str, old: int, new: int) -> Moves:
    allowed = COUNT_TOLERANCE * old + COUNT_SLACK
    moved = abs(new - old) > allowed
    yield Difference(what, str(old), str(new), f"± {allowed:.0f}") if moved else None


def _number(what: str, old: float | None, new: float | None, allowed: float) -> Moves:
    if old is None or new is None:
        yield from _exact(what, old, new)
    elif not abs(new - old) <= allowed:
        yield Difference(what, _text(old), _text(new), f"± {allowed:.2g}")
    else:
        yield None


def _text(value: float) -> str:
    return f"{value:.9g}"


def _same_point(old: CheckRecord, new: CheckRecord) -> bool:
    """Whether both were decided at one point. Without coordinates only a single point is certain to be it."""
    if not old.where or old.where.keys() != new.where.keys():
        return old.points == new.points == 1
    pairs = ((old.where[name] or 0.0, new.where[name] or 0.0) for name in old.where)
    return all(abs(a - b) <= SAME_POINT * abs(a) for a, b in pairs)


def _rate_tolerance(run: Record) -> float:
    """Relative tolerance of rates: the conclusions' budgets, and more where rounding ended the path."""
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
    """Checks by what they compare, and by position among those that compare the same.

    Digits are left out, since names may hold computed numbers.
    """
    named: dict[tuple[str, int], CheckRecord] = {}
    for check in claim.checks:
        bare = _bare(check.quantity)
        named[bare, sum(other == bare for other, _ in named)] = check
    return named


def _bare(text: str) -> str:
    """A text without its numbers, which may have been computed."""
    return re.sub(r"\d+(\.\d+)?(e[+-]?\d+)?", "#", text)


def _fields(record: Record | ClaimRecord, names: Sequence[str]) -> dict[str, Any]:
    """Fields as a record that was written and read again has them."""
    return record.model_dump(mode="json", include=set(names))


def _reference_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"
