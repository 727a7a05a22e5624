"""How accurately an integrator has followed a flow, from a sharper run of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.flow import FlowError, FlowPoint
from verify.linear_deq.following import follow, sharper
from verify.linear_deq.path import LinearPath

Array = NDArray[np.float64]

#: The error over the distance to the second run: 2 covers it where that run errs half as much.
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
    """Twice the distance to a sharper run, see `sharper`: the largest seen, up to some time later.

    A looser run would cost less, but may err as the path does, and to the same side: then the distance tells
    nothing. Where the second run has ended or has failed the whole decay is uncertain.
    """
    other = _reached(follow(path.problem, path.times, *sharper(path.problem)))
    count = len(other)
    excess = np.array([point.excess for point in other])
    log = np.abs(np.log(path.excess[:count] / excess)) + np.abs(
        path.log_energy[:count] - [point.log_energy for point in other]
    )
    energy = np.abs(path.excess[:count] - excess) + np.abs(
        path.energy[:count] - [point.energy for point in other]
    )
    log = np.append(log, path.log_decay[count:])
    energy = np.append(energy, path.excess[0] - path.excess[count:])
    return PathError(shown_later(log, path.log_decay), shown_later(energy, path.log_decay))


def shown_later(distance: Array, log_decay: Array) -> Array:
    """The error (k,) of a path from its distance to a second run: the largest seen, up to some time later."""
    fallen = np.maximum.accumulate(log_decay)
    later = np.minimum(np.searchsorted(fallen, fallen + DELAY), len(fallen) - 1)
    return np.asarray(SHARE * np.maximum.accumulate(distance)[later])


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
