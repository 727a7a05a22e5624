"""Gradient flow of the deep equilibrium linear model, observed at every checked time.

The observations are what the proof of Kawaguchi's Theorem 1 speaks of: the excess, the gradient of
the shallow objective, the spectrum of D, and derivatives along the flow taken by complex step.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from verify.flow import FlowPoint
from verify.flow.cvode import cvode
from verify.flow.descent import descent
from verify.flow.runge_kutta import runge_kutta
from verify.flow.scaled import (
    LENGTH_FRACTION,
    MAXIMUM_STEPS,
    SEGMENT_DROP,
    StepperFactory,
    integrate,
    log_energy_tolerance,
)
from verify.linear_deq.gauss_newton import PRECONDITION_UP_TO, GaussNewton
from verify.linear_deq.model import DeepEquilibriumLinear, State, linear_map
from verify.linear_deq.spectrum import Eigenvalue, FlowOperator, smallest_eigenvalue_floors
from verify.losses import EPS, ShallowObjective
from verify.numerics.differentiation import directional_derivative
from verify.numerics.quadrature import cumulative_integral, graded_times
from verify.theorem.errors import HypothesisError, InputError

Array = NDArray[np.float64]

Integrator = Literal["cvode", "runge-kutta", "descent"]

#: The excess is followed until rounding blurs it by this much, relatively.
EXCESS_RESOLUTION = 1e-2

#: Descent steps per shortest time scale of the flow at its start; it is stable from 1/2 on.
DESCENT_STEPS_PER_SCALE = 20

#: An adaptive method holds its estimate of the step error to the tolerance, not the error itself.
STEP_ERROR_SAFETY = 10

#: Widths up to which one BLAS thread is fastest.
SINGLE_THREAD_UP_TO = 256

#: Largest trajectory stored whole, in bytes; above it only the first and the last parameters are.
STORED_BYTES = 50 * 2**20


@dataclass(frozen=True)
class LinearStart:
    """A model at its start, with its data; there may be an objective that the theorems say nothing of.

    `theta` (size,) holds A and B at time 0; `seed` starts the random vectors of the checks.
    """

    model: DeepEquilibriumLinear
    objective: ShallowObjective | None
    features: Array
    targets: Array
    theta: Array
    seed: int


@dataclass(frozen=True)
class LinearProblem(LinearStart):
    """A start, an objective and how to follow the flow from it.

    `horizon` is flow time; `attained` says that targets were made so that the path attains the bound of
    Theorem 1; `described` names loss, tau and data for the record.
    """

    objective: ShallowObjective
    horizon: float
    points: int
    rtol: float
    integrator: Integrator
    attained: bool = False
    described: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def effective(self) -> Mapping[str, Any]:
        """The values that the run is made with."""
        radius = self.objective.radius
        return {
            "m": self.model.width,
            "n": self.features.shape[1],
            "m_y": self.model.outputs,
            "gamma": self.model.gamma,
            "R": radius if np.isfinite(radius) else None,
            "T": self.horizon,
            **self.described,
        }

    @property
    def threads(self) -> int:
        """One BLAS thread for small models: with two, NumPy's and SciPy's pools fight over the cores."""
        return 1 if self.model.width <= SINGLE_THREAD_UP_TO else os.cpu_count() or 1

    @property
    def map_error(self) -> float:
        """Relative rounding error of Q: the backward error of a solve times ``kappa_1(U)``."""
        return 4 * EPS * self.conditioning

    @property
    def conditioning(self) -> float:
        """``kappa_1(U) <= (1 + gamma) / (1 - gamma)``."""
        return (1 + self.model.gamma) / (1 - self.model.gamma)

    @property
    def identity_rounding(self) -> float:
        """Relative rounding of an identity between products of U^{-1}, summed over m entries."""
        return 100 * EPS * np.sqrt(self.model.width) * self.conditioning**2


@dataclass(frozen=True)
class LinearTrajectory:
    """Observations at the checked times, each (k,), up to `left_at`, when the path left the radius.

    excess: L - L*; energy, log_energy: the two energy integrals; steps: integrator steps so far;
    gradient_norm: ``||grad L||`` in (A, B); shallow_gradient_norm: ``||G||_F``, G = grad L_0(Q);
    map_norm: ``||Q||_1``; excess_rounding: relative rounding error of the excess;
    lambda_min, lambda_error, certified: smallest eigenvalue of D, its error, whether certified;
    asymmetry: ``|<x, D y> - <D x, y>|`` for random unit x, y, relative to ``||D y||``;
    chain_rule_gap: ``||dQ/dt + D G|| / ||dQ/dt||``, dQ/dt by complex step along the flow;
    map_speed: ``||dQ/dt||_F``; gradient_rounding, analytic_rounding: absolute rounding errors of G and
    of a complex-step derivative of the loss for each unit of speed;
    dissipation: ``-dL/dt`` by complex step; quadratic_form: ``vec(G)^T D vec(G)``.
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
    map_speed: Array
    gradient_rounding: Array
    analytic_rounding: Array
    excess_rounding: Array
    lambda_min: Array
    lambda_error: Array
    certified: Array
    asymmetry: Array
    chain_rule_gap: Array
    dissipation: Array
    quadratic_form: Array

    @property
    def log_decay(self) -> Array:
        """``log(E(0) / E(t))`` (k,)."""
        return np.log(self.excess[0] / self.excess)

    @property
    def energy_residual(self) -> Array:
        """Distance (k,) of ``log(E(0)/E(t))`` to ``int ||grad L||^2 / E``, the largest so far.

        Twice the residual, since the integral carries a quadrature error of its own that could hide
        part of it.
        """
        return 2 * np.maximum.accumulate(np.abs(self.log_decay - self.log_energy))

    @property
    def promised_residual(self) -> Array:
        """The largest energy residual (k,) that the integrator's tolerance allows.

        A step of an adaptive method errs by at most ``rtol sqrt(N)`` in scaled coordinates (its error
        norm is a mean over N parameters), which changes log E by that times the scale over the length
        ``E / ||grad L||``, both as they are; lengths shrink with sqrt(E) within a segment. The integral
        of ``||grad L||^2 / E`` has a tolerance of its own. A descent step of size h and curvature at
        most 1/(20 h) errs by 1/40 of its own decay.
        """
        if self.problem.integrator == "descent":
            return self.log_energy / DESCENT_STEPS_PER_SCALE
        rtol, size = self.problem.rtol, self.problem.theta.size
        length = self.excess / self.gradient_norm
        smallest = self.problem.map_error / rtol
        scale = np.maximum(LENGTH_FRACTION / np.sqrt(SEGMENT_DROP), smallest / length)
        scale += log_energy_tolerance(length, smallest)
        return STEP_ERROR_SAFETY * self.steps * rtol * np.sqrt(size) * np.maximum.accumulate(scale)

    @property
    def dissipation_rounding(self) -> Array:
        """Absolute rounding error (k,) of dL/dt: that of the gradient times the speed of Q."""
        return (self.gradient_rounding + self.analytic_rounding) * self.map_speed

    @property
    def identity_rounding(self) -> Array:
        """Relative rounding (k,) of identities with D, whose blocks are sums of terms up to ``||Q||^2``
        that cancel to what may be as little as the identity."""
        return self.problem.identity_rounding * (1 + self.map_norm**2)

    @property
    def log_energy_rounding(self) -> Array:
        """Rounding error (k,) of ``log_energy``, through that of the gradient."""
        relative = 2 * self.gradient_rounding / self.shallow_gradient_norm
        return np.cumsum(relative * np.diff(self.log_energy, prepend=0.0))

    @property
    def integrated_lambda(self) -> tuple[Array, Array]:
        """``int_0^t lambda_min(D)`` (k,) and its error, of quadrature and of the eigenvalues."""
        value, quadrature = cumulative_integral(self.times, self.lambda_min, self.fastest)
        eigenvalue, _ = cumulative_integral(self.times, self.lambda_error, self.fastest)
        return value, quadrature + np.abs(eigenvalue)

    @property
    def reached_floor(self) -> bool:
        """Whether the flow was stopped where rounding blurs the excess."""
        return self.left_at is None and bool(self.times[-1] < (1 - 1e-9) * self.problem.horizon)

    @property
    def arrays(self) -> Mapping[str, Array]:
        """What `trajectory.npz` holds; A and B belong to `stored_times`."""
        problem = self.problem
        maps = [problem.model.unpack(theta) for theta in self.thetas]
        return {
            "features": problem.features,
            "targets": problem.targets,
            "gamma": np.asarray(problem.model.gamma),
            "times": self.times,
            "loss": problem.objective.optimal_value + self.excess,
            "excess_loss": self.excess,
            "lambda_min": self.lambda_min,
            "energy": self.energy,
            "log_energy": self.log_energy,
            "energy_residual": self.energy_residual,
            "integrated_lambda_min": self.integrated_lambda[0],
            "integrated_lambda_error": self.integrated_lambda[1],
            "gradient_norm": self.gradient_norm,
            "shallow_gradient_norm": self.shallow_gradient_norm,
            "map_norm": self.map_norm,
            "stored_times": self.stored_times,
            "A": np.array([a for a, _ in maps]),
            "B": np.array([b for _, b in maps]),
        }

    @property
    def rates(self) -> Mapping[str, float]:
        """Mean rates over the checked horizon, of log(L - L*) in flow time."""
        if len(self.times) < 2:
            return {}
        end, kappa = self.times[-1], self.problem.objective.pl_constant
        guaranteed = 2 * kappa * self.integrated_lambda[0][-1] / end
        measured = self.log_decay[-1] / end
        width, gamma = self.problem.model.width, self.problem.model.gamma
        return {
            "measured": measured,
            "guaranteed": guaranteed,
            "tightness": measured / guaranteed,
            "guaranteed by lambda_T": 2 * kappa * self.lambda_min.min(),
            "guaranteed a priori": 2 * kappa * max(smallest_eigenvalue_floors(width, gamma)),
            "kappa": kappa,
            "lambda_T": self.lambda_min.min(),
            "horizon": self.problem.horizon,
            "checked until": end,
        }

    @property
    def notes(self) -> Sequence[str]:
        notes = list(self.problem.notes)
        if self.left_at is not None:
            notes.append(
                f"the path leaves the radius R = {self.problem.objective.radius:.4g} by time "
                f"{self.left_at:.4g}; the theorem speaks, and is checked, until {self.times[-1]:.4g}"
            )
        if self.reached_floor:
            notes.append(
                f"at time {self.times[-1]:.4g} the excess loss, {self.excess[-1]:.3g}, met the floor that "
                f"rounding sets; nothing is checked from there to the horizon {self.problem.horizon:.4g}"
            )
        uncertain = len(self.times) - int(self.certified.sum())
        if uncertain:
            kind = "the first, the worst and the last" if self.certified.any() else "none"
            notes.append(
                f"lambda_min(D) has a Cholesky certificate at {kind} of the times; at the others Lanczos "
                "may have missed a smaller eigenvalue, which would make the claim harder, not easier"
            )
        return notes

    @property
    def counts(self) -> Mapping[str, int]:
        return {
            "right_hand_sides": self.right_hand_sides,
            "integrator_steps": int(self.steps[-1]),
            "eigenvalues": len(self.times),
            "certified_eigenvalues": int(self.certified.sum()),
        }


