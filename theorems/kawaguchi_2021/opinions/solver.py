"""What the trust-region solver says, inside the region and on its boundary."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy

from verify.losses import Array
from verify.numerics.trust_region import optimality_residual, trust_region_step
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, equal

CLAIMS = Claims("our own, on Kawaguchi 2021, Theorem 2")

#: A general-purpose solver stops within this of the minimiser.
SOLVER = 1e-5

#: Regions, by their radius over the length of the unconstrained step: the last holds it.
REGIONS = (0.1, 0.9, 2.0)


def _by_general_purpose(gradient: Array, hessian: Array, metric: Array, radius: float) -> Array:
    """The minimiser by sequential quadratic programming."""
    found = scipy.optimize.minimize(
        lambda v: float(gradient @ v + 0.5 * v @ hessian @ v),
        np.zeros_like(gradient),
        jac=lambda v: gradient + hessian @ v,
        method="SLSQP",
        constraints={
            "type": "ineq",
            "fun": lambda v: radius**2 - v @ metric @ v,
            "jac": lambda v: -2 * metric @ v,
        },
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return np.asarray(found.x)


@CLAIMS.step("K-T2.solver", "the solver's step is that of a general-purpose one, inside the region, too")
def solver(factor: float = 1.0) -> Iterator[Check]:
    """A drawn problem of four unknowns; inside the region the multiplier is 0."""
    rng = np.random.default_rng(0)
    root, other, gradient = rng.standard_normal((4, 4)), rng.standard_normal((4, 4)), rng.standard_normal(4)
    hessian, metric = root @ root.T + np.eye(4), other @ other.T + np.eye(4)
    free = -np.linalg.solve(hessian, gradient)
    length = float(np.sqrt(free @ metric @ free))
    for share in REGIONS:
        step, mu = trust_region_step(gradient, hessian, metric, share * length)
        expected = _by_general_purpose(gradient, hessian, metric, share * length)
        name = f"radius {share:g} of the free step"
        yield equal(
            f"{name}: relative distance of the steps",
            float(np.linalg.norm(factor * step - expected) / np.linalg.norm(expected)),
            0.0,
            budget={"solver": SOLVER},
            resolution=1e-3,
        )
        # Stationarity gives the multiplier: (H + mu M) v = -g.
        multiplier = -float(expected @ (hessian @ expected + gradient)) / float(expected @ metric @ expected)
        scale = float(np.linalg.norm(gradient))
        yield equal(
            f"{name}: multiplier",
            factor * mu / scale,
            multiplier / scale,
            budget={"solver": SOLVER * np.linalg.cond(metric)},
            resolution=1e-3,
        )
        yield equal(
            f"{name}: optimality residual of a step that is 1% longer",
            optimality_residual(gradient, hessian, metric, 1.01 * factor * step, mu),
            0.01,
            budget={"rounding": 1e-9},
            resolution=1e-3,
        )


solver.false("a step 1% longer", why="the minimiser is one", setting={}, factor=1.01)
