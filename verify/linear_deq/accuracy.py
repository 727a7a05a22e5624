"""How accurately an integrator has followed a flow, from other runs of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.flow import FlowError, FlowPoint
from verify.flow.scaled import StepperFactory
from verify.linear_deq.following import follow, other_steppers
from verify.linear_deq.path import LinearPath

Array = NDArray[np.float64]

#: The error over the distance to the second run: 2 covers it where that run errs 1.5 times as much or more.
SHARE = 2.0

#: Fall of log E after which an error shows in the distance: both runs begin with steps of much the same size.
DELAY = 1.0


@dataclass(frozen=True)
class PathError:
    """Error of a computed path at its checked times, never decreasing; (k,) each.

    log     of ``log E(0)/E(t)`` and of ``int ||grad L||^2 / E`` together
    energy  of ``E(0) - E(t)`` and of ``int ||grad L||^2`` together
    """

    log: Array
    energy: Array


def path_error(path: LinearPath) -> PathError:
    """Twice the distance to other runs, see `other_steppers`: the largest seen, up to some time later.

    CVODE at ten times the tolerance errs five to ten times as much, in the mean: now and then no more than
    at that of the path, and to the same side, which a third run shows. For the other integrators the second
    run is the more accurate one, and the distance is their error. Where one has ended or has failed the
    whole decay is uncertain.
    """
    others = [_distance(path, stepper) for stepper in other_steppers(path.problem)]
    log, energy = np.max(others, axis=0)
    fallen = np.maximum.accumulate(path.log_decay)
    shown = np.minimum(np.searchsorted(fallen, fallen + DELAY), len(fallen) - 1)
    return PathError(
        SHARE * np.maximum.accumulate(log)[shown],
        SHARE * np.maximum.accumulate(energy)[shown],
    )


def _distance(path: LinearPath, stepper: StepperFactory) -> tuple[Array, Array]:
    """How far another run is from the path, in log E and in E, energy integrals included; (k,) each."""
    other = _reached(follow(path.problem, path.times, stepper))
    count = len(other)
    excess = np.array([point.excess for point in other])
    log = np.abs(np.log(path.excess[:count] / excess)) + np.abs(
        path.log_energy[:count] - [point.log_energy for point in other]
    )
    energy = np.abs(path.excess[:count] - excess) + np.abs(
        path.energy[:count] - [point.energy for point in other]
    )
    return (
        np.append(log, path.log_decay[count:]),
        np.append(energy, path.excess[0] - path.excess[count:]),
    )


def _reached(points: Iterator[FlowPoint]) -> list[FlowPoint]:
    """The points of a run up to where rounding, or its integrator, ends it."""
    found = []
    try:
        for point in points:
            if point.excess <= 0:
                break
            found.append(point)
    except FlowError:
        pass  # it may fail where the path did not
    return found
