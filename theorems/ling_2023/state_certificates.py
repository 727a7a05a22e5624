"""Condition 1 and Theorems 2 and 3 at one point: certificates.

K is that of the inputs divided by their norms, which in the floats of a run are sqrt(d) to rounding only.

The kinds, with what `given` and `found` have (numbers as in `verify.certificates.exact`, matrices by rows):

equilibrium-kernel  given `inputs` (d, n), `sigma_w` and a `vector`; found lambda_* within `lambda_star`
plain-gram          given W, U, `inputs`, the vectors of ||W|| and of lambda_min as `vectors`, and a number,
                    `bound`; found ||W|| within `norm` and lambda_min(Z^T Z), above `bound`, within `gram`
condition-1         given W, U, a, `inputs`, `targets`, `delta`, and `vectors`, of ||W||, ||U|| and lambda_0;
                    found the `ratios` of left to right sides of (7), (8), (9) with 8, and (9) with 4
identity            see `verify.certificates.modular`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from theorems.ling_2023.problem import LingProblem, build
from theorems.ling_2023.setting import Setting
from theorems.relu_enclosed import (
    Equilibrium,
    Norm,
    equilibrium,
    equilibrium_kernel,
    euclidean,
    gram,
    spectral_norm,
)
from theorems.relu_identities import dynamics
from verify.certificates.balls import exact, precisely
from verify.certificates.certificate import Certificate, Word
from verify.certificates.eigenvalues import Lowest, lowest_eigenvalue
from verify.certificates.exact import binaries, binary, row
from verify.certificates.judging import LARGEST_ORDER, Sided, enclosed, shown, sided, undecided
from verify.relu_deq.parameters import Parameters

Array = NDArray[np.float64]

NAME = "ling-convergence"

#: The largest width for which there are certificates, which hold W.
LARGEST = 512

#: What is said of Condition 1 where nothing is known: theorem, claim, kind and statement.
UNKNOWN = (NAME, "L-C1", "condition-1", "Condition 1, (7) to (9), with 8 for 4 in (9)")


@dataclass(frozen=True)
class Point:
    """Parameters with their equilibrium, enclosed; `theta.a`, `w` and `u` are the paper's W, U and a."""

    problem: LingProblem
    theta: Parameters
    inputs: arb_mat
    norm: Norm
    solved: Equilibrium
    lowest: Lowest

    @classmethod
    def of(cls, problem: LingProblem, theta: Parameters) -> Point | None:
        """None where ||W|| < 1 is not certain."""
        inputs, weights = exact(problem.model.inputs), exact(theta.a)
        norm = spectral_norm(weights)
        if not norm.high < 1:
            return None
        guess = problem.model.at(theta).z
        solved = equilibrium(weights, norm.high, exact(theta.w) * inputs, guess)
        assert solved is not None  # it contracts
        return cls(problem, theta, inputs, norm, solved, lowest_eigenvalue(gram(solved.z)))

    @property
    def given(self) -> Mapping[str, Any]:
        """W, U and inputs, for a certificate."""
        return {
            "W": binaries(self.theta.a),
            "U": binaries(self.theta.w),
            "inputs": binaries(self.problem.model.inputs),
        }


@precisely
def certify_state(setting: Setting, parameters: Mapping[str, Array] | None) -> Iterator[Certificate]:
    """Certificates at the initial state of a setting, or at `parameters` W, U and a of the same sizes.

    Those about inputs and sizes alone, lambda_* > 0 and the identities, are of the initial state.
    InputError and HypothesisError as when the theorem is run.
    """
    problem = build(setting)
    d, n = problem.model.inputs.shape
    if n > LARGEST_ORDER:
        yield undecided(*UNKNOWN, f"n = {n} is too large for it: use {LARGEST_ORDER} --samples or fewer")
        return
    star = lowest_eigenvalue(equilibrium_kernel(exact(problem.model.inputs), problem.sigma_w))
    if parameters is None:
        yield kernel(problem, star)
    yield from points(problem, star, parameters)
    if parameters is None:
        yield from dynamics(NAME, ("L-2", "L-2"), problem.model.width, d, n, skip=False)


def points(
    problem: LingProblem, star: Lowest, parameters: Mapping[str, Array] | None
) -> Iterator[Certificate]:
    """What rests on W."""
    if problem.model.width > LARGEST:
        yield undecided(*UNKNOWN, f"a certificate would hold W: use --width {LARGEST} or less")
        return
    start = Point.of(problem, problem.start.theta)
    if start is None:
        yield undecided(*UNKNOWN, "||W(0)|| is 1 to rounding: use a smaller --sigma-w")
        return
    if parameters is None:
        half = (problem.model.width * star.high / 2).upper()
        says = "lambda_0 >= (m/2) lambda_*"
        yield lowest_above(start, "L-T2", says, f"in this instance {says}", half)
        yield condition(start)
        return
    at = Point.of(problem, Parameters(parameters["W"], parameters["U"], parameters["a"], None))
    if at is None:
        yield undecided(*UNKNOWN, "||W|| is not below 1 there")
        return
    says = "||W|| < 1 and lambda_min(Z^T Z) > lambda_0/2"
    yield lowest_above(at, "L-T1", says, f"{says} at this point", (start.lowest.high / 2).upper())


