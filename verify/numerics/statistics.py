"""Scaling laws fitted to samples, with intervals wide enough that chance does not break a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Half-width of an interval in standard errors: chance exceeds it once in two million fits.
STANDARD_ERRORS = 5.0


@dataclass(frozen=True)
class PowerLaw:
    """``mean ~ size^slope``, fitted.

    slope       the exponent
    half_width  the slope is known to +- this
    sizes       (k,)
    means       (k,), at the sizes
    """

    slope: float
    half_width: float
    sizes: Array
    means: Array


def power_law(sizes: Sequence[int] | Array, samples: Array) -> PowerLaw:
    """A power law fitted to the means of `samples` (k sizes, repeats), by least squares of logarithms.

    The error of each logarithm is the standard error of its mean over the mean, independent between sizes.
    """
    x = np.log(np.asarray(sizes, dtype=float))
    means = samples.mean(axis=1)
    errors = samples.std(axis=1, ddof=1) / np.sqrt(samples.shape[1]) / means
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    half_width = STANDARD_ERRORS * float(np.linalg.norm(weights * errors))
    return PowerLaw(float(weights @ np.log(means)), half_width, np.exp(x), means)


#: Confidence of the intervals for means over trials, for all that a check compares together.
CONFIDENCE = 0.95


def mean_interval(samples: Array, together: int = 1) -> tuple[Array, Array]:
    """Means (k,) over the trials of `samples` (trials, k) and half-widths (k,) of their t-intervals.

    With `together` all intervals hold at once with the probability `CONFIDENCE` (Bonferroni). The interval of
    a single trial is infinite.
    """
    trials = len(samples)
    means = samples.mean(axis=0)
    if trials < 2:
        return means, np.full_like(means, np.inf)
    quantile = float(scipy.stats.t.ppf(1 - (1 - CONFIDENCE) / (2 * together), trials - 1))
    return means, quantile * samples.std(axis=0, ddof=1) / np.sqrt(trials)


def proportion_interval(successes: int, trials: int) -> tuple[float, float]:
    """Exact confidence interval for a probability of which `successes` of `trials` were seen."""
    interval = scipy.stats.binomtest(successes, trials).proportion_ci(CONFIDENCE, method="exact")
    return float(interval.low), float(interval.high)
