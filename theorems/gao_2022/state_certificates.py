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
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

from theorems.gao_2022.box import Box, Reach
from theorems.gao_2022.problem import GaoProblem, build, width_ratio
from theorems.gao_2022.setting import Setting
from theorems.relu_enclosed import (
    Equilibrium,
    Norm,
    equilibrium,
    euclidean,
    gram,
    limit_gram,
    relu,
    spectral_norm,
)
from theorems.relu_identities import dynamics
from verify.certificates.balls import PRECISION, exact
from verify.certificates.certificate import Certificate, Word
from verify.certificates.eigenvalues import Lowest, lowest_eigenvalue
from verify.certificates.exact import binaries, binary
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

NAME = "relu-convergence"

#: The largest width for which there are certificates that rest on A: they hold it, here 5 MB of text.
LARGEST_COUPLING = 512


@dataclass(frozen=True)
class Point:
    """Parameters at a point of a problem, and what certificates share there, enclosed.

    v        that of theta
    initial  whether it is the start of the problem
    kinked   how many entries of W X are neither positive nor negative for certain
    active   relu(W X) (m, n), which is sqrt(m) Phi
    limit    lambda_0
    lowest   lambda_min(G)
    """

    problem: GaoProblem
    theta: Parameters
    v: Array
    initial: bool
    inputs: arb_mat
    kinked: int
    active: arb_mat
    limit: Lowest
    lowest: Lowest

    @classmethod
    def of(cls, problem: GaoProblem, theta: Parameters, *, initial: bool) -> Point:
        """At some parameters of the problem's size."""
        inputs = exact(problem.inputs)
        before = exact(theta.w) * inputs
        active = relu(before)
        assert theta.v is not None  # this network has one
        return cls(
            problem,
            theta,
            theta.v,
            initial,
            inputs,
            sum(1 for entry in before.entries() if not (entry > 0 or entry < 0)),
            active,
            lowest_eigenvalue(limit_gram(inputs)),
            lowest_eigenvalue(gram(active) / arb(problem.width)),
        )

    @property
    def data(self) -> Mapping[str, Any]:
        """Inputs, W and the vector of lambda_0, for a certificate."""
        limit = {"limit_vector": vector(self.limit)}
        return {"inputs": binaries(self.problem.inputs), "W": binaries(self.theta.w), **limit}

    @property
    def lambda_0(self) -> list[str]:
        """For `found`."""
        return enclosed(self.limit.low, self.limit.high)

    @property
    def share(self) -> tuple[int, int]:
        """What lambda_min(G) must be of lambda_0: 3/4 at the start, and 1/2 later."""
        return (3, 4) if self.initial else (1, 2)

    @property
    def side(self) -> Sided:
        """Whether it is."""
        part = arb(self.share[0]) / self.share[1]
        return sided(self.lowest.low, self.lowest.high, part * self.limit.low.union(self.limit.high))

    @property
    def root(self) -> arb:
        """sqrt(m)."""
        return arb(self.problem.width).sqrt()


def vector(found: Lowest | Norm) -> list[str]:
    """The texts of the vector of a bound."""
    return binaries(found.vector[None, :])[0]


