"""Theorem 2 at one point: certificates about delta_bar and D, and the identity behind the Newton step.

What the theorem says at a point follows from three of them. With K = (S^D)^{1/2} F (S^D)^{1/2}

    G_delta = U (S^D)^{-1/2} (I - delta K) (S^D)^{-1/2} U^T

is positive definite for delta < delta_bar = 1/lambda_max(K), and no longer beyond. The Lagrange function has
the Hessian H + G_delta/delta = D^{-1}/delta, which is positive definite as D is. And delta dQ/dt is
stationary for the multiplier 1/delta, an identity: it is the minimiser, and there is no other.

The kinds besides ``flow-operator`` (`theorems.kawaguchi_2021.linear_rate_state`) and ``identity``:

newton-bar  given A, B, gamma, `loss`, `features`, `tau` and a `vector`; found lambda_max(K) within
            `largest`, and `delta_bar`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from theorems.kawaguchi_2021.enclosed import EnclosedState
from theorems.kawaguchi_2021.identities import newton_identity
from theorems.kawaguchi_2021.linear_rate_state import operator_floors, too_large
from theorems.kawaguchi_2021.trust_region_newton.problem import Setting, build
from verify.certificates.balls import exact, precisely
from verify.certificates.certificate import Certificate, Word
from verify.certificates.eigenvalues import lowest_eigenvalue
from verify.certificates.exact import binaries, binary, row
from verify.certificates.judging import enclosed, shown, undecided
from verify.certificates.losses import curvatures
from verify.linear_deq.problem import LinearProblem

Array = NDArray[np.float64]

NAME = "trust-region-newton"

TURNS = (
    "G_delta is positive definite for 0 < delta < delta_bar and not for delta > delta_bar, and 0 < delta_bar "
    "< inf"
)


def certify_state(setting: Setting, parameters: Mapping[str, Array] | None) -> Iterator[Certificate]:
    """Certificates at the initial state of a setting, or at `parameters` A (m, m) and B (1, m).

    The identity is of the initial state alone, as it is about all parameters.
    InputError and HypothesisError as when the theorem is run.
    """
    problem = build(setting).model
    a, b = problem.model.unpack(problem.theta)
    if parameters is not None:
        a, b = parameters["A"], parameters["B"]
    yield from certify_point(problem, a, b)
    if parameters is None:
        yield newton_identity(NAME, *problem.features.shape)


def certify_point(problem: LinearProblem, a: Array, b: Array) -> Iterator[Certificate]:
    """Those by balls, or why there are none."""
    if advice := too_large(b, problem.features):
        yield undecided(NAME, "K-T2.bar", "newton-bar", TURNS, advice)
    else:
        yield from enclosures(problem, a, b)


@precisely
def enclosures(problem: LinearProblem, a: Array, b: Array) -> Iterator[Certificate]:
    """Those by balls."""
    state = EnclosedState.of(a, b, problem.model.gamma)
    given = {"A": binaries(a), "B": binaries(b), "gamma": binary(problem.model.gamma)}
    yield step_limit(problem, state, given)
    yield replace(
        operator_floors(NAME, state, given),
        claim="K-T2.beyond",
        statement="H + G_delta/delta = D^{-1}/delta is positive definite for every delta > 0: D is, with "
        "lambda_min(D) above its floors",
    )


def step_limit(problem: LinearProblem, state: EnclosedState, given: Mapping[str, Any]) -> Certificate:
    """delta_bar, at which G_delta ceases to be positive definite."""
    loss, tau = str(problem.described["loss"]), float(problem.described["tau"] or 0.0)
    features = exact(problem.features)
    least = lowest_eigenvalue(-1 * scaled_curvature(state, features, loss, arb(tau)))
    low, high = (-least.high).lower(), (-least.low).upper()
    met = low > 0
    bar = ((1 / high).lower(), (1 / low).upper()) if met else (arb(0), arb("inf"))
    return Certificate(
        theorem=NAME,
        claim="K-T2.bar",
        kind="newton-bar",
        statement=TURNS,
        word=Word.PROVED if met else Word.UNDECIDED,
        given={
            **given,
            "loss": loss,
            "features": binaries(problem.features),
            "tau": binary(tau),
            "vector": row(least.vector),
        },
        found={"largest": enclosed(low, high), "delta_bar": enclosed(*bar)},
        shown=(f"delta_bar in {shown(*bar)}",),
        advice="" if met else "the Hessian vanishes to rounding: use another --seed",
    )


def scaled_curvature(state: EnclosedState, features: arb_mat, loss: str, tau: arb) -> arb_mat:
    """K = (S^D)^{1/2} V H V^T (S^D)^{1/2}, H = Phi diag(l'') Phi^T, as a product with its transpose."""
    bends = curvatures(loss, state.q * features, tau)
    size, samples = features.nrows(), features.ncols()
    turned = (state.v * features).entries()
    roots, weights = [one.sqrt() for one in state.stretches], [one.sqrt() for one in bends]
    entries = [roots[i] * turned[i * samples + j] * weights[j] for i in range(size) for j in range(samples)]
    half = arb_mat(size, samples, entries)
    return half * half.transpose()