def train(problem: LinearProblem, progress: Callable[[float], None]) -> LinearTrajectory:
    """Follow the flow of `problem` and observe it at its checked times.

    `progress` is told the share of them that is done. Raises FlowError when the integrator fails.
    """
    model, objective = problem.model, problem.objective
    fastest = _fastest(problem)
    observe = _Observer(problem)
    kept: list[tuple[float, Array]] = []
    keep_all = problem.theta.nbytes * problem.points <= STORED_BYTES
    left_at = None
    for point in _follow(problem, graded_times(problem.horizon, fastest, problem.points)):
        q = model.at(point.theta).q
        if one_norm(q) >= objective.radius:
            left_at = point.time
            break
        if objective.excess_and_gradient(q)[0] <= 0:
            break  # nothing but rounding is left
        observe(point)
        if keep_all or point.time == 0:
            kept.append((point.time, point.theta))
        last = point
        progress(len(observe) / problem.points)
    if left_at is not None and last.time == 0:
        raise HypothesisError(
            f"the path leaves the radius R = {objective.radius:.4g} before the first checked time "
            f"{left_at:.3g}: use a larger --radius, or --radius auto"
        )
    if kept[-1][0] < last.time:
        kept.append((last.time, last.theta))
    return LinearTrajectory(
        problem,
        np.array([theta for _, theta in kept]),
        np.array([time for time, _ in kept]),
        last.right_hand_sides,
        fastest,
        left_at,
        **observe.columns(),
    )