def certify_state(setting: Setting, parameters: Mapping[str, Array] | None) -> Iterator[Certificate]:
    """Certificates at the initial state of a setting, or at `parameters` A, W, u and v of the same sizes.

    InputError and HypothesisError as when the theorem is run.
    """
    problem, theta = build(setting), None
    if parameters is not None:
        theta = Parameters(*(parameters[name] for name in "AWuv"))
    d, n = problem.inputs.shape
    with ctx.workprec(PRECISION):
        if n > LARGEST_ORDER or problem.width * max(d, n) > MOST_ENTRIES:
            advice = f"W and inputs are too large for it, n = {n}: use a smaller --width or fewer --samples"
            yield undecided(NAME, "G-L3.2", "limit-gram", "lambda_0 > 0 for these inputs", advice)
        else:
            at = Point.of(problem, theta or problem.start.theta, initial=theta is None)
            yield positive_limit(at)
            yield gram_share(at)
            if at.initial:
                yield gram_distance(at)
            if at.initial and at.side is Sided.ABOVE:
                yield weights_near(at)
            yield from coupled(at)
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
        given={"inputs": binaries(at.problem.inputs), "vector": vector(at.limit)},
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
            "vector": vector(at.lowest),
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
    constant = f"so that C in m >= C (n^2/lambda_0^2) log(n/delta) exceeds {width_ratio(at.problem):.2g}"
    statement = {
        Sided.BELOW: "||G(0) - G^inf|| <= lambda_0/4 in this instance",
        Sided.ABOVE: f"||G(0) - G^inf|| > lambda_0/4 in this instance, {constant}",
        Sided.OPEN: "||G(0) - G^inf|| <= lambda_0/4 in this instance",
    }[found]
    return Certificate(
        theorem=NAME,
        claim="G-L3.3",
        kind="gram-distance",
        statement=statement,
        word=found.word,
        given={**at.data, "vectors": [vector(end) for end in ends]},
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
        given={**at.data, "vector": vector(at.lowest), "vectors": [vector(weights), vector(size)]},
        found={"lowest": binary(ratio)},
        shown=(f"lambda_min(G) >= {ratio.str(10)} lambda_0 for all of them",),
        advice="" if met else "Weyl's inequality does not show it here: raise --width",
    )


def coupled(at: Point) -> Iterator[Certificate]:
    """What rests on A: the condition on gamma, the equilibrium, and the explicit Theorem 3.1."""
    problem, theta = at.problem, at.theta
    if problem.width > LARGEST_COUPLING:
        advice = f"such a certificate would hold A {theta.a.shape}: use --width {LARGEST_COUPLING} or less"
        yield undecided(NAME, "G-L2.2", "equilibrium", "gamma ||A||/sqrt(m) < 1: it exists", advice)
        return
    norm = spectral_norm(exact(theta.a))
    whole = {
        **{name: binaries(part) for name, part in (("A", theta.a), ("W", theta.w))},
        "inputs": binaries(problem.inputs),
        "gamma": binary(float(problem.gamma)),
    }
    if at.initial:
        yield gamma_small(at, norm, whole)
    coupling = arb(float(problem.gamma)) / at.root
    state = problem.start if at.initial else problem.model.at(theta)
    solved = equilibrium(
        coupling * exact(theta.a), (coupling * norm.high).upper(), at.active / at.root, state.z
    )
    outputs = {f"{name}": binaries(part[None, :])[0] for name, part in (("u", theta.u), ("v", at.v))}
    whole = {**whole, **outputs, "vector": vector(norm)}
    yield contraction(at, coupling * norm.ball, solved, whole)
    if at.initial and solved is not None:
        box = Box.of(problem)
        reach = box.reach(problem.lambda_0 / 2, problem.initial_residual)
        if reach is not None:
            yield explicit(at, norm, solved, reach, whole)


def gamma_small(at: Point, norm: Norm, whole: Mapping[str, Any]) -> Certificate:
    """The condition on gamma, which the default gamma meets with equality, to rounding."""
    weights = spectral_norm(exact(at.theta.w))
    c = (norm.ball / at.root).max(weights.ball / at.root)
    limit = (1 / (4 * c)).min(arb(0.5))
    gamma = float(at.problem.gamma)
    found = sided(limit, limit, arb(gamma))
    statement = {
        Sided.ABOVE: "gamma <= min(1/2, 1/(4c))",
        Sided.BELOW: f"gamma exceeds min(1/2, 1/(4c)) by {float(gamma / limit - 1):.1e} of it: it fails",
        Sided.OPEN: "gamma <= min(1/2, 1/(4c))",
    }[found]
    return Certificate(
        theorem=NAME,
        claim="G-gamma",
        kind="coupling",
        statement=statement,
        word=found.word,
        given={**whole, "vectors": [vector(norm), vector(weights)]},
        found={"norms": [enclosed(one.low, one.high) for one in (norm, weights)]},
        shown=(f"c = {c.str(15)}, min(1/2, 1/(4c)) = {limit.str(15)}, gamma = {gamma!r}",),
        advice="" if found is Sided.ABOVE else f"use --gamma {0.999 * gamma:.4g}",
    )


