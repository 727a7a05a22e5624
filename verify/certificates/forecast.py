"""What it will take to enclose a path, predicted in floats from a computed one: nothing here is proved."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb
from numpy.typing import NDArray

from verify.certificates.tube import D, Expansion, State, begun, norm
from verify.theorem.errors import InputError

Array = NDArray[np.float64]

#: Without a horizon of its own, the path ends where the excess has fallen by e to minus this.
FALL = 5.1

#: Of the radius of the tube at the end, over the excess there where that is below 1.
TARGET = 1e-8

#: Of computed times, relative.
ROUNDING = 1e-9

#: States of the computed path that are looked at.
SAMPLES = 7

#: They are expanded to this order only: the length of a piece hardly depends on the order.
LOW_ORDER = 6

#: A piece is as long as makes its tail this to the power p: p^2 tail^(-1/p), the work, is least at p =
#: log(1/tail)/2.
SHARE = float(np.exp(-2.0))

#: Lowest order of the pieces.
LEAST_ORDER = 10

#: With e^(this) the rounding of 128 bits, 3e-39, fills the tube.
LARGEST_GROWTH = 50.0

#: Beyond any horizon.
FOREVER = arb(2) ** 100


@dataclass(frozen=True)
class Forecast:
    """Of a path: s times on it, with what a piece from there would be.

    times    (s,), increasing from 0 to the horizon
    mu       (s,)
    lengths  (s,), of pieces
    fields   (s,), size of the gradient's majorant, a share of which is the defect
    seconds  of one piece of order `LOW_ORDER`, without its spectrum
    target   of the radius of the tube at the end
    """

    times: Array
    mu: Array
    lengths: Array
    fields: Array
    seconds: float
    target: float

    @property
    def growth(self) -> Array:
        """int_0^t mu at the times: errors grow by e to that."""
        return accumulated(self.times, self.mu)

    @property
    def tolerance(self) -> float:
        """The share of the gradient's series that its tail may have."""
        defects = accumulated(self.times, self.fields)[-1]
        return float(min(self.target * np.exp(-self.growth[-1]) / defects, SHARE**LEAST_ORDER))

    @property
    def order(self) -> int:
        """p."""
        return max(LEAST_ORDER, 1 + int(np.ceil(-np.log(self.tolerance) / 2)))

    @property
    def pieces(self) -> Array:
        """How many it takes up to the times."""
        return accumulated(self.times, 1 / self.lengths)

    def require(self, seconds_of_spectrum: float, minutes: float, width: int) -> None:
        """Raise InputError where the path needs more than `minutes`, or where errors grow too much.

        `seconds_of_spectrum` are needed for each piece beside its series; `width` is that of the model.
        """
        each = self.seconds * (self.order / LOW_ORDER) ** 2 + seconds_of_spectrum
        needed = each * max(self.pieces[-1], 1.0) / 60
        if needed <= minutes and self.growth[-1] <= LARGEST_GROWTH:
            return
        reason = f"takes about {needed:.2g} minutes, more than --minutes {minutes:g}"
        smaller = int(width * (minutes / needed) ** (1 / 3))
        if self.growth[-1] > LARGEST_GROWTH:
            reason = (
                f"has int mu = {self.growth[-1]:.3g}, by whose exponential errors grow; 128 bits allow "
                f"{LARGEST_GROWTH:g} at most"
            )
            smaller = int(width * LARGEST_GROWTH / self.growth[-1])
        last = min(
            np.interp(minutes / each * 60, self.pieces, self.times),
            np.interp(LARGEST_GROWTH, self.growth, self.times),
        )
        what = [f"--horizon {last:.2g}", *([f"--width {smaller}"] if smaller >= 1 else [])]
        raise InputError(
            f"the exact flow to time {self.times[-1]:.4g} {reason}: use {' or '.join(what)}, about"
        )


def cut(times: Array, excess: Array, horizon: float | None) -> Array:
    """Of a computed path: its times up to `horizon`, or until its excess has fallen by e^-`FALL`.

    There are no more of them than before. The last is the end itself, a short number where none was asked
    for. InputError where the path ends before `horizon`.
    """
    if horizon is not None and times[-1] < (1 - ROUNDING) * horizon:
        raise InputError(
            f"after time {times[-1]:.4g} the excess is lost to rounding in floats, which propose the path: "
            f"use --horizon {times[-1]:.2g} or less"
        )
    fall = np.log(excess[0] / excess)
    end = horizon or float(np.float32(np.interp(FALL, np.maximum.accumulate(fall), times)))
    before = min(int(np.searchsorted(times, end)), len(times) - 1)
    return np.append(times[:before], end)


def forecast(
    expand: Callable[[State, int], Expansion[D]],
    times: Array,
    states: Callable[[int], State],
    excess: float,
) -> Forecast:
    """From a computed path at `times` (k,), with state number i `states(i)`, exact, and E at its end."""
    chosen = np.unique(np.linspace(0, len(times) - 1, SAMPLES).astype(int))
    mu, lengths, fields = [], [], []
    begin = time.process_time()
    for place in chosen:
        expansion = expand(states(int(place)), LOW_ORDER)
        piece = begun(expansion, arb(0), FOREVER, arb(0), SHARE**LOW_ORDER)
        mu.append(float(expansion.growth(piece)))
        lengths.append(float(piece.length))
        fields.append(float(norm(piece.far.field)))
    seconds, target = (time.process_time() - begin) / len(chosen), TARGET * min(1.0, excess)
    return Forecast(times[chosen], np.array(mu), np.array(lengths), np.array(fields), seconds, target)


def accumulated(times: Array, values: Sequence[float] | Array) -> Array:
    """The integral up to each time, by trapezoids."""
    values = np.asarray(values)
    return np.append(0.0, np.cumsum(np.diff(times) * (values[1:] + values[:-1]) / 2))