def largest_map_norm(problem: LinearProblem) -> tuple[float, float]:
    """The largest ``||Q_t||_1`` along the flow of `problem`, and the last time, which is before the
    horizon where rounding ends the flow. Eight times as many points as are checked meet every peak."""
    largest = end = 0.0
    for point in _follow(problem, graded_times(problem.horizon, _fastest(problem), 8 * problem.points)):
        largest = max(largest, one_norm(problem.model.at(point.theta).q))
        end = point.time
    return largest, end


def one_norm(q: Array) -> float:
    """``||Q||_1``, induced: the largest column sum of absolute values."""
    return float(np.abs(q).sum(axis=0).max())


def _fastest(problem: LinearProblem) -> float:
    """The decay time of the excess at the start; HypothesisError where nothing is left to decay."""
    start = problem.model.at(problem.theta)
    excess, g = problem.objective.excess_and_gradient(start.q)
    squared_gradient = sum(float(np.vdot(d, d)) for d in start.gradients(g))
    if excess <= 0 or squared_gradient == 0:
        raise HypothesisError(
            "Q(0) is optimal already, to rounding: there is nothing to converge; use --seed 1"
        )
    return min(problem.horizon, excess / squared_gradient)


def _follow(problem: LinearProblem, times: Array) -> Iterator[FlowPoint]:
    """The flow at `times`, until rounding blurs the excess or the gradient by `EXCESS_RESOLUTION`."""
    model, objective = problem.model, problem.objective
    start = model.at(problem.theta)
    excess, _ = objective.excess_and_gradient(start.q)
    rounding = objective.excess_rounding(start.q, problem.map_error)
    # The excess is quadratic in the distance to the optimum, hence the square. And an excess over an
    # optimum that is itself less certain than that would say nothing.
    smallest = excess * min(1.0, rounding / EXCESS_RESOLUTION) ** 2
    smallest = max(smallest, objective.optimum_error / EXCESS_RESOLUTION)

    def velocity(theta: Array) -> tuple[Array, float]:
        state = model.at(theta)
        excess, g = objective.excess_and_gradient(state.q)
        blurred = not resolvable_excess(objective, state.q, g, problem.map_error)
        return model.pack(*state.gradients(g)), 0.0 if blurred else excess

    return integrate(
        velocity, problem.theta, times, smallest, _stepper(problem, start), problem.map_error / problem.rtol
    )