def contraction(at: Point, factor: arb, solved: Equilibrium | None, whole: Mapping[str, Any]) -> Certificate:
    """Lemma 2.2: the equilibrium exists, and where it is."""
    advice = "gamma ||A||/sqrt(m) is not below 1: lower --gamma"
    found: dict[str, Any] = {"contraction": enclosed(factor, factor)}
    lines = [f"gamma ||A||/sqrt(m) = {factor.str(12)}"]
    if solved is not None:
        advice = "" if not (solved.unknown or at.kinked) else "a unit is next to its kink: use another --seed"
        outputs = network_outputs(at, solved).entries()
        found["outputs"] = [enclosed(one, one) for one in outputs]
        lines += [
            f"every z_i within {solved.radius.str(3, radius=False)} of the computed one",
            f"gates: {solved.open} open, {solved.unknown} not certain, of {len(solved.z.entries())}",
        ]
    return Certificate(
        theorem=NAME,
        claim="G-L2.2",
        kind="equilibrium",
        statement="gamma ||A||/sqrt(m) < 1: the equilibrium exists and is unique, and no unit is at its kink",
        word=Word.UNDECIDED if advice else Word.PROVED,
        given=whole,
        found=found,
        shown=lines,
        advice=advice,
    )


def network_outputs(at: Point, solved: Equilibrium) -> arb_mat:
    """yhat (1, n), enclosed."""
    u, v = exact(at.theta.u[None, :]), exact(at.v[None, :])
    return u * solved.z + v * at.active / at.root


def explicit(
    at: Point, norm: Norm, solved: Equilibrium, reach: Reach, whole: Mapping[str, Any]
) -> Certificate:
    """Theorem 3.1 for all t, from bounds of `theorems.gao_2022.box` within a reach that floats propose."""
    problem = at.problem
    a, w, u, v = (arb(float(part)) for part in reach.array)
    coupling, root, x = arb(float(problem.gamma)) / at.root, at.root, spectral_norm(at.inputs).high
    targets = exact(problem.targets[None, :])
    residual = euclidean(network_outputs(at, solved) - targets)
    slack = 1 - coupling * (norm.high + a)
    phi, z = spectral_norm(at.active).high / root, spectral_norm(solved.z).high
    moved = x * w / root
    p = (euclidean(exact(at.theta.u[None, :])) + u) / slack
    c = (p + euclidean(exact(at.v[None, :])) + v) / root
    z = z + (coupling * a * z + moved) / slack
    scale = 2 * residual / at.limit.low
    needed = [(one * scale).upper() for one in (coupling * p * z, x * c, z, phi + moved)]
    bottom = at.lowest.low.max(arb(0)).sqrt() - moved
    ratio = (bottom**2 / at.limit.high).lower() if bottom > 0 else arb(0)
    met = (
        at.limit.low > 0
        and slack > 0
        and ratio > arb(0.5)
        and all(x < y for x, y in zip(needed, (a, w, u, v), strict=True))
    )
    return Certificate(
        theorem=NAME,
        claim="G-T3.1.explicit",
        kind="explicit",
        statement="gradient flow from this start has lambda_min(G(t)) > lambda_0/2 and ||r(t)||^2 <= "
        "exp(-lambda_0 t) ||r(0)||^2 for every t >= 0, and A, W, u and v stay within the reach",
        word=Word.PROVED if met else Word.UNDECIDED,
        given={
            **whole,
            "targets": binaries(problem.targets[None, :])[0],
            "limit_vector": vector(at.limit),
            "reach": [binary(one) for one in (a, w, u, v)],
        },
        found={"needed": [binary(one) for one in needed], "lowest": binary(ratio)},
        shown=(
            f"||r(0)|| = {residual.str(10)}, lambda_min(G) >= {ratio.str(8)} lambda_0 within the reach",
            *(
                f"||{name} - {name}(0)||_F < {float(limit):.3g}: no more than {float(one):.3g} is needed"
                for name, limit, one in zip("AWuv", (a, w, u, v), needed, strict=True)
            ),
        ),
        advice="" if met else "the reach that floats propose is too small: use labels nearer to yhat(0)",
    )
