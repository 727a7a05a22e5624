"""Laws that a sweep's table bears out: exponents with intervals, and how they stand to printed ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import pyarrow as pa
import scipy
from numpy.typing import NDArray

from verify.numerics.statistics import CONFIDENCE, mean_interval, power_law
from verify.sweeps.maps import Rows, Value, is_number, rows_of, success_map
from verify.sweeps.needed import Draws, exponent_likely, fitted
from verify.theorem.errors import InputError
from verify.theorem.verdicts import Verdict

Array = NDArray[np.float64]

#: Fewest seeds of a law: an interval from fewer would rest on chance.
LEAST_SEEDS = 5

#: Fewest sizes of a law: a line goes through any two points.
LEAST_SIZES = 3


#: Two kinds of laws, see `Law`.
Kind = Literal["needed", "power"]


class Standing(StrEnum):
    """How a measured exponent stands to a printed one, by its interval."""

    CONSISTENT = "consistent with"
    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True)
class Printed:
    """An exponent that a paper states, and where."""

    exponent: float
    where: str


@dataclass(frozen=True)
class Exponent:
    """An exponent with its 95% interval."""

    value: float
    low: float
    high: float

    def against(self, printed: float) -> Standing:
        """How it stands to a printed one.

        Where the print says that a size is enough, or a step safe, an exponent on the better side of it
        refutes nothing: it says by how much the print is loose.
        """
        if self.high < printed:
            return Standing.BELOW
        return Standing.ABOVE if self.low > printed else Standing.CONSISTENT


@dataclass(frozen=True)
class Law:
    """``of ~ against^p``.

    claim      id of the claim
    kind       `needed`: how much of an option is needed; `power`: the mean of a column of the table
    of         that option, or that column
    against    the option that it grows or falls with
    exponent   p
    sizes      (k,), values of `against`, increasing
    points     (k,), what was found at each; NaN where that is beyond what was swept
    low, high  (k,), 95% intervals of the points; 0 and infinite where the sweep leaves them open
    fit        (k,), the fitted power law
    seeds      how many seeds it rests on
    printed    exponents to hold it against
    notes      what a reader must know of it
    """

    claim: str
    kind: Kind
    of: str
    against: str
    exponent: Exponent
    sizes: Array
    points: Array
    low: Array
    high: Array
    fit: Array
    seeds: int
    printed: Sequence[Printed] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class LawAsked:
    """A law to look for in the table of a sweep.

    claim     id of the claim
    kind      `needed_law`, which has a map of both options beside it, or `power_law_of`
    of        an option; or a column, or a rate by its name
    against   a swept option
    printed   exponents to hold it against
    """

    claim: str
    kind: Kind
    of: str
    against: str
    printed: Sequence[Printed] = ()

    def law(self, table: pa.Table) -> Law:
        """The law; InputError, see `needed_law` and `power_law_of`."""
        make = needed_law if self.kind == "needed" else power_law_of
        return make(table, self.claim, self.of, self.against, self.printed)


@dataclass(frozen=True)
class LawSweep:
    """A sweep of a preset, the laws that come of it, and what it is for.

    name     of its table, pages and pictures
    title    what it asks
    theorem  name of the theorem
    claims   ids of the claims that are judged; all that a setting changes for none
    over     swept options with their values
    seeds    draws of each setting
    fixed    the other options that differ from the defaults
    laws     what to look for in its table; best constants are listed for every one
    """

    name: str
    title: str
    theorem: str
    claims: Sequence[str]
    over: Mapping[str, Sequence[Value]]
    seeds: int
    fixed: Mapping[str, Value]
    laws: Sequence[LawAsked] = ()


def needed_law(table: pa.Table, claim: str, of: str, against: str, printed: Sequence[Printed] = ()) -> Law:
    """p in "`of` needed ~ `against`^p", where needed is what makes a draw VERIFIED with probability 0.9.

    Every draw is one coin toss. Its logit of success grows with log `of`, is that of 0.9 on a line of slope
    p, and may grow faster for larger sizes, as it does where a law of large numbers is behind it; the four
    numbers are found by maximum likelihood (`verify.sweeps.needed`). That asks for no thresholds of single
    draws, which do not exist where each setting draws anew, and for no contour that is reached everywhere: a
    size at which all draws of the range fail, or none does, says on which side of the range the line passes.

    The interval is the wider on each side of two. One leaves out each seed in turn (jackknife, with which a
    bootstrap over seeds agrees): draws of one seed often share their data, and would be taken for more than
    they are. It is of width 0 where all seeds agree; so the other, by the profile of the likelihood, takes in
    how far apart the swept values are.

    A draw that is not VERIFIED counts as a failure, whatever the reason; the notes say how many decide
    nothing. They also say where the fit is outside the Clopper-Pearson interval of the contour.

    InputError: see `rows_of`; for options that are not positive numbers, for fewer than 5 seeds, and unless
    draws both succeed and fail at two sizes or more.
    """
    rows = rows_of(table, claim, of, against)
    found = success_map(table, claim, of, against)
    for option in (of, against):
        _positive(rows, option)
    mixed = (found.verified.sum(axis=1) > 0) & (found.verified.sum(axis=1) < found.drawn.sum(axis=1))
    if mixed.sum() < 2:
        raise InputError(
            f"{claim}: draws both succeed and fail at {mixed.sum()} values of {against}, a law needs two: "
            f"widen --over {of}, so that it reaches from where all fail to where all succeed"
        )
    seeds, draws = _draws(rows, of, against)
    _enough(claim, len(seeds))
    best = fitted(draws.all)
    exponent = _jackknifed(
        best.exponent, [fitted(draws.without(i), best).exponent for i in range(len(seeds))]
    )
    low, high = exponent_likely(draws.all, best)
    sizes = np.array(found.ys, dtype=float)
    points = np.array([np.nan if at.x is None else at.x for at in found.contour])
    ends = np.array([(at.low or 0.0, at.high or np.inf) for at in found.contour]).T
    needed = best.needed(sizes)
    return Law(
        claim,
        "needed",
        of,
        against,
        Exponent(best.exponent, min(exponent.low, low), max(exponent.high, high)),
        sizes,
        points,
        ends[0],
        ends[1],
        needed,
        len(seeds),
        printed,
        (
            *_censored(found.verified, found.drawn, found.ys, against),
            *_astray(sizes[(needed < ends[0]) | (needed > ends[1])], against),
            *_undecided(sum(int(count.sum()) for count in found.others.values()), int(found.drawn.sum())),
        ),
    )


def power_law_of(table: pa.Table, claim: str, of: str, against: str, printed: Sequence[Printed] = ()) -> Law:
    """p in "mean of the column `of` ~ `against`^p", by least squares of logarithms.

    The interval leaves out each seed in turn (jackknife), since draws of one seed often share their data.
    Seeds that lack a number at some size are left out, and the notes say how many.

    InputError: see `rows_of` and `Rows.numbers`; for an option or numbers that are not positive, fewer than 3
    sizes, or 5 seeds.
    """
    rows = rows_of(table, claim, against)
    _positive(rows, against)
    numbers = rows.numbers(of)
    sizes, seeds = np.array(rows.values(against), dtype=float), rows.values("seed")
    if len(sizes) < LEAST_SIZES:
        raise InputError(
            f"{against} has {len(sizes)} values, and a law needs {LEAST_SIZES}: add some to --over {against}"
        )
    samples = np.full((len(sizes), len(seeds)), np.nan)
    samples[np.searchsorted(sizes, rows.column(against)), np.searchsorted(seeds, rows.column("seed"))] = (
        numbers
    )
    whole = samples[:, np.isfinite(samples).all(axis=0)]
    count = whole.shape[1]
    lacking = len(seeds) - count
    _enough(f"{claim}: {of}, at every value of {against}", count)
    if whole.min() <= 0:
        raise InputError(
            f"{claim}: {of} is {whole.min():.3g} somewhere, and a power law needs positive numbers"
        )
    law = power_law(sizes, whole)
    slopes = [power_law(sizes, np.delete(whole, i, axis=1)).slope for i in range(count)]
    middle, half = mean_interval(whole.T)
    logs = np.log(law.means)
    return Law(
        claim,
        "power",
        of,
        against,
        _jackknifed(law.slope, slopes),
        sizes,
        middle,
        np.maximum(middle - half, 0.0),
        middle + half,
        np.exp(logs.mean() + law.slope * (np.log(sizes) - np.log(sizes).mean())),
        count,
        printed,
        (f"{lacking} of {len(seeds)} seeds lack a number and are left out",) if lacking else (),
    )


def _jackknifed(value: float, others: Sequence[float]) -> Exponent:
    """An estimate with its interval from those that leave out one seed each."""
    count, left = len(others), np.array(others)
    error = np.sqrt((count - 1) / count * np.sum((left - left.mean()) ** 2))
    half = float(scipy.stats.t.ppf((1 + CONFIDENCE) / 2, count - 1) * error)
    return Exponent(value, value - half, value + half)


def _draws(rows: Rows, of: str, against: str) -> tuple[list[Value], Draws]:
    """The seeds, and how many draws of each succeed in each setting."""
    xs, ys, seeds = rows.values(of), rows.values(against), rows.values("seed")
    verified, drawn = (np.zeros((len(seeds), len(ys), len(xs))) for _ in range(2))
    places = zip((seeds, ys, xs), ("seed", against, of), strict=True)
    at = tuple(np.searchsorted(values, rows.column(name)) for values, name in places)
    np.add.at(drawn, at, 1)
    np.add.at(verified, at, rows.column("verdict") == Verdict.VERIFIED)
    return seeds, Draws(np.array(xs, dtype=float), np.array(ys, dtype=float), verified, drawn)


def _positive(rows: Rows, option: str) -> None:
    """InputError where an option is not of positive numbers, which have logarithms."""
    for value in rows.values(option):
        if not is_number(value) or float(value) <= 0:
            raise InputError(
                f"{option} = {value}: a power law needs positive numbers: sweep others, or ask for a map"
            )


def _enough(what: str, seeds: int) -> None:
    """InputError where a law would rest on too few seeds."""
    if seeds < LEAST_SEEDS:
        raise InputError(f"{what}: {seeds} seeds, and a law needs {LEAST_SEEDS}: use --seeds 20")


def _censored(
    verified: NDArray[np.int64], drawn: NDArray[np.int64], ys: Sequence[Value], name: str
) -> list[str]:
    """Notes on the sizes that only say on which side of the range the law passes."""
    of_size: list[tuple[str, Callable[[int, int], bool]]] = [
        ("no draw succeeds within the range", lambda k, n: k == 0),
        ("every draw succeeds within the range", lambda k, n: k == n),
    ]
    notes = []
    for words, holds in of_size:
        there = [f"{y:g}" for y, k, n in zip(ys, verified.sum(1), drawn.sum(1), strict=True) if holds(k, n)]
        if there:
            notes.append(f"at {name} = {', '.join(there)} {words}")
    return notes


def _astray(sizes: Array, name: str) -> list[str]:
    """A note on the sizes at which the fit is not where the draws of that size alone say that it is."""
    if not len(sizes):
        return []
    there = ", ".join(f"{size:g}" for size in sizes)
    return [f"at {name} = {there} the fit is outside the contour's interval: no one power law"]


def _undecided(undecided: int, drawn: int) -> list[str]:
    """A note on draws that count as failures without being any."""
    return [f"{undecided} of {drawn} draws decide nothing and count as failures"] if undecided else []