def resolvable_excess(objective: ShallowObjective, w: Array, gradient: Array, map_error: float) -> bool:
    """Whether rounding leaves `EXCESS_RESOLUTION` of the gradient (m_y, m) at W."""
    rounding = objective.gradient_rounding(w, map_error)
    return rounding <= EXCESS_RESOLUTION * float(np.linalg.norm(gradient))


def _stepper(problem: LinearProblem, start: State) -> StepperFactory:
    if problem.integrator == "cvode":
        functions = problem.objective.curvature_factor(start.q).shape[1] * problem.model.outputs
        if functions > PRECONDITION_UP_TO:
            return cvode(problem.rtol)
        return cvode(problem.rtol, GaussNewton(problem.model, problem.objective))
    if problem.integrator == "runge-kutta":
        return runge_kutta(problem.rtol)
    curvature = problem.objective.smoothness * FlowOperator(start).largest_eigenvalue()
    size = 1 / (DESCENT_STEPS_PER_SCALE * curvature)
    affordable = MAXIMUM_STEPS * size
    if problem.horizon > affordable:
        raise InputError(
            f"--integrator descent needs {problem.horizon / size:.2g} steps of {size:.2g} to reach the "
            f"horizon {problem.horizon:.3g}: use --horizon {affordable:.2g} or less, or --integrator cvode"
        )
    return descent(size)


