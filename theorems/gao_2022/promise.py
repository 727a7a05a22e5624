"""What the explicit theorems promise of a start, and how near labels must be for it.

All of it is decided by numbers of time 0: the network, and the distance ||r(0)|| of the labels from its
outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.box import Box, Reach
from theorems.gao_2022.problem import GaoProblem
from theorems.gao_2022.smooth import Smooth
from verify.relu_deq.problem import LeastSquares, default_horizon, residual_rounding

Array = NDArray[np.float64]

#: Largest step of the explicit theorem on descent, in units of the limit of stability 2/lambda_max(H(0)).
SHARE_OF_STABLE = 0.95

#: Labels are taken at this part of the distance from yhat(0) that was found to be small enough: promises are
#: not made on their border.
INSIDE = 0.5

#: Halvings of the distance in the search of labels near enough.
HALVINGS = 60

#: Labels so near that ||r(0)||^2 is known no better than this are of no use.
COARSEST = 3e-3


@dataclass(frozen=True)
class Lazy:
    """A path that stays where no gate changes.

    reach    distances of A, W, u and v from their start that it keeps margins  of the units of phi and of z,
    over how far their arguments can move: both above 1 rate     of the flow: ``lambda_min(H) >= rate``; of
    descent, what a step takes off ``||r||``, as a part of it apart    bound of ``||J J'^T - H(0)||`` for any
    two points there
    """

    reach: Reach
    margins: tuple[float, float]
    rate: float
    apart: float


@dataclass(frozen=True)
class Promise:
    """What is promised of training from one start with labels at one distance; None where nothing is.

    box      bounds around the start
    smooth   bounds where no gate changes
    step     step of descent of which `descent` speaks
    lemma    a reach in which lambda_min(G) > lambda_0/2, and which the flow cannot leave
    flow     the flow where no gate changes
    descent  descent where no gate changes
    """

    box: Box
    smooth: Smooth
    step: float
    lemma: Reach | None
    flow: Lazy | None
    descent: Lazy | None

    @property
    def kept(self) -> bool:
        """Whether all is promised."""
        return None not in (self.lemma, self.flow, self.descent)


@dataclass(frozen=True)
class Promises:
    """Promises of one start, by the distance of the labels."""

    box: Box
    smooth: Smooth
    lambda_0: float

    @classmethod
    def of(cls, problem: GaoProblem) -> Promises:
        """Those of a network at its start."""
        return cls(Box.of(problem), Smooth.of(problem), problem.lambda_0)

    @property
    def step(self) -> float:
        """The step of descent that promises are made for: the best on a quadratic, if not too close to
        unstable."""
        lowest, *_, highest = map(float, self.smooth.eigenvalues)
        return min(SHARE_OF_STABLE * 2 / highest, 2 / (lowest + highest))

    def at(self, residual: float) -> Promise:
        """What is promised where ``||r(0)|| = residual``."""
        return Promise(
            self.box,
            self.smooth,
            self.step,
            self.lemma(residual),
            self.flow(residual),
            self.descent(residual),
        )

    def lemma(self, residual: float) -> Reach | None:
        """Lemma 3.5 with constants: a reach that the flow cannot leave, in which its item (i) holds."""
        if not 0 < self.lambda_0 < np.inf:
            return None
        reach = self.box.reach(self.lambda_0 / 2, residual)
        return reach if reach and self.box.gram_root(reach) ** 2 > self.lambda_0 / 2 else None

    def flow(self, residual: float) -> Lazy | None:
        """The flow, where no gate changes."""
        reach = self.smooth.flow_reach(residual)
        return self._lazy(reach, self.smooth.rate(reach), residual) if reach else None

    def descent(self, residual: float) -> Lazy | None:
        """Descent with the step of promises, where no gate changes."""
        reach = self.smooth.descent_reach(self.step, residual)
        if reach is None:
            return None
        lost = 1 - self.smooth.factor(self.step, reach)
        return self._lazy(reach, lost, self.step * residual)

    def _lazy(self, reach: Reach, rate: float, length: float) -> Lazy | None:
        margins = self.smooth.margins(reach, length / rate)
        return Lazy(reach, margins, rate, self.smooth.kernel_moved(reach)) if min(margins) > 1 else None

    def near_enough(self, farthest: float, closest: float) -> float:
        """A distance up to `farthest` at which all is promised, or at least the lemma; else 0.

        Distances below `closest` are not tried.
        """
        tried = [distance for k in range(HALVINGS) if (distance := farthest * 0.5**k) * INSIDE >= closest]
        return INSIDE * next(
            (d for d in tried if self.at(d).kept), next((d for d in tried if self.lemma(d)), 0.0)
        )


def closest_labels(problem: GaoProblem) -> float:
    """The distance from yhat(0) at which ``||r(0)||^2`` is known to `COARSEST`."""
    at = LeastSquares(problem.start, problem.targets, problem.tolerance)
    return residual_rounding(problem, at) * problem.initial_residual / COARSEST


def refuting_distance(problem: GaoProblem) -> float:
    """Half the distance from yhat(0) below which all printed bounds of u and v fail at the start.

    The loosest of them, of Lemma 3.6, is ``||u|| <= (32 c sqrt(n)/lambda_0) ||r(0)||``, and ``||u(0)|| =
    sqrt(m)``.
    """
    c, n = problem.norm_constant, problem.samples
    return float(0.5 * np.sqrt(problem.width) * problem.lambda_0 / (32 * c * np.sqrt(n)))


def near_labels(problem: GaoProblem, promises: Promises, points: int) -> GaoProblem:
    """Labels so close to yhat(0) that the explicit theorems speak, in the direction of those at hand.

    They also meet the condition of Lemma 3.5 on the width with C = 1. Where rounding leaves no distance at
    which the explicit lemma speaks they are as close as that condition asks.
    """
    c, n = problem.norm_constant, problem.samples
    condition = np.sqrt(problem.width * problem.lambda_0**3 / n) / (c * problem.input_norm)
    farthest = float(min(refuting_distance(problem), condition))
    distance = promises.near_enough(farthest, closest_labels(problem)) or farthest
    away = problem.start.output - problem.targets
    targets = problem.start.output - distance * away / np.linalg.norm(away)
    # Longer, and rounding would be all that is left of a residual so small.
    horizon = min(problem.horizon, default_horizon(promises.smooth.eigenvalues))
    return replace(problem, targets=targets, points=points, horizon=horizon)
