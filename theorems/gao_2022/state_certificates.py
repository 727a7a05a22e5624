"""Lemmas 2.2 to 3.5 and Theorem 3.1 at one point: certificates.

Inputs are the floats of the run, whose norms differ from 1 by rounding: G^inf is that of these inputs.

The kinds, with what `given` and `found` have (numbers as in `verify.certificates.exact`, matrices by rows):

limit-gram     given `inputs` (d, n) and a `vector`; found lambda_0 within `lambda_0`
gram           given `inputs`, W, a `vector`, the vector of lambda_0 as `limit_vector`, and `share`, of
               lambda_0; found lambda_min(G) within `gram`, lambda_0 within `lambda_0`
gram-distance  given `inputs`, W, and `vectors`, of lambda_min and of lambda_max of G - G^inf, and that of
               lambda_0 as `limit_vector`; found ||G - G^inf|| within `distance`, lambda_0 within `lambda_0`
weights-near   given the same, and `vectors`, of ||W|| and ||X||; found the `lowest` lambda_min(G) on the
               ball of Lemma 3.4 over lambda_0, from below
coupling       given A, W, `inputs`, gamma and `vectors`, of ||A|| and ||W||; found ||A|| and ||W|| within
               `norms`
equilibrium    given A, W, u, v, `inputs`, gamma and the vector of ||A||; found `contraction`, gamma
               ||A||/sqrt(m), and the `outputs`
explicit       given the same, `targets` and a `reach` of A, W, u, v; found the `needed` one, each below
               `reach`, and `lowest`, lambda_min(G) within the reach over lambda_0, above 1/2
identity       see `verify.certificates.modular`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from flint import arb
from numpy.typing import NDArray

from theorems.gao_2022.coupled_certificates import coupled
from theorems.gao_2022.enclosed_point import NAME, Point
from theorems.gao_2022.problem import build
from theorems.gao_2022.setting import Setting
from theorems.relu_enclosed import gram, limit_gram, spectral_norm
from theorems.relu_identities import dynamics
from verify.certificates.balls import exact, precisely
from verify.certificates.certificate import Certificate, Word
from verify.certificates.eigenvalues import lowest_eigenvalue
from verify.certificates.exact import binaries, binary, row
from verify.certificates.judging import (
    LARGEST_ORDER,
    MOST_ENTRIES,
    Sided,
    enclosed,
    shown,
    sided,
    undecided,
)
from verify.relu_deq.parameters import Parameters

Array = NDArray[np.float64]


@precisely
def certify_state(setting: Setting, parameters: Mapping[str, Array] | None) -> Iterator[Certificate]:
    """Certificates at the initial state of a setting, or at `parameters` A, W, u and v of the same sizes.

    Those about inputs and sizes alone, lambda_0 > 0 and the identities, are of the initial state.
    InputError and HypothesisError as when the theorem is run.
    """
    problem, theta = build(setting), None
    if parameters is not None:
        theta = Parameters(*(parameters[name] for name in "AWuv"))
    d, n = problem.inputs.shape
    if n > LARGEST_ORDER or problem.width * max(d, n) > MOST_ENTRIES:
        advice = f"W and inputs are too large for it, n = {n}: use a smaller --width or fewer --samples"
        yield undecided(NAME, "G-L3.2", "limit-gram", "lambda_0 > 0 for these inputs", advice)
    else:
        at = Point.of(problem, theta or problem.start.theta, initial=theta is None)
        yield gram_share(at)
        if at.initial:
            yield positive_limit(at)
            yield gram_distance(at)
        if at.initial and at.side is Sided.ABOVE:
            yield weights_near(at)
        yield from coupled(at)
    if parameters is None:
        yield from dynamics(NAME, ("G-L2.3", "G-L3.1"), problem.width, d, n, skip=True)


def positive_limit(at: Point) -> Certificate:
    """Lemma 3.2 for these inputs."""
    met = at.limit.low > 0
    return Certificate(
        theorem=NAME,
        claim="G-L3.2",
        kind="limit-gram",
        statement="lambda_0 = lambda_min(G^inf) > 0 for these inputs",
        word=Word.PROVED if met else Word.UNDECIDED,
        given={"inputs": binaries(at.problem.inputs), "vector": row(at.limit.vector)},
        found={"lambda_0": at.lambda_0},
        shown=(f"lambda_0 in {shown(at.limit.low, at.limit.high)}",),
        advice="" if met else "inputs are nearly parallel: drop some, or use --perturb 0.01",
    )


def gram_share(at: Point) -> Certificate:
    """lambda_min(G) >= 3/4 lambda_0 at the start, and lambda_0/2 later."""
    claim, when = ("G-start", "(0)") if at.initial else ("G-L3.5.i", "(t)")
    text, found = f"{at.share[0]}/{at.share[1]}", at.side
    statement = {
        Sided.ABOVE: f"lambda_min(G{when}) >= {text} lambda_0",
        Sided.BELOW: f"lambda_min(G{when}) < {text} lambda_0: what the lemmas need of it fails here",
        Sided.OPEN: f"lambda_min(G{when}) >= {text} lambda_0",
    }[found]
    return Certificate(
        theorem=NAME,
        claim=claim,
        kind="gram",
        statement=statement,
        word=found.word,
        given={
            **at.data,
            "vector": row(at.lowest.vector),
            "share": text,
        },
        found={"gram": enclosed(at.lowest.low, at.lowest.high), "lambda_0": at.lambda_0},
        shown=(
            f"lambda_min(G{when}) in {shown(at.lowest.low, at.lowest.high)}",
            f"lambda_0 in {shown(at.limit.low, at.limit.high)}",
        ),
        advice="" if found.word is Word.PROVED else "inputs are nearly parallel: drop some",
    )


def gram_distance(at: Point) -> Certificate:
    """Lemma 3.3 in this instance; where it fails, a bound of its constant."""
    apart = gram(at.active) / arb(at.problem.width) - limit_gram(at.inputs)
    ends = [lowest_eigenvalue(one) for one in (apart, -1 * apart)]
    low = max((-end.high).lower() for end in ends)
    high = max((-end.low).upper() for end in ends)
    found = sided(low, high, at.limit.low.union(at.limit.high) / 4)
    statement = {
        Sided.BELOW: "||G(0) - G^inf|| <= lambda_0/4 in this instance",
        Sided.ABOVE: "||G(0) - G^inf|| > lambda_0/4 in this instance",
        Sided.OPEN: "||G(0) - G^inf|| <= lambda_0/4 in this instance",
    }[found]
    return Certificate(
        theorem=NAME,
        claim="G-L3.3",
        kind="gram-distance",
        statement=statement,
        word=found.word,
        given={**at.data, "vectors": [row(end.vector) for end in ends]},
        found={"distance": enclosed(low, high), "lambda_0": at.lambda_0},
        shown=(f"||G(0) - G^inf|| in {shown(low, high)}",),
        advice="" if found.word is Word.PROVED else "the two sides agree to rounding: use another --seed",
    )


def weights_near(at: Point) -> Certificate:
    """Lemma 3.4 for every W in its ball, by Weyl's inequality.

    sigma_min(Phi) falls by at most ||X|| ||W - W(0)||_F/sqrt(m), and R = sqrt(m) lambda_0/(16 c ||X||^2) with
    c >= ||W(0)||/sqrt(m).
    """
    weights, size = spectral_norm(exact(at.theta.w)), spectral_norm(at.inputs)
    least = at.limit.low.union(at.limit.high)
    moved = least * at.root / (16 * weights.low * size.low)
    root = at.lowest.low.max(arb(0)).sqrt() - moved
    ratio = (root**2 / least).lower() if root > 0 else arb(0)
    met = ratio > arb(0.5)
    return Certificate(
        theorem=NAME,
        claim="G-L3.4",
        kind="weights-near",
        statement="every W with ||W - W(0)||_F <= R has lambda_min(G) >= lambda_0/2",
        word=Word.PROVED if met else Word.UNDECIDED,
        given={
            **at.data,
            "vector": row(at.lowest.vector),
            "vectors": [row(weights.vector), row(size.vector)],
        },
        found={"lowest": binary(ratio)},
        shown=(f"lambda_min(G) >= {ratio.str(10)} lambda_0 for all of them",),
        advice="" if met else "Weyl's inequality does not show it here: raise --width",
    )
