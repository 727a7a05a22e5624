"""How accurately an integrator has followed a flow, from a second run of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.flow import FlowError, FlowPoint
from verify.linear_deq.following import follow, second_stepper
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
    """Twice the distance to a second run, see `second_stepper`.

    CVODE at ten times the tolerance errs five to ten times as much. For the other integrators the second run
    is the more accurate one, and the distance is their error. Where it has ended or has failed the whole
    decay is uncertain.
    """
    second = _reached(follow(path.problem, path.times, second_stepper(path.problem)))
    count = len(second)
    excess = np.array([point.excess for point in second])
    log = np.abs(np.log(path.excess[:count] / excess)) + np.abs(
        path.log_energy[:count] - [point.log_energy for point in second]
    )
    energy = np.abs(path.excess[:count] - excess) + np.abs(
        path.energy[:count] - [point.energy for point in second]
    )
    fallen = np.maximum.accumulate(path.log_decay)
    shown = np.minimum(np.searchsorted(fallen, fallen + DELAY), len(fallen) - 1)
    log = np.append(log, path.log_decay[count:])
    energy = np.append(energy, path.excess[0] - path.excess[count:])
    return PathError(
        SHARE * np.maximum.accumulate(log)[shown],
        SHARE * np.maximum.accumulate(energy)[shown],
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