class _Observer:
    """Turns flow points into the columns of a `LinearTrajectory`."""

    def __init__(self, problem: LinearProblem) -> None:
        self._problem = problem
        self._random = np.random.default_rng(problem.seed)
        self._rows: list[dict[str, float]] = []
        self._vector = np.zeros((problem.model.width, problem.model.outputs))
        # The first, the worst and the last operator so far: their eigenvalues get a certificate.
        self._marked: dict[str, tuple[int, FlowOperator, Eigenvalue]] = {}

    def __call__(self, point: FlowPoint) -> None:
        problem = self._problem
        state = problem.model.at(point.theta)
        objective = problem.objective
        excess, g = objective.excess_and_gradient(state.q)
        d_a, d_b = state.gradients(g)
        operator = FlowOperator(state)
        d_g = operator.apply(g.T).T
        eigenvalue = self._smallest_eigenvalue(operator)
        map_velocity = directional_derivative(
            lambda a, b: linear_map(a, b, problem.model.gamma), (state.a, state.b), (-d_a, -d_b)
        )
        excess_velocity = directional_derivative(
            lambda a, b: objective.analytic_excess(linear_map(a, b, problem.model.gamma)),
            (state.a, state.b),
            (-d_a, -d_b),
        )
        x, y = (self._random.standard_normal(operator.shape) for _ in range(2))
        d_y = operator.apply(y)
        self._rows.append(
            {
                "times": point.time,
                "excess": excess,
                "energy": point.energy,
                "log_energy": point.log_energy,
                "steps": point.steps,
                "gradient_norm": float(np.sqrt(np.vdot(d_a, d_a) + np.vdot(d_b, d_b))),
                "shallow_gradient_norm": float(np.linalg.norm(g)),
                "map_norm": one_norm(state.q),
                "gradient_rounding": objective.gradient_rounding(state.q, problem.map_error),
                "analytic_rounding": objective.analytic_rounding(state.q),
                "map_speed": float(np.linalg.norm(map_velocity)),
                "excess_rounding": objective.excess_rounding(state.q, problem.map_error),
                "asymmetry": abs(float(np.vdot(x, d_y) - np.vdot(operator.apply(x), y)))
                / float(np.linalg.norm(x) * np.linalg.norm(d_y)),
                "chain_rule_gap": float(np.linalg.norm(map_velocity + d_g) / np.linalg.norm(map_velocity)),
                "dissipation": -float(excess_velocity),
                "quadratic_form": float(np.vdot(g, d_g)),
                **_eigenvalue_row(eigenvalue),
            }
        )

    def __len__(self) -> int:
        return len(self._rows)

    def columns(self) -> dict[str, Array]:
        """Every column (k,), the marked eigenvalues certified where that is affordable."""
        for index, operator, found in self._marked.values():
            self._rows[index] |= _eigenvalue_row(operator.certify(found))
        return {name: np.array([row[name] for row in self._rows], dtype=float) for name in self._rows[0]}

    def _smallest_eigenvalue(self, operator: FlowOperator) -> Eigenvalue:
        # The last eigenvector is a good start but could hide another; the random part cannot.
        noise = self._random.standard_normal(operator.shape)
        start = self._vector + 0.1 * noise / np.linalg.norm(noise)
        found = operator.smallest_eigenvalue(start)
        self._vector = found.vector
        index = len(self._rows)
        for mark in ("first", "worst", "last"):
            known = self._marked.get(mark)
            if known is None or mark == "last" or (mark == "worst" and found.value < known[2].value):
                self._marked[mark] = (index, operator, found)
        return found


def _eigenvalue_row(found: Eigenvalue) -> dict[str, float]:
    return {
        "lambda_min": found.value,
        "lambda_error": found.error,
        "certified": float(found.certified),
    }
