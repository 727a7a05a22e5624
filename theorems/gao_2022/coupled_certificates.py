"""Certificates that rest on A: the condition on gamma, the equilibrium, and Theorem 3.1 for all times.

Their kinds are described in `theorems.gao_2022.state_certificates`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flint import arb, arb_mat

from theorems.gao_2022.box import Box, Reach
from theorems.gao_2022.enclosed_point import NAME, Point
from theorems.relu_enclosed import Equilibrium, Norm, equilibrium, euclidean, spectral_norm
from verify.certificates.balls import exact
from verify.certificates.certificate import Certificate, Word
from verify.certificates.exact import binaries, binary, row
from verify.certificates.judging import Sided, enclosed, sided, undecided

#: The largest width for which there are certificates that rest on A: they hold it, here 5 MB of text.
LARGEST_COUPLING = 512


#: Relative distance of gamma from its limit below which it is that limit, rounded.
ROUNDED = 1e-12


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
        yield from gamma_small(at, norm, whole)
    coupling = arb(float(problem.gamma)) / at.root
    state = problem.start if at.initial else problem.model.at(theta)
    solved = equilibrium(
        coupling * exact(theta.a), (coupling * norm.high).upper(), at.active / at.root, state.z
    )
    outputs = {f"{name}": row(part) for name, part in (("u", theta.u), ("v", at.v))}
    whole = {**whole, **outputs, "vector": row(norm.vector)}
    yield contraction(at, coupling * norm.ball, solved, whole)
    if at.initial and solved is not None:
        box = Box.of(problem)
        reach = box.reach(problem.lambda_0 / 2, problem.initial_residual)
        if reach is not None:
            yield explicit(at, norm, solved, reach, whole)


def gamma_small(at: Point, norm: Norm, whole: Mapping[str, Any]) -> Iterator[Certificate]:
    """The condition on gamma; none for the default gamma, which is its limit but for rounding."""
    weights = spectral_norm(exact(at.theta.w))
    c = (norm.ball / at.root).max(weights.ball / at.root)
    limit = (1 / (4 * c)).min(arb(0.5))
    gamma = float(at.problem.gamma)
    if abs(gamma / limit - 1) < ROUNDED:
        return
    found = sided(limit, limit, arb(gamma))
    statement = {
        Sided.ABOVE: "gamma <= min(1/2, 1/(4c))",
        Sided.BELOW: f"gamma exceeds min(1/2, 1/(4c)) by {float(gamma / limit - 1):.1e} of it: it fails",
        Sided.OPEN: "gamma <= min(1/2, 1/(4c))",
    }[found]
    yield Certificate(
        theorem=NAME,
        claim="G-gamma",
        kind="coupling",
        statement=statement,
        word=found.word,
        given={**whole, "vectors": [row(norm.vector), row(weights.vector)]},
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
            "targets": row(problem.targets),
            "limit_vector": row(at.limit.vector),
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
