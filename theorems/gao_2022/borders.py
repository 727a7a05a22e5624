"""Falsehoods on the border: claims keep their constants, and what the run made is moved just beyond them.

The other falsehoods put a false constant in place of the claim's own, and say nothing of that one. These
would pass if it were too generous by a hundredth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022 import conditional, descent, explicit, explicit_descent, flow, initialisation, network
from theorems.gao_2022.box import Box, Reach
from theorems.gao_2022.initial import Initial
from theorems.gao_2022.path import GaoPath, Training
from theorems.gao_2022.problem import GaoProblem, Start
from theorems.gao_2022.setting import CLOSE, EXPLICIT, SMALL
from verify.relu_deq.descent import Descent
from verify.relu_deq.path import ReluPath
from verify.theorem.claims import Statement

Array = NDArray[np.float64]

#: How far beyond the border, as a part of the bound.
BEYOND = 0.01

#: Makes a path that is false from one that is not.
Spoiled = Callable[[GaoProblem, GaoPath], GaoPath]


def plant(statement: Statement[Any], what: str, path: Spoiled, setting: dict[str, Any] = SMALL) -> None:
    """A path on which the claim is false by a hundredth of its bound."""
    statement.false(what, path=path, why="its bound is one hundredth away", setting=setting)


def with_flow(path: GaoPath, **columns: Array) -> GaoPath:
    """The path with other columns of its flow."""
    changed: ReluPath = replace(path.flow, **columns)  # type: ignore[arg-type]
    return replace(path, flow=changed)


def with_initial(path: GaoPath, **found: object) -> GaoPath:
    """The path with other observations at time 0."""
    initial: Initial = replace(path.initial, **found)  # type: ignore[arg-type]
    return replace(path, initial=initial)


def with_training(path: GaoPath, **found: object) -> GaoPath:
    """The path with other training beside the flow."""
    training: Training = replace(path.trained, **found)  # type: ignore[arg-type]
    return replace(path, training=training)


def ending(column: Array, value: float) -> Array:
    """A column (k,) with another last entry."""
    changed = column.copy()
    changed[-1] = value
    return changed


def ending_at(table: Array, column: int, value: float) -> Array:
    """A table (k, columns) with another last entry in one column."""
    changed = table.copy()
    changed[-1, column] = value
    return changed


def decaying(path: GaoPath, rate: float) -> GaoPath:
    """The path with residuals that decay as ``||r||^2 = exp(-rate t) ||r(0)||^2``."""
    times, first = path.flow.times, path.flow.residuals[0]
    return with_flow(path, residuals=np.exp(-rate * times / 2)[:, None] * first)


def stepping(one: Descent, log_factor: float) -> Descent:
    """Descent whose ``log ||r||^2`` changes by so much a step."""
    k = np.arange(len(one.residuals))
    return replace(one, residuals=one.residuals[0] * np.exp(k * log_factor / 2))


def heavier(start: Start) -> Start:
    """The start with a norm of A(0) beyond what is as good as certain."""
    t = np.sqrt(2 * np.log(1 / initialisation.RARE))
    return replace(start, norms=((1 + BEYOND) * (2 * np.sqrt(start.width) + float(t)), start.norms[1]))


initialisation.initial_norm.false(
    "||A(0)|| = 1.01 (2 sqrt(m) + t)", start=heavier, why="its bound is one hundredth away", setting=SMALL
)


def farther_from_limit(problem: GaoProblem) -> GaoProblem:
    """G^inf at a distance from G(0) that Lemma 3.3 does not allow."""
    away = (1 + BEYOND) * 0.25 * problem.lambda_0
    return replace(problem, limit=problem.gram + away * np.eye(problem.samples))


initialisation.gram_at_start.false(
    "||G(0) - G^inf|| = 0.2525 lambda_0",
    problem=farther_from_limit,
    why="its bound is one hundredth away",
    setting=CLOSE,
)
plant(
    initialisation.weights_near_start,
    "lambda_min(G) = 0.495 lambda_0 at a W at distance R",
    lambda problem, path: with_initial(
        path, neighbours=ending(path.initial.neighbours, (1 - BEYOND) * 0.5 * problem.lambda_0)
    ),
)


def slower_sweeps(problem: GaoProblem, path: GaoPath) -> GaoPath:
    """Sweeps of which one contracts by 1.01 gamma_0."""
    changes = path.initial.sweep_changes.copy()
    changes[1] = (1 + BEYOND) * problem.gamma_0 * changes[0]
    return with_initial(path, sweep_changes=changes)


plant(network.contraction, "a sweep contracts by 1.01 gamma_0", slower_sweeps)
plant(
    network.contraction,
    "||z^l|| = 1.01 ||phi|| / (1 - gamma_0)",
    lambda problem, path: with_initial(
        path,
        sweep_sizes=np.linalg.norm(problem.phi, axis=0)[None] * (1 + BEYOND) / (1 - problem.gamma_0),
    ),
)
plant(
    network.contraction,
    "||z|| = 1.01 ||phi|| / (1 - gamma~ ||A(t)||) along the flow",
    lambda problem, path: with_flow(
        path, growth=ending(path.flow.growth, float((1 + BEYOND) / (1 - path.flow.contraction[-1])))
    ),
)
plant(
    network.invertible,
    "sigma_min(I - gamma~ D A) = 1 - 1.01 gamma_0",
    lambda problem, path: with_initial(path, least_singular=1 - (1 + BEYOND) * problem.gamma_0),
)
plant(
    flow.gram_along_flow,
    "lambda_min(G(t)) = 0.495 lambda_0",
    lambda problem, path: with_flow(
        path, gram_minimum=ending(path.flow.gram_minimum, (1 - BEYOND) * 0.5 * problem.lambda_0)
    ),
)


def heavier_matrix(column: int) -> Spoiled:
    """A flow on which A or W has a norm beyond 2 c sqrt(m)."""

    def spoiled(problem: GaoProblem, path: GaoPath) -> GaoPath:
        beyond = (1 + BEYOND) * 2 * problem.norm_constant * float(np.sqrt(problem.width))
        return with_flow(path, norms=ending_at(path.flow.norms, column, beyond))

    return spoiled


def heavier_in_descent(column: int) -> Spoiled:
    """Descent on which A or W has moved by more than leaves it within 2 c sqrt(m)."""

    def spoiled(problem: GaoProblem, path: GaoPath) -> GaoPath:
        one = path.trained.descent
        beyond = (1 + BEYOND) * 2 * problem.norm_constant * float(np.sqrt(problem.width))
        distances = ending_at(one.distances, column, beyond - problem.norms[column])
        return with_training(path, descent=replace(one, distances=distances))

    return spoiled


plant(flow.w_norm, "||W(t)|| = 2.02 c sqrt(m)", heavier_matrix(1))
plant(flow.a_norm, "||A(t)|| = 2.02 c sqrt(m)", heavier_matrix(0))
plant(
    flow.decay,
    "||r(t)||^2 = exp(-0.99 lambda_0 t) ||r(0)||^2",
    lambda problem, path: decaying(path, (1 - BEYOND) * problem.lambda_0),
)
plant(
    descent.along_descent,
    "lambda_min(G(k)) = 0.495 lambda_0",
    lambda problem, path: with_training(
        path,
        descent=replace(
            path.trained.descent,
            gram_minimum=ending(path.trained.descent.gram_minimum, (1 - BEYOND) * 0.5 * problem.lambda_0),
        ),
    ),
)
for column, name in enumerate("AW"):
    plant(
        descent.along_descent,
        f"||{name}(0)|| + ||{name}(k) - {name}(0)||_F = 2.02 c sqrt(m)",
        heavier_in_descent(column),
    )


def rate_of_descent(share: float) -> Spoiled:
    """Descent by that part of alpha lambda_0/2 a step."""

    def spoiled(problem: GaoProblem, path: GaoPath) -> GaoPath:
        one = path.trained.descent
        factor = float(np.log1p(-share * one.step * problem.lambda_0 / 2))
        slow = stepping(one, factor)
        if -slow.log_change[-1] < 1:  # too few steps to be judged by all claims: repeat them
            steps = int(1.1 / -factor)
            rows = np.resize(np.arange(len(one.residuals)), steps)
            slow = stepping(
                replace(
                    one,
                    residuals=one.residuals[rows],
                    gram_minimum=one.gram_minimum[rows],
                    distances=one.distances[rows],
                ),
                factor,
            )
        return with_training(path, descent=slow)

    return spoiled


plant(descent.descent_rate, "||r(k)||^2 = (1 - 0.99 alpha lambda_0/2)^k ||r(0)||^2", rate_of_descent(0.99))
plant(
    descent.descent_rate,
    "the largest step that keeps the rate is 0.95 lambda_0/n^2",
    lambda problem, path: with_training(
        path, largest_step=tuple(share * problem.lambda_0 / problem.samples**2 for share in (0.95, 0.97))
    ),
)
plant(
    explicit_descent.far_enough,
    "||r(k)||^2 = (1 - 0.99 alpha lambda_0/2)^k ||r(0)||^2",
    rate_of_descent(0.99),
    EXPLICIT,
)


def lowest_gram(path: GaoPath) -> float:
    """The smallest lambda_min(G(t))."""
    return float(path.flow.gram_minimum.min())


plant(
    conditional.conditional_decay,
    "||r(t)||^2 = exp(-1.98 t min lambda_min(G)) ||r(0)||^2",
    lambda problem, path: decaying(path, (1 - BEYOND) * 2 * lowest_gram(path)),
    EXPLICIT,
)
plant(
    explicit.explicit_decay,
    "||r(t)||^2 = exp(-0.99 lambda_0 t) ||r(0)||^2",
    lambda problem, path: decaying(path, (1 - BEYOND) * problem.lambda_0),
    EXPLICIT,
)
plant(
    explicit.stays_inside,
    "lambda_min(G(t)) = 0.495 lambda_0",
    lambda problem, path: with_flow(
        path, gram_minimum=ending(path.flow.gram_minimum, (1 - BEYOND) * 0.5 * problem.lambda_0)
    ),
    EXPLICIT,
)


def off_linear(problem: GaoProblem, path: GaoPath) -> GaoPath:
    """A flow that is off ``exp(-t H(0)) r(0)`` by more than the sharp form allows, away from r(0)."""
    promise = path.trained.promised
    assert promise.flow is not None
    values, vectors = np.linalg.eigh(promise.smooth.kernel)
    t, first = path.flow.times, path.flow.residuals[0]
    linear = (first @ vectors * np.exp(-np.outer(t, values))) @ vectors.T
    off = 3 * promise.flow.apart * t * np.exp(-promise.flow.rate * t) * np.linalg.norm(first)
    return with_flow(path, residuals=linear + np.outer(off, vectors[:, -1]))


def moved_too_far(bound: Callable[[GaoPath], float]) -> Spoiled:
    """A flow on which v has moved beyond a bound."""

    def spoiled(problem: GaoProblem, path: GaoPath) -> GaoPath:
        return with_flow(path, distances=ending_at(path.flow.distances, 3, (1 + BEYOND) * bound(path)))

    return spoiled


def reach_of_lemma(path: GaoPath) -> float:
    """How far v may move by the explicit lemma."""
    assert path.trained.promised.lemma is not None
    return path.trained.promised.lemma.v


def reach_of_lazy(path: GaoPath) -> float:
    """How far v may move where no gate changes."""
    assert path.trained.promised.flow is not None
    return path.trained.promised.flow.reach.v


def reach_of_path(path: GaoPath) -> float:
    """How far v may have moved at the end, by the smallest lambda_min(G) up to then."""
    farthest = Reach.of(path.flow.distances.max(axis=0))
    rate, end = lowest_gram(path), path.flow.times[-1]
    length = -np.expm1(-rate * end) / rate * path.problem.initial_residual
    return float(Box.of(path.problem).speeds(farthest)[3] * length)


explicit.lazy_decay.false(
    "||r(t) - exp(-t H(0)) r(0)|| = 3 eps t exp(-mu t) ||r(0)||",
    path=off_linear,
    why="its bound is a third of that, and rounding as large as a part of it",
    setting=EXPLICIT,
)
plant(explicit.lazy_decay, "||v(t) - v(0)|| is 1.01 of its reach", moved_too_far(reach_of_lazy), EXPLICIT)
plant(explicit.stays_inside, "||v(t) - v(0)|| is 1.01 of its reach", moved_too_far(reach_of_lemma), EXPLICIT)
plant(
    conditional.moved_less,
    "||v(t) - v(0)|| is 1.01 of what lambda_min(G) allows",
    moved_too_far(reach_of_path),
    EXPLICIT,
)
