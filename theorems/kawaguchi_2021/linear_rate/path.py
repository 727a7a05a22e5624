"""The path of Theorem 1: the flow, and at every checked time what each step of the proof speaks of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from theorems.kawaguchi_2021.linear_rate.problem import RateProblem, witness
from verify.linear_deq.accuracy import PathError, path_error
from verify.linear_deq.model import linear_map, one_norm
from verify.linear_deq.path import LinearPath, Sight, columns, linear_path
from verify.linear_deq.shallow import shallow_path
from verify.linear_deq.spectrum import (
    Eigenvalue,
    FlowOperator,
    asymmetry,
    chain_rule_gap,
    operator_terms,
    smallest_eigenvalue_floors,
)
from verify.losses import Array
from verify.numerics.differentiation import directional_derivative
from verify.numerics.quadrature import cumulative_integral
from verify.theorem.errors import HypothesisError

#: Up to this many rows D is made and decomposed, as a second opinion.
DENSE_ROWS = 400

#: Its smallest eigenvalue is left out where rounding, relative to the largest, is more than this of it.
DENSE_ROUNDING = 1e-4


@dataclass(frozen=True)
class RatePath(LinearPath):
    """The flow up to where it leaves the radius, if it does; k checked times, s stored ones.

    problem            what was followed
    lambda_min         (k,), smallest eigenvalue of D
    lambda_error       (k,), its error
    certified          (k,), whether no smaller eigenvalue can exist; see `Eigenvalue`
    asymmetry          (k,), ``|<x, D y> - <D x, y>| / (||x|| ||D y||)`` for random x and y
    chain_rule_gap     (k,), ``||dQ/dt + D G|| / ||dQ/dt||``, dQ/dt by complex step along the flow
    map_speed          (k,), ``||dQ/dt||_F``
    dissipation        (k,), ``-dL/dt``, by complex step
    quadratic_form     (k,), ``vec(G)^T D vec(G)``
    analytic_rounding  (k,), absolute rounding error of a complex-step derivative of the loss, for Q moving
                       at speed 1
    shallow            (s, m_y, m), the flow of the shallow model from the same Q(0), at the stored times
    error              of the integrator, from a second run

    The other fields are those of `LinearPath`.
    """

    problem: RateProblem
    lambda_min: Array
    lambda_error: Array
    certified: Array
    asymmetry: Array
    chain_rule_gap: Array
    map_speed: Array
    dissipation: Array
    quadratic_form: Array
    analytic_rounding: Array
    shallow: Array
    error: PathError

    @property
    def dissipation_rounding(self) -> Array:
        """Absolute rounding error (k,) of dL/dt: the rounding error of the gradient times the speed of Q."""
        return (self.gradient_rounding + self.analytic_rounding) * self.map_speed

    @property
    def identity_rounding(self) -> Array:
        """Relative rounding error (k,) of identities with D.

        The blocks of D are sums with terms up to ``||Q||^2``, which may cancel down to the identity.
        """
        return self.problem.identity_rounding * (1 + self.map_norm**2)

    @property
    def integrated_lambda(self) -> tuple[Array, Array]:
        """``int_0^t lambda_min(D)`` (k,) and its error, of quadrature and of the eigenvalues."""
        value, quadrature = cumulative_integral(self.times, self.lambda_min, self.fastest)
        eigenvalue, _ = cumulative_integral(self.times, self.lambda_error, self.fastest)
        return value, quadrature + np.abs(eigenvalue)

    @cached_property
    def dense_eigenvalues(self) -> Mapping[int, tuple[float, float]]:
        """``lambda_min`` of D as printed at the first, the worst and the last time, by their index.

        Each with its relative rounding error. Empty where D has more rows than `DENSE_ROWS`. Times whose
        parameters are not stored, or where rounding of D blurs its smallest eigenvalue, are left out.
        """
        model, found = self.problem.model, {}
        if model.width * model.outputs > DENSE_ROWS:
            return {}
        for index in sorted({0, int(np.argmin(self.lambda_min)), len(self.times) - 1}):
            for theta in self.thetas[self.stored_times == self.times[index]]:
                first, second, _ = operator_terms(model.at(theta))
                spectrum = np.linalg.eigvalsh(first + model.gamma**2 * second)
                rounding = self.problem.identity_rounding * float(spectrum[-1] / abs(spectrum[0]))
                if rounding < DENSE_ROUNDING:
                    found[index] = float(spectrum[0]), rounding
        return found

    @property
    def advice(self) -> str:
        """What to change where the integrated statements cannot be decided."""
        if len(self.times) > 1:
            return "tighten --rtol, add --points, or lower --horizon"
        return (
            f"the excess at the start, {self.excess[0]:.2g}, is too small to follow, since rounding and the "
            "error of L* hide its decay: use another --seed or a larger --tau or --alignment"
        )

    @property
    def distance(self) -> Array:
        """``||Q_t - W_t||_F / ||W_t||_F`` (s,) at the stored times, W the shallow model."""
        return np.linalg.norm(self.maps - self.shallow, axis=(1, 2)) / np.linalg.norm(
            self.shallow, axis=(1, 2)
        )

    @property
    def arrays(self) -> Mapping[str, Any]:
        """What `trajectory.npz` holds."""
        found = witness(self.problem)
        ends = {}
        if found is not None:
            a, b = zip(*(self.problem.model.unpack(end) for end in found.ends), strict=True)
            ends = {"nonconvex_A": np.array(a), "nonconvex_B": np.array(b)}
        integral, error = self.integrated_lambda
        return {
            **super().arrays,
            "lambda_min": self.lambda_min,
            "lambda_error": self.lambda_error,
            "integrated_lambda_min": integral,
            "integrated_lambda_error": error,
            "asymmetry": self.asymmetry,
            "chain_rule_gap": self.chain_rule_gap,
            "dissipation": self.dissipation,
            "quadratic_form": self.quadratic_form,
            "shallow_W": self.shallow,
            "log_energy_error": self.error.log,
            "energy_error": self.error.energy,
            **ends,
        }

    @property
    def rates(self) -> Mapping[str, float]:
        """Mean rates over the checked horizon, of log(L - L*) in flow time."""
        bias = {"implicit bias: ||Q - W|| / ||W|| at the end": float(self.distance[-1])}
        if len(self.times) < 2:
            return bias
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
            **bias,
        }

    @property
    def counts(self) -> Mapping[str, int]:
        """Work done."""
        return {
            **super().counts,
            "eigenvalues": len(self.times),
            "certified_eigenvalues": int(self.certified.sum()),
        }

    @property
    def notes(self) -> Sequence[str]:
        """What a reader must know of the path and of its eigenvalues."""
        notes = list(super().notes)
        if self.left_at is not None:
            notes.append(
                f"the path leaves the radius R = {self.problem.objective.radius:.4g} by time "
                f"{self.left_at:.4g}; the theorem speaks, and is checked, until {self.times[-1]:.4g}"
            )
        if not self.certified.all():
            kind = "the first, the worst and the last" if self.certified.any() else "none"
            notes.append(
                f"lambda_min(D) has a Cholesky certificate at {kind} of the times; at the others Lanczos "
                "may have missed a smaller eigenvalue, which would make the claim harder, not easier"
            )
        return notes


def rate_path(problem: RateProblem, progress: Callable[[float], None]) -> RatePath:
    """Gradient flow in (A, B) while it is inside the radius, observed; the shallow model's flow beside it."""
    radius, observe = problem.objective.radius, ProofObserver(problem)
    path = linear_path(problem, progress, observe, lambda state: one_norm(state.q) < radius)
    if path.left_at is not None and path.times[-1] == 0:
        raise HypothesisError(
            f"the path leaves the radius R = {radius:.4g} before the first checked time "
            f"{path.left_at:.3g}: use a larger --radius, or --radius auto"
        )
    seen: dict[str, Any] = {**vars(path), **observe.columns}
    return RatePath(**seen, shallow=shallow_path(problem, path.stored_times), error=path_error(path))


