"""How much of one option makes a draw succeed with probability 0.9, against another: by maximum likelihood.

    logit P = logit 0.9 + exp(s + q v) (u - a - p v),    u = log x,  v = log y, less its mean.

On the line u = a + p v the probability is 0.9; exp(s + q v) says how fast it grows with u there. Weak normal
priors keep s and q finite where every seed agrees: s then is about what the spacing of the xs could show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from verify.numerics.statistics import CONFIDENCE
from verify.sweeps.maps import LEVEL

Array = NDArray[np.float64]

#: Standard deviations of the priors on s, a factor of 7, and on q.
SPREADS = (2.0, 1.0)

#: Between probabilities of 0.1 and 0.9 the logit grows by this.
RISE = 2 * float(scipy.special.logit(0.9))

#: The most steps of a fit, which takes about ten; the fall of the likelihood that is too small for another;
#: and what keeps a step finite where every cell is certain.
SCORINGS, STILL, RIDGE = 100, 1e-10, 1e-9

#: An end of the interval is looked for in strides, each half as long again as the last; at most so many.
FIRST_STRIDE, STRIDES = 0.05, 20


@dataclass(frozen=True)
class Cells:
    """Successes k of n draws at each setting; u and v are logarithms, (cells,) all.

    sharpest  the mean of the prior on s
    centre    what was taken from v
    """

    u: Array
    v: Array
    k: Array
    n: Array
    sharpest: float
    centre: float


@dataclass(frozen=True)
class Draws:
    """Draws by seed.

    xs, ys           (x,), (y,), increasing
    verified, drawn  (seeds, y, x)
    """

    xs: Array
    ys: Array
    verified: Array
    drawn: Array

    @property
    def all(self) -> Cells:
        """Of all seeds."""
        return self._cells(self.verified.sum(axis=0), self.drawn.sum(axis=0))

    def without(self, seed: int) -> Cells:
        """Of all but the seed of that index."""
        return self._cells(*(np.delete(of, seed, axis=0).sum(axis=0) for of in (self.verified, self.drawn)))

    def _cells(self, verified: Array, drawn: Array) -> Cells:
        logs, centre = np.log(self.xs), float(np.log(self.ys).mean())
        v, u = np.meshgrid(np.log(self.ys) - centre, logs, indexing="ij")
        sharpest = float(np.log(RISE / np.diff(logs).min()))
        return Cells(u.ravel(), v.ravel(), verified.ravel(), drawn.ravel(), sharpest, centre)


@dataclass(frozen=True)
class Fit:
    """Parameters a, p, s, q (4,), minus the penalised log-likelihood there, and the mean of log y."""

    at: Array
    loss: float
    centre: float

    @property
    def exponent(self) -> float:
        """p."""
        return float(self.at[1])

    def needed(self, ys: Array) -> Array:
        """x at which the probability is 0.9, for ys (k,)."""
        return np.exp(self.at[0] + self.at[1] * (np.log(ys) - self.centre))


def fitted(cells: Cells, near: Fit | None = None, exponent: float | None = None) -> Fit:
    """The parameters of greatest likelihood, looked for from those `near`; with p held if it is given.

    By Fisher scoring: its steps point downhill, and are halved until they go there.
    """
    at = np.array([cells.u.mean(), 0.0, cells.sharpest - 1, 0.0]) if near is None else near.at.copy()
    free = np.array([0, 2, 3]) if exponent is not None else np.arange(4)
    if exponent is not None:
        at[1] = exponent
    loss = _loss(cells, at)
    for _ in range(SCORINGS):
        slope, curvature = _slope(cells, at)[free], _curvature(cells, at)[np.ix_(free, free)]
        step = np.zeros(4)
        step[free] = np.linalg.solve(curvature + RIDGE * np.eye(len(free)), slope)
        if slope @ step[free] < STILL:
            break
        step /= max(1.0, np.abs(step[2:]).max())  # far off the curvature is no guide: no more than a factor e
        while not (lower := _loss(cells, at - step)) <= loss and np.abs(step).max() > STILL:
            step /= 2
        if not lower <= loss:
            break
        at, loss = at - step, lower
    return Fit(at, loss, cells.centre)


def exponent_likely(cells: Cells, best: Fit) -> tuple[float, float]:
    """The 95% interval of p by the profile of the likelihood; infinite where that does not end."""
    most = best.loss + float(scipy.stats.chi2.ppf(CONFIDENCE, 1)) / 2

    def beyond(exponent: float) -> float:
        return fitted(cells, best, exponent).loss - most

    def end(sign: float) -> float:
        inner, stride = best.exponent, FIRST_STRIDE
        for _ in range(STRIDES):
            outer = inner + sign * stride
            if beyond(outer) > 0:
                return float(scipy.optimize.brentq(beyond, inner, outer, xtol=1e-3))
            inner, stride = outer, 1.5 * stride
        return sign * np.inf

    return end(-1.0), end(1.0)


def _logits(cells: Cells, at: Array) -> tuple[Array, Array]:
    """The logit in every cell, and its derivatives (4, cells)."""
    steep, beyond = np.exp(at[2] + at[3] * cells.v), cells.u - at[0] - at[1] * cells.v
    rise = steep * beyond
    return scipy.special.logit(LEVEL) + rise, np.array([-steep, -steep * cells.v, rise, rise * cells.v])


def _prior(cells: Cells, at: Array) -> Array:
    """s and q in standard deviations of their priors."""
    return (at[2:] - [cells.sharpest, 0.0]) / SPREADS


def _loss(cells: Cells, at: Array) -> float:
    logits, _ = _logits(cells, at)
    toss = cells.k * np.logaddexp(0.0, -logits) + (cells.n - cells.k) * np.logaddexp(0.0, logits)
    return float(toss.sum() + np.sum(_prior(cells, at) ** 2) / 2)


def _slope(cells: Cells, at: Array) -> Array:
    logits, derivatives = _logits(cells, at)
    slope = derivatives @ (cells.n * scipy.special.expit(logits) - cells.k)
    slope[2:] += _prior(cells, at) / SPREADS
    return slope


def _curvature(cells: Cells, at: Array) -> Array:
    """Fisher's information: positive definite, where the second derivatives may not be."""
    logits, derivatives = _logits(cells, at)
    chance = scipy.special.expit(logits)
    curvature = (derivatives * (cells.n * chance * (1 - chance))) @ derivatives.T
    curvature[[2, 3], [2, 3]] += 1 / np.square(SPREADS)
    return curvature