def kernel(problem: LingProblem, star: Lowest) -> Certificate:
    """Theorem 3 for these inputs."""
    met = star.low > 0
    return Certificate(
        theorem=NAME,
        claim="L-T3",
        kind="equilibrium-kernel",
        statement="lambda_* = lambda_min(K) > 0 for these inputs",
        word=Word.PROVED if met else Word.UNDECIDED,
        given={
            "inputs": binaries(problem.model.inputs),
            "sigma_w": binary(problem.sigma_w),
            "vector": row(star.vector),
        },
        found={"lambda_star": enclosed(star.low, star.high)},
        shown=(f"lambda_* in {shown(star.low, star.high)}",),
        advice="" if met else "inputs are nearly parallel: drop some",
    )


def lowest_above(at: Point, claim: str, says: str, statement: str, bound: arb) -> Certificate:
    """lambda_min(Z^T Z) above an exact `bound`."""
    found = sided(at.lowest.low, at.lowest.high, bound)
    fails = f"{says} fails here"
    return Certificate(
        theorem=NAME,
        claim=claim,
        kind="plain-gram",
        statement=fails if found is Sided.BELOW else statement,
        word=found.word,
        given={
            **at.given,
            "vectors": [row(one.vector) for one in (at.norm, at.lowest)],
            "bound": binary(bound),
        },
        found={
            "norm": enclosed(at.norm.low, at.norm.high),
            "gram": enclosed(at.lowest.low, at.lowest.high),
        },
        shown=(
            f"||W|| in {shown(at.norm.low, at.norm.high)}: the equilibrium exists",
            f"lambda_min(Z^T Z) in {shown(at.lowest.low, at.lowest.high)}, bound {bound.str(12)}",
        ),
        advice="" if found.word is Word.PROVED else "the two sides agree to rounding: use another --seed",
    )


def condition(at: Point) -> Certificate:
    """Condition 1: the left over the right side of each part."""
    ratios, norms = condition_ratios(at)
    names = ("(7)", "(8)", "(9) with 8", "(9) as printed")
    missed = [name for name, ratio in zip(names, ratios, strict=True) if ratio < 1]
    holds = all(ratio >= 1 for ratio in ratios)
    statement = "Condition 1, (7) to (9), with 8 for 4 in (9)"
    if missed:
        statement = f"Condition 1 fails here: {' and '.join(missed)}"
    targets = at.problem.targets
    return Certificate(
        theorem=NAME,
        claim="L-C1",
        kind="condition-1",
        statement=statement,
        word=Word.PROVED if holds or missed else Word.UNDECIDED,
        given={
            **at.given,
            "a": row(at.theta.u),
            "targets": row(targets),
            "delta": binary(at.problem.constants.delta),
            "vectors": [row(one.vector) for one in (*norms, at.lowest)],
        },
        found={"ratios": {name: enclosed(one, one) for name, one in zip(names, ratios, strict=True)}},
        shown=tuple(
            f"{name}: left over right side {one.str(10)}" for name, one in zip(names, ratios, strict=True)
        ),
        advice="" if holds or missed else "it holds with equality to rounding: use another --distance",
    )


def condition_ratios(at: Point) -> tuple[list[arb], tuple[Norm, Norm]]:
    """Of (7), (8), (9) with 8 and (9) with 4, enclosed; the norms of W and U with their vectors."""
    weights, delta = spectral_norm(exact(at.theta.w)), arb(at.problem.constants.delta)
    readout = exact(at.theta.u[None, :])
    rho_w, rho_u, rho_a = at.norm.ball + delta, weights.ball + delta, euclidean(readout) + delta
    room = 1 - rho_w
    c_w, c_u, c_a = rho_u * rho_a / room**2, rho_a / room, rho_u / room
    inputs, lambda_0 = euclidean(at.inputs), at.lowest.low.union(at.lowest.high)
    residual = euclidean(readout * at.solved.z - exact(at.problem.targets[None, :]))
    hidden = (c_w**2 + c_u**2) * inputs**2
    return [
        lambda_0 * delta / (4 * c_w.max(c_u).max(c_a) * inputs * residual),
        lambda_0 * lambda_0.sqrt() * rho_a / (4 * (2 + arb(2).sqrt()) * hidden * residual),
        lambda_0 / (8 * hidden),
        lambda_0 / (4 * hidden),
    ], (at.norm, weights)
