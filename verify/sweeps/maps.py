"""Maps of a sweep's table over two of its options: how often a claim is VERIFIED, how large a number is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from verify.numerics.statistics import proportion_interval
from verify.sweeps.table import COLUMNS
from verify.theorem.errors import InputError
from verify.theorem.verdicts import Verdict

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

#: A value of an option.
Value = int | float | str

#: Columns that a value map or a power law may be of: of a comparison, and of a run.
COMPARED = ("measured", "bound", "slack", "budget", "least_ratio", "largest_ratio")
NUMBERS = (*COMPARED, "tightness", "seconds")

#: Numbers in the name of a quantity that differ between draws: after an equals sign, not whole, or of steps.
DRAWN = re.compile(r"(?<== )-?\d[\w.+-]*|(?<![\w.^])\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+|(?= steps))")

#: The probability of success whose contour is drawn.
LEVEL = 0.9


@dataclass(frozen=True)
class Crossing:
    """Where, for one y, the probability of success reaches `LEVEL` for good as x grows.

    y     value of the other option
    x     the smallest x from which on it is at least that; None where that is not reached in the range
    low   the crossing is above this x; None where it may lie below the range
    high  the crossing is at or below this x; None where it may lie beyond the range
    """

    y: Value
    x: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class SuccessMap:
    """How often a claim is VERIFIED, over two options; rows are y, columns are x.

    claim       its id
    x, y        names of the options
    xs, ys      their values, increasing
    verified    (ys, xs), draws that are VERIFIED
    drawn       (ys, xs), all draws; 0 where a setting is missing
    others      (ys, xs) each: draws that decide nothing, by verdict: INCONCLUSIVE, ERROR, and NOT_APPLICABLE
                where the numbers alone are not violated
    low, high   (ys, xs), 95% Clopper-Pearson interval of the probability
    contour     a crossing for each y; empty where x is no number
    """

    claim: str
    x: str
    y: str
    xs: Sequence[Value]
    ys: Sequence[Value]
    verified: Counts
    drawn: Counts
    others: Mapping[Verdict, Counts]
    low: Array
    high: Array
    contour: Sequence[Crossing]

    @property
    def probability(self) -> Array:
        """(ys, xs), the share of all draws that are VERIFIED; NaN where there are none."""
        return shares(self.verified, self.drawn)


@dataclass(frozen=True)
class ValueMap:
    """A number of the table over two options: median and range of its draws.

    claim, x, y, xs, ys  as in `SuccessMap`
    column               the number's column
    median, least, most  (ys, xs), over the draws that have the number; NaN where none has it
    drawn, without       (ys, xs), all draws, and those of them that lack the number
    """

    claim: str
    x: str
    y: str
    xs: Sequence[Value]
    ys: Sequence[Value]
    column: str
    median: Array
    least: Array
    most: Array
    drawn: Counts
    without: Counts


def success_map(table: pa.Table, claim: str, x: str, y: str) -> SuccessMap:
    """How often a claim of a sweep's table is VERIFIED over the options x and y; InputError, see `rows_of`.

    The probability is that of the verdict VERIFIED among all draws, so that a draw that decides nothing
    counts against it. The contour takes the probability to grow with x.
    """
    rows = rows_of(table, claim, x, y)
    xs, ys = rows.values(x), rows.values(y)
    verdicts, compared = rows.column("verdict"), rows.column("compared")
    drawn = rows.counted(y, x)
    verified = rows.counted(y, x, verdicts == Verdict.VERIFIED)
    # A hypothesis or an open constant makes a failure NOT_APPLICABLE; by its numbers it is one all the same.
    unpromised = (verdicts == Verdict.NOT_APPLICABLE) & (compared != Verdict.VIOLATED)
    others = {
        Verdict.NOT_APPLICABLE: rows.counted(y, x, unpromised),
        Verdict.INCONCLUSIVE: rows.counted(y, x, verdicts == Verdict.INCONCLUSIVE),
        Verdict.ERROR: rows.counted(y, x, verdicts == Verdict.ERROR),
    }
    low, high = _intervals(verified, drawn)
    contour = (
        [crossing(of, np.array(xs, dtype=float), *row) for of, *row in zip(ys, verified, drawn, strict=True)]
        if all(is_number(value) for value in xs)
        else []
    )
    return SuccessMap(claim, x, y, xs, ys, verified, drawn, others, low, high, contour)


def value_map(table: pa.Table, claim: str, x: str, y: str, column: str) -> ValueMap:
    """Median and range of a column over the options x and y; InputError, see `rows_of` and `Rows.numbers`."""
    rows = rows_of(table, claim, x, y)
    found = rows.numbers(column)
    xs, ys = rows.values(x), rows.values(y)
    drawn = rows.counted(y, x)
    median, least, most = (np.full(drawn.shape, np.nan) for _ in range(3))
    for at in np.ndindex(drawn.shape):
        here = found[(rows.column(y) == ys[at[0]]) & (rows.column(x) == xs[at[1]])]
        here = here[np.isfinite(here)]
        if len(here):
            median[at], least[at], most[at] = np.median(here), here.min(), here.max()
    without = rows.counted(y, x, ~np.isfinite(found))
    return ValueMap(claim, x, y, xs, ys, column, median, least, most, drawn, without)


def crossing(y: Value, xs: Array, verified: Counts, drawn: Counts) -> Crossing:
    """Where the probability reaches `LEVEL`, from how many of the draws at each x are VERIFIED.

    xs, verified, drawn: (k,), xs increasing; those without a draw are passed over. Between two xs the
    isotonic estimate is interpolated, in log x where the xs are spaced so. The interval needs no more than
    that the probability grows with x: it is above the last x whose upper Clopper-Pearson bound is below the
    level, and at or below the first whose lower bound reaches it. No fewer than 36 draws, all of them
    VERIFIED, reach it.
    """
    there = drawn > 0
    xs, verified, drawn = xs[there], verified[there], drawn[there]
    if not len(xs):
        return Crossing(y, None, None, None)
    low, high = _intervals(verified, drawn)
    below, above = np.flatnonzero(high < LEVEL), np.flatnonzero(low >= LEVEL)
    smooth = isotonic_regression(verified / drawn, sample_weight=drawn)
    reached = np.flatnonzero(smooth >= LEVEL)
    return Crossing(
        y,
        _interpolated(xs, smooth, int(reached[0])) if len(reached) else None,
        float(xs[below[-1]]) if len(below) else None,
        float(xs[above[0]]) if len(above) else None,
    )


def _interpolated(xs: Array, smooth: Array, at: int) -> float:
    """Where an estimate that grows with x passes `LEVEL`, which it has reached at xs[at]."""
    if at == 0:
        return float(xs[0])
    share = (LEVEL - smooth[at - 1]) / (smooth[at] - smooth[at - 1])
    if is_geometric(xs):
        return float(xs[at - 1] * (xs[at] / xs[at - 1]) ** share)
    return float(xs[at - 1] + share * (xs[at] - xs[at - 1]))


def is_geometric(values: Sequence[Value] | Array) -> bool:
    """Whether the steps between increasing values are more alike as ratios than as differences.

    Two numbers have one step; they count as geometric from a factor of 2 on.
    """
    if len(values) < 2 or not all(is_number(value) and float(value) > 0 for value in values):
        return False
    numbers = np.array(values, dtype=float)
    if len(numbers) == 2:
        return bool(numbers[1] >= 2 * numbers[0])
    ratios, steps = np.diff(np.log(numbers)), np.diff(numbers)
    return bool(np.std(ratios) / np.mean(ratios) < np.std(steps) / np.mean(steps))


def is_number(value: object) -> bool:
    """Whether the value of an option is a number."""
    return isinstance(value, int | float | np.number)


def shares(part: Counts, whole: Counts) -> Array:
    """Part over whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


