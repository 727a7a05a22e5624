"""The constants that a sweep bears out: how far each side of a comparison could be scaled, and where."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from verify.runs.run import theorem_command
from verify.sweeps.maps import quantity_of
from verify.theorem.protocol import Theorem
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict

#: Rows of a table.
TableRows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Extreme:
    """A ratio of measured to bound, the verdict where it stands, and the command that runs that setting."""

    ratio: float
    verdict: Verdict
    command: str


@dataclass(frozen=True)
class BestConstant:
    """The range of measured over bound, for one quantity of one claim.

    claim     id of the claim
    quantity  what was compared, with an ellipsis for numbers that differ from draw to draw
    relation  of measured to bound: <=, >= or =
    least     the infimum over all rows
    largest   the supremum
    constant  the extreme that the relation limits, over the rows that are not NOT_APPLICABLE: the bound times
              its ratio is the best that the data bear out. None for an identity, where bounds have both
              signs, and where `failing` is not 0
    rows      rows that have a ratio
    without   rows that have none, such as those that broke
    failing   rows that are NOT_APPLICABLE and violated by their numbers: an open constant may be why, and
              then what is left was chosen by its own outcome
    """

    claim: str
    quantity: str
    relation: str
    least: Extreme
    largest: Extreme
    constant: Extreme | None
    rows: int
    without: int
    failing: int


def best_constants(table: pa.Table, theorem: Theorem) -> list[BestConstant]:
    """For each claim and quantity of a theorem's sweep the least and the largest ratio of measured to bound.

    All rows count, those as well in which a hypothesis fails: the verdict beside a ratio tells them. Claims
    come in the table's order; a quantity without a ratio in any row has no entry.
    """
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        groups[row["claim"], quantity_of(row["quantity"] or ""), row["relation"] or ""].append(row)
    return [
        _best(*key, there, len(rows), theorem)
        for key, rows in groups.items()
        if (there := [row for row in rows if row["least_ratio"] is not None])
    ]


def _best(
    claim: str, quantity: str, relation: str, rows: TableRows, of: int, theorem: Theorem
) -> BestConstant:
    promised = [row for row in rows if row["verdict"] != Verdict.NOT_APPLICABLE]
    failing = sum(row["compared"] == Verdict.VIOLATED != row["verdict"] for row in rows)
    signs = {row["bound"] > 0 for row in promised if row["bound"] is not None}
    constant = None
    if relation != "=" and len(signs) == 1 and not failing:
        # Below a negative bound, as of the logarithm of what decays, the ratio is above 1.
        limits = _largest if (relation == "<=") == signs.pop() else _least
        constant = limits(promised, theorem)
    ends = _least(rows, theorem), _largest(rows, theorem)
    return BestConstant(claim, quantity, relation, *ends, constant, len(rows), of - len(rows), failing)


def _least(rows: TableRows, theorem: Theorem) -> Extreme:
    row = min(rows, key=lambda row: row["least_ratio"])
    return Extreme(row["least_ratio"], Verdict(row["verdict"]), _command(row, theorem))


def _largest(rows: TableRows, theorem: Theorem) -> Extreme:
    row = max(rows, key=lambda row: row["largest_ratio"])
    return Extreme(row["largest_ratio"], Verdict(row["verdict"]), _command(row, theorem))


def _command(row: Mapping[str, Any], theorem: Theorem) -> str:
    """The command that runs the setting of a row, without the options that are the theorem's defaults."""
    setting = make_setting(theorem, json.loads(row["setting"]))
    return theorem_command(theorem, setting, theorem.Setting().model_dump())
