"""The path of Theorem 2: the flow, the trust-region problems along it, and short pieces followed closely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from theorems.kawaguchi_2021.trust_region_newton.local import (
    LocalModel,
    local_model,
    local_models,
    sharp_indices,
)
from theorems.kawaguchi_2021.trust_region_newton.order import fitted_order
from theorems.kawaguchi_2021.trust_region_newton.problem import NewtonProblem
from theorems.kawaguchi_2021.trust_region_newton.steps import (
    Beyond,
    Definiteness,
    Steps,
    beyond,
    definiteness,
    solved,
    trust_radius,
)
from verify.flow.runge_kutta import runge_kutta
from verify.flow.scaled import integrate as integrate_flow
from verify.linear_deq.path import LinearPath, linear_path
from verify.losses import Array
from verify.numerics.trust_region import trust_region_step
from verify.theorem.protocol import Progress

#: Fractions of delta_bar at which definiteness is probed, and one beyond it for the claim about such deltas.
JUST_BELOW, JUST_ABOVE, BEYOND = 1 - 1e-3, 1 + 1e-3, 1.5

#: Times of the path at which steps are taken, and of these the ones followed for the path form.
STEP_TIMES, PATH_TIMES = 15, 3

#: The path form: the longest delta relative to the decay time, how often it is halved.
LONGEST, HALVINGS = 0.02, 6

#: The path form needs second differences of Q: the gradient's relative rounding error must be below this.
SHARP_DIFFERENCE = 1e-11


@dataclass(frozen=True)
class PathForm:
    """The order at which ``Q(t + delta) - Q(t) - v_delta`` vanishes with delta, at some times of the path.

    times   (k,), flow time
    orders  (k,)
    errors  (k,), of the orders; infinite where rounding hides the second difference
    """

    times: Array
    orders: Array
    errors: Array

    @property
    def seen(self) -> PathForm:
        """The times at which rounding leaves an order to measure."""
        clear = np.isfinite(self.errors)
        return PathForm(self.times[clear], self.orders[clear], self.errors[clear])


@dataclass(frozen=True)
class NewtonPath:
    """The flow of the problem, the flow of its plane companion, and what was observed along the former.

    flow    the path of the problem
    plane   the path of the companion with two features
    models  the quadratic models at the times where steps are taken
    steps   the trust-region problems at `FRACTIONS` of delta_bar
    below   definiteness of G_delta at the fraction `JUST_BELOW` of delta_bar
    above   the same at `JUST_ABOVE`
    beyond  the conditions of a minimiser at the fraction `BEYOND`
    form    the orders of the path form
    """

    flow: LinearPath
    plane: LinearPath
    models: Sequence[LocalModel]
    steps: Steps
    below: Definiteness
    above: Definiteness
    beyond: Beyond
    form: PathForm

    @property
    def arrays(self) -> Mapping[str, Any]:
        """What `trajectory.npz` holds."""
        return {
            **self.flow.arrays,
            **self.steps.named("steps"),
            **self.below.named("below"),
            **self.above.named("above"),
            **self.beyond.named("beyond"),
            "path_form_times": self.form.times,
            "path_form_orders": self.form.orders,
            "path_form_errors": self.form.errors,
        }

    @property
    def rates(self) -> Mapping[str, float]:
        """The order of the path form, and the times. There is no rate: Theorem 2 promises none."""
        seen = self.form.seen.orders
        order = {"order of the path form": float(seen.mean())} if seen.size else {}
        ends = {"horizon": self.flow.problem.horizon, "checked until": float(self.flow.times[-1])}
        return {**order, **ends}

    @property
    def counts(self) -> Mapping[str, int]:
        """Work done."""
        return self.flow.counts

    @property
    def notes(self) -> Sequence[str]:
        """What a reader must know of the flow."""
        return self.flow.notes


def newton_path(problem: NewtonProblem, progress: Progress) -> NewtonPath:
    """Gradient flow in (A, B), its trust-region problems, and short pieces of it for the path form."""
    flow = linear_path(problem.model, lambda share: progress("gradient flow", share, 1.0))
    plane = linear_path(problem.plane, lambda share: progress("flow for two features", share, 1.0))
    models = local_models(flow, STEP_TIMES)
    return NewtonPath(
        flow=flow,
        plane=plane,
        models=models,
        steps=solved(models),
        below=definiteness(models, JUST_BELOW),
        above=definiteness(models, JUST_ABOVE),
        beyond=beyond(models, BEYOND, problem.model.identity_rounding),
        form=path_form(flow, progress),
    )


def path_form(path: LinearPath, progress: Progress) -> PathForm:
    """The orders at a few times of the path."""
    indices = sharp_indices(path, PATH_TIMES, SHARP_DIFFERENCE)
    found = []
    for done, index in enumerate(indices):
        progress("path form", done, len(indices))
        found.append((path.stored_times[index], *_order(path, index)))
    return PathForm(*np.array(found).T)


def _order(path: LinearPath, index: int) -> tuple[float, float]:
    """The order at which ``Q(t + delta) - Q(t) - v_delta`` vanishes as delta is halved, and its error.

    Rounding of Q blurs small gaps.
    """
    problem, theta = path.problem, path.thetas[index]
    model, local = problem.model, local_model(path, index)
    q = model.at(theta).q[0]
    excess, g = problem.objective.excess_and_gradient(q[None, :])
    squared_gradient = sum(float(np.vdot(part, part)) for part in model.at(theta).gradients(g))
    longest = LONGEST * min(excess / squared_gradient, local.unit)
    deltas = longest * 0.5 ** np.arange(HALVINGS)[::-1]
    points = integrate_flow(
        lambda theta: model.gradient(theta, problem.objective),
        theta,
        np.concatenate([[0.0], deltas]),
        0.0,
        runge_kutta(1e-13),
        0.0,
    )
    gaps, noise = [], []
    for delta, point in zip(deltas, list(points)[1:], strict=True):
        metric = local.metric(delta)
        v, _ = trust_region_step(local.gradient, local.hessian, metric, trust_radius(local, delta, metric))
        gap = float(np.linalg.norm(model.at(point.theta).q[0] - q - v))
        gaps.append(gap)
        noise.append(problem.map_error * float(np.linalg.norm(q)) / gap)
    return fitted_order(np.array(gaps), np.array(noise))