class ProofObserver:
    """Sees the spectrum of D, and the derivatives along the flow that the proof equates with D."""

    def __init__(self, problem: RateProblem) -> None:
        self._problem = problem
        self._random = np.random.default_rng(problem.seed)
        self._rows: list[dict[str, float]] = []
        self._vector = np.zeros((problem.model.width, problem.model.outputs))
        # The first operator, the worst and the last one so far: their eigenvalues get a certificate.
        self._marked: dict[str, tuple[int, FlowOperator, Eigenvalue]] = {}

    def __call__(self, sight: Sight) -> None:
        state, objective, gamma = sight.state, self._problem.objective, self._problem.model.gamma
        operator = FlowOperator(state)
        eigenvalue = self._smallest_eigenvalue(operator)
        parameters, velocity = (state.a, state.b), tuple(-part for part in sight.gradients)
        map_velocity = directional_derivative(lambda a, b: linear_map(a, b, gamma), parameters, velocity)
        excess_velocity = directional_derivative(
            lambda a, b: objective.analytic_excess(linear_map(a, b, gamma)), parameters, velocity
        )
        map_speed = float(np.linalg.norm(map_velocity))
        d_g = operator.apply(sight.g.T).T
        self._rows.append(
            {
                "asymmetry": asymmetry(operator.apply, operator.shape, self._random),
                "chain_rule_gap": chain_rule_gap(map_velocity, d_g),
                "map_speed": map_speed,
                "dissipation": -float(excess_velocity),
                "quadratic_form": float(np.vdot(sight.g, d_g)),
                "analytic_rounding": objective.analytic_rounding(state.q),
                **_eigenvalue_row(eigenvalue),
            }
        )

    @property
    def columns(self) -> dict[str, Array]:
        """Every column (k,), the marked eigenvalues certified where that is affordable."""
        for index, operator, found in self._marked.values():
            self._rows[index] |= _eigenvalue_row(operator.certify(found))
        return columns(self._rows)

    def _smallest_eigenvalue(self, operator: FlowOperator) -> Eigenvalue:
        # The last eigenvector is a good start, but alone it could hide a smaller eigenvalue.
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