@cache
def _interval(verified: int, drawn: int) -> tuple[float, float]:
    """The interval of a probability, kept because a map has few counts in many cells, and each takes 5 ms."""
    return proportion_interval(verified, drawn)


def _intervals(verified: Counts, drawn: Counts) -> tuple[Array, Array]:
    """Clopper-Pearson bounds of every entry; 0 and 1 where there are no draws."""
    pairs = zip(verified.flat, drawn.flat, strict=True)
    bounds = np.array([_interval(int(k), int(n)) if n else (0.0, 1.0) for k, n in pairs]).reshape(
        *verified.shape, 2
    )
    return bounds[..., 0], bounds[..., 1]


def quantity_of(name: str) -> str:
    """The name of a compared quantity with an ellipsis for numbers that differ from draw to draw."""
    return DRAWN.sub("…", name)


@dataclass(frozen=True)
class Rows:
    """The rows of one claim, by column."""

    columns: Mapping[str, NDArray[np.generic]]

    def column(self, name: str) -> NDArray[np.generic]:
        """(rows,) of a column that is never null."""
        return self.columns[name]

    def values(self, option: str) -> list[Value]:
        """The values of an option, increasing."""
        return list(np.unique(self.columns[option]).tolist())

    def numbers(self, column: str) -> Array:
        """(rows,) of a column of numbers, or of a rate by its name, NaN where it is null.

        InputError for another column, a rate that no row has, and numbers of comparisons where these are of
        several quantities.
        """
        if column not in NUMBERS:
            return self._rates(column)
        numbers = self.columns[column].astype(float)
        compared = sorted({quantity_of(str(name)) for name in self.columns["quantity"][np.isfinite(numbers)]})
        if column in COMPARED and len(compared) > 1:
            raise InputError(
                f"{column} is of {len(compared)} quantities in this claim, such as {compared[0]!r} and "
                f"{compared[1]!r}: take a claim with one comparison, or tightness"
            )
        return numbers

    def _rates(self, name: str) -> Array:
        rates = [json.loads(str(text)) for text in self.columns["rates"]]
        names = sorted({one for found in rates for one in found})
        if name not in names:
            allowed = ", ".join([*NUMBERS, *names])
            raise InputError(f"a map or a law cannot be of {name!r}: take one of {allowed}")
        return np.array([found.get(name) for found in rates], dtype=float)

    def counted(self, first: str, second: str, mask: NDArray[np.bool_] | None = None) -> Counts:
        """How many rows each pair of values of two options has, of those in the mask."""
        one, two = self.values(first), self.values(second)
        counts = np.zeros((len(one), len(two)), dtype=np.int64)
        at = np.searchsorted(one, self.columns[first]), np.searchsorted(two, self.columns[second])
        np.add.at(counts, at, 1 if mask is None else mask.astype(np.int64))
        return counts


