"""What is to be enclosed of a setting, and what that will take: a computed path proposes all of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from theorems.kawaguchi_2021.exact_flow.expansion import Expansion
from theorems.kawaguchi_2021.exact_flow.model import Model
from theorems.kawaguchi_2021.linear_rate.problem import RateProblem, Setting
from verify.certificates.balls import exact
from verify.certificates.eigenvalues import smallest_eigenvalue
from verify.certificates.forecast import FALL, Forecast, cut, forecast
from verify.certificates.tube import State
from verify.linear_deq.following import decay_time, follow
from verify.numerics.quadrature import graded_times
from verify.theorem.errors import InputError

Array = NDArray[np.float64]

#: The path is computed at so many times.
POINTS = 200

#: What the spectrum of D takes on a piece, in times of one eigenvalue: 5 to 12 were seen.
EIGENVALUES = 8

#: A matrix of so many rows takes at least a second.
ROWS_A_SECOND = 400


@dataclass(frozen=True)
class Plan:
    """The model in balls with its exact start; the horizon, exact; what the path will take."""

    model: Model
    start: State
    horizon: arb
    forecast: Forecast


def plan(setting: Setting, problem: RateProblem, minutes: float) -> Plan:
    """InputError where the path would take more than `minutes`, or where errors grow too much on it."""
    rows = problem.model.width * problem.model.outputs
    least = 2 * (rows / ROWS_A_SECOND) ** 3 / 60
    if least > minutes:
        raise InputError(
            f"D has {rows} rows, which takes {least:.2g} minutes at least, more than --minutes {minutes:g}: "
            f"use --width {int(problem.model.width * (minutes / least) ** (1 / 3))} or less"
        )
    times, thetas, excess = computed(setting, problem)
    model = Model.of(problem.model.gamma, problem.features, problem.targets)

    def state(place: int) -> tuple[arb_mat, arb_mat]:
        a, b = problem.model.unpack(thetas[place])
        return exact(a), exact(b)

    found = forecast(lambda start, order: Expansion(model, start, order), times, state, excess)
    found.require(seconds_of_spectrum(model, state(len(times) // 2)), minutes, model.width)
    return Plan(model, state(0), arb(float(times[-1])), found)


def computed(setting: Setting, problem: RateProblem) -> tuple[Array, Array, float]:
    """The path in floats: its times (k,), the parameters there (k, size), and the excess at the end.

    The last time is a short number, for it is the horizon. InputError where floats do not reach it.
    """
    points = []
    for point in follow(problem, graded_times(problem.horizon, decay_time(problem), POINTS)):
        if point.excess <= 0:
            break
        points.append(point)
        if setting.horizon is None and point.excess < points[0].excess * np.exp(-FALL):
            break
    times, excess = (np.array([getattr(point, name) for point in points]) for name in ("time", "excess"))
    kept = cut(times, excess, setting.horizon)
    thetas = np.array([point.theta for point in points[: len(kept)]])
    return kept, thetas, float(excess[-1])


def seconds_of_spectrum(model: Model, state: State) -> float:
    """Of a piece from a state in the middle of the path, about."""
    begin = time.process_time()
    smallest_eigenvalue(model.operator(*state))
    return EIGENVALUES * (time.process_time() - begin)
