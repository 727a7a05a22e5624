"""Trust-region problems along a path, each built and solved once, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from theorems.kawaguchi_2021.trust_region_newton.local import LocalModel
from verify.losses import EPS, Array
from verify.numerics.trust_region import optimality_residual, trust_region_step

#: Step sizes tried, relative to delta_bar.
FRACTIONS = (0.01, 0.1, 0.5, 0.9, 0.99)

#: The metric of a trust region: G_delta, unless a false claim has another.
Metric = Callable[[LocalModel, float], Array]


@dataclass(frozen=True)
class Columns:
    """Numbers (k,) by name, one of each for every problem; `time` and `delta` are flow times."""

    time: Array
    delta: Array

    @property
    def where(self) -> Mapping[str, Array]:
        """The coordinates of the problems."""
        return {"time": self.time, "delta": self.delta}

    def named(self, prefix: str) -> dict[str, Array]:
        """The columns under names of their own, for the record."""
        return {f"{prefix}_{column.name}": getattr(self, column.name) for column in fields(self)}


@dataclass(frozen=True)
class Steps(Columns):
    """The trust-region problems at some fractions of delta_bar; every column (k,) has one entry a problem.

    fraction  delta over the `unit` of its `LocalModel`, which is delta_bar if that is finite
    gap       distance of the solver's step to delta dQ/dt, relative to the latter
    product   the solver's multiplier times delta: 1 by the theorem
    residual  relative residual of the optimality condition at delta dQ/dt with multiplier 1/delta
    rounding  relative rounding error of gap, product and residual
    """

    fraction: Array
    gap: Array
    product: Array
    residual: Array
    rounding: Array


@dataclass(frozen=True)
class Definiteness(Columns):
    """How definite G_delta is at one fraction of delta_bar; columns (k,).

    smallest  smallest eigenvalue of G_delta, scaled as `definiteness` says
    rounding  its rounding error
    """

    smallest: Array
    rounding: Array


@dataclass(frozen=True)
class Beyond(Columns):
    """The conditions of a minimiser at one fraction of delta_bar above 1; columns (k,).

    residual  of the optimality condition, as in `Steps`
    smallest  delta times the smallest eigenvalue of ``H + G_delta / delta``, the Lagrange function's Hessian
    rounding  rounding error of both
    """

    residual: Array
    smallest: Array
    rounding: Array


def printed(local: LocalModel, delta: float) -> Array:
    """G_delta."""
    return local.metric(delta)


def trust_radius(local: LocalModel, delta: float, metric: Array) -> float:
    """``delta ||dQ/dt||_G``; meaningful while G is positive definite on dQ/dt."""
    return float(delta * np.sqrt(local.velocity @ metric @ local.velocity))


def solved(
    models: Sequence[LocalModel], fractions: Sequence[float] = FRACTIONS, metric: Metric = printed
) -> Steps:
    """The trust-region problems at these fractions of delta_bar, solved."""
    rows = []
    for local in models:
        for fraction in fractions:
            delta = fraction * local.unit
            norm, expected = metric(local, delta), delta * local.velocity
            v, mu = trust_region_step(local.gradient, local.hessian, norm, trust_radius(local, delta, norm))
            gap = float(np.linalg.norm(v - expected) / np.linalg.norm(expected))
            residual = optimality_residual(local.gradient, local.hessian, norm, expected, 1 / delta)
            rounding = local.rounding(delta, norm)
            rows.append((local.time, delta, fraction, gap, delta * mu, residual, rounding))
    return Steps(*np.array(rows).reshape(-1, len(fields(Steps))).T)


def definiteness(models: Sequence[LocalModel], fraction: float) -> Definiteness:
    """G_delta at a fraction of delta_bar, at the times where delta_bar is finite.

    Its eigenvalues are scaled to size 1: they are those of ``(S^D)^{1/2} U^{-1} G U^{-T} (S^D)^{1/2}``, which
    is congruent to G_delta and equals ``I - delta (S^D)^{1/2} F (S^D)^{1/2}``.
    """
    rows = []
    for local in _bounded(models):
        delta, root = fraction * local.bar, np.sqrt(local.scaling)
        inner = np.linalg.solve(local.u, np.linalg.solve(local.u, local.metric(delta)).T)
        spectrum = np.linalg.eigvalsh(root[:, None] * inner * root)
        rounding = 100 * EPS * len(root) * np.abs(spectrum).max() * local.conditioning
        rows.append((local.time, delta, spectrum[0], rounding))
    return Definiteness(*np.array(rows).reshape(-1, len(fields(Definiteness))).T)


def beyond(
    models: Sequence[LocalModel], fraction: float, map_rounding: float, metric: Metric = printed
) -> Beyond:
    """The conditions of a minimiser at a fraction of delta_bar above 1, where G_delta is no metric.

    `map_rounding` is the relative rounding of an identity between maps.
    """
    rows = []
    for local in _bounded(models):
        delta = fraction * local.bar
        norm, step = metric(local, delta), delta * local.velocity
        residual = optimality_residual(local.gradient, local.hessian, norm, step, 1 / delta)
        smallest = np.linalg.eigvalsh(delta * local.hessian + norm)[0]
        rounding = map_rounding * (1 + delta * np.linalg.norm(local.hessian, 2))
        rows.append((local.time, delta, residual, smallest, rounding))
    return Beyond(*np.array(rows).reshape(-1, len(fields(Beyond))).T)


def _bounded(models: Sequence[LocalModel]) -> list[LocalModel]:
    return [local for local in models if np.isfinite(local.bar)]