def rows_of(table: pa.Table, claim: str, *options: str) -> Rows:
    """The rows of a claim, of a table that was swept over these options and no others.

    InputError for an empty table, a claim or an option that it lacks, an option twice, and where another
    option has several values: a map or a law of a mixture would say nothing of either.
    """
    if not table.num_rows:
        raise InputError(
            "the table has no rows: run the sweep first, `verify sweep NAME --over width=50,100`"
        )
    claims = sorted(set(table["claim"].to_pylist()))
    if claim not in claims:
        raise InputError(f"the table has no claim {claim!r}: take one of {', '.join(claims)}")
    swept = [name for name in table.column_names if name not in COLUMNS]
    asked = ",".join(options)
    if len(set(options)) < len(options):
        raise InputError(
            f"{asked}: the options of a map differ: take two of {', '.join(swept) or 'those swept'}"
        )
    for option in options:
        if option not in swept:
            raise InputError(
                f"{asked}: {option!r} was not swept, only {', '.join(swept) or 'seeds'}: sweep it, "
                f"`--over {option}=VALUE,VALUE`"
            )
    of_claim = table.filter(pc.equal(table["claim"], claim))
    rows = Rows({name: of_claim[name].to_numpy(zero_copy_only=False) for name in of_claim.column_names})
    for other in swept:
        if other not in options and len(values := rows.values(other)) > 1:
            raise InputError(
                f"{asked}: {other} was swept, too, and has {len(values)} values: keep one, "
                f"`--over {other}={values[0]}`"
            )
    return rows
