"""The path of the deep equilibrium linear model under gradient flow, at its checked times.

Every theorem gets what the flow itself is judged by: the excess, its gradients, the energy integrals and
their rounding. For all else a theorem passes an observer of its own, which looks at the path as it goes by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.flow import FlowPoint
from verify.linear_deq.following import decay_time, follow
from verify.linear_deq.model import LinearState, one_norm
from verify.linear_deq.problem import STORED_BYTES, LinearProblem
from verify.numerics.quadrature import graded_times

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sight:
    """The model at a checked time.

    point      what the integrator knows of that time
    state      the model
    excess     E = L - L*
    g          G = grad L_0(Q), (m_y, m)
    gradients  (dL/dA, dL/dB)
    """

    point: FlowPoint
    state: LinearState
    excess: float
    g: Array
    gradients: tuple[Array, Array]


#: Looks at the model at each checked time, in order.
Observer = Callable[[Sight], None]

#: Whether to follow the path further.
Within = Callable[[LinearState], bool]


@dataclass(frozen=True)
class LinearPath:
    """The flow at the checked times, k of them, and at those s of them whose parameters are stored.

    problem                what was followed
    thetas                 parameters, (s, size)
    stored_times           (s,), flow time
    right_hand_sides       evaluated in all
    fastest                the decay time of the excess at the start
    left_at                when the path left where it was to be followed; None if it did not
    times                  (k,), flow time
    excess                 (k,), E = L - L*
    energy                 (k,), ``int ||grad L||^2``
    log_energy             (k,), ``int ||grad L||^2 / E``
    steps                  (k,), integrator steps so far
    gradient_norm          (k,), ``||grad L||`` in (A, B)
    shallow_gradient_norm  (k,), ``||G||_F`` for G = grad L_0(Q)
    map_norm               (k,), ``||Q||_1``
    gradient_rounding      (k,), absolute rounding error of G
    excess_rounding        (k,), relative rounding error of the excess
    """

    problem: LinearProblem
    thetas: Array
    stored_times: Array
    right_hand_sides: int
    fastest: float
    left_at: float | None
    times: Array
    excess: Array
    energy: Array
    log_energy: Array
    steps: Array
    gradient_norm: Array
    shallow_gradient_norm: Array
    map_norm: Array
    gradient_rounding: Array
    excess_rounding: Array

    @property
    def log_decay(self) -> Array:
        """``log(E(0) / E(t))`` (k,)."""
        return np.log(self.excess[0] / self.excess)

    @property
    def energy_residual(self) -> Array:
        """Twice the distance (k,) of ``log(E(0)/E(t))`` and ``int ||grad L||^2 / E``, the largest so far.

        Twice, since the integral has a quadrature error of its own that could hide part of the distance.
        """
        return 2 * np.maximum.accumulate(np.abs(self.log_decay - self.log_energy))

    @property
    def log_energy_rounding(self) -> Array:
        """Rounding error (k,) of ``log_energy`` that comes from the gradient and from the excess."""
        relative = 2 * self.gradient_rounding / self.shallow_gradient_norm + self.excess_rounding
        return np.cumsum(relative * np.abs(np.diff(self.log_energy, prepend=0.0)))

    @property
    def reached_floor(self) -> bool:
        """Whether the flow was stopped where rounding blurs the excess."""
        return self.left_at is None and bool(self.times[-1] < (1 - 1e-9) * self.problem.horizon)

    @property
    def maps(self) -> Array:
        """Q (k, m_y, m) at the stored times."""
        return np.array([self.problem.model.at(theta).q for theta in self.thetas])

    @property
    def arrays(self) -> Mapping[str, Array]:
        """What `trajectory.npz` holds; A and B belong to `stored_times`."""
        problem = self.problem
        parameters = [problem.model.unpack(theta) for theta in self.thetas]
        return {
            "features": problem.features,
            "targets": problem.targets,
            "gamma": np.asarray(problem.model.gamma),
            "times": self.times,
            "loss": problem.objective.optimal_value + self.excess,
            "excess_loss": self.excess,
            "energy": self.energy,
            "log_energy": self.log_energy,
            "energy_residual": self.energy_residual,
            "gradient_norm": self.gradient_norm,
            "shallow_gradient_norm": self.shallow_gradient_norm,
            "map_norm": self.map_norm,
            "stored_times": self.stored_times,
            "A": np.array([a for a, _ in parameters]),
            "B": np.array([b for _, b in parameters]),
        }

    @property
    def notes(self) -> Sequence[str]:
        """What a reader must know of the flow."""
        if not self.reached_floor:
            return self.problem.notes
        floor = (
            f"at time {self.times[-1]:.4g} the excess loss, {self.excess[-1]:.3g}, met the floor that "
            f"rounding sets; nothing is checked from there to the horizon {self.problem.horizon:.4g}"
        )
        return [*self.problem.notes, floor]

    @property
    def counts(self) -> Mapping[str, int]:
        return {"right_hand_sides": self.right_hand_sides, "integrator_steps": int(self.steps[-1])}


def linear_path(
    problem: LinearProblem,
    progress: Callable[[float], None],
    observe: Observer = lambda sight: None,
    within: Within = lambda state: True,
) -> LinearPath:
    """Follow the flow of `problem` as long as `within` holds, and observe it at its checked times.

    `progress` is told the share of them that is done. Raises FlowError when the integrator fails.
    """
    model, objective = problem.model, problem.objective
    fastest = decay_time(problem)
    rows: list[dict[str, float]] = []
    kept: list[tuple[float, Array]] = []
    keep_all = problem.theta.nbytes * problem.points <= STORED_BYTES
    left_at = None
    for point in follow(problem, graded_times(problem.horizon, fastest, problem.points)):
        state = model.at(point.theta)
        if not within(state):
            left_at = point.time
            break
        excess, g = objective.excess_and_gradient(state.q)
        if excess <= 0:
            break  # nothing but rounding is left
        sight = Sight(point, state, excess, g, state.gradients(g))
        observe(sight)
        rows.append(_row(problem, sight))
        if keep_all or point.time == 0:
            kept.append((point.time, point.theta))
        last = point
        progress(len(rows) / problem.points)
    if kept[-1][0] < last.time:
        kept.append((last.time, last.theta))
    return LinearPath(
        problem,
        np.array([theta for _, theta in kept]),
        np.array([time for time, _ in kept]),
        last.right_hand_sides,
        fastest,
        left_at,
        **columns(rows),
    )


def columns(rows: Sequence[Mapping[str, float]]) -> dict[str, Array]:
    """Rows of numbers as columns (k,), by name."""
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


def _row(problem: LinearProblem, sight: Sight) -> dict[str, float]:
    q, objective, point = sight.state.q, problem.objective, sight.point
    return {
        "times": point.time,
        "excess": sight.excess,
        "energy": point.energy,
        "log_energy": point.log_energy,
        "steps": point.steps,
        "gradient_norm": float(np.sqrt(sum(np.vdot(part, part) for part in sight.gradients))),
        "shallow_gradient_norm": float(np.linalg.norm(sight.g)),
        "map_norm": one_norm(q),
        "gradient_rounding": objective.gradient_rounding(q, problem.map_error),
        "excess_rounding": objective.excess_rounding(q, problem.map_error),
    }
