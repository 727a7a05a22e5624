"""The dynamics of implicit ReLU networks as identities between rational functions, gates being given.

With gates D_i and E_i, diagonal matrices of zeros and ones, everything is rational in the parameters:

    z_i = (I - g D_i A)^{-1} D_i phi_i,   phi_i = s E_i W x_i,   yhat_i = u^T z_i + v^T phi_i.

Variables are A, W, u, v, X, the residuals r, g (gamma~) and s (1/sqrt(m)), so that the identities hold for
every label and every scaling. For the network of Ling et al. g = s = 1, E_i = I and there is no v.

A kernel is a sum over pairs of samples and the gates are drawn for each sample, so that an identity for n
samples is one about the n^2 pairs of patterns drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from verify.certificates.certificate import Certificate
from verify.certificates.modular import Source, certified, identity_matrix, ones

#: Matrices of `verify.certificates.modular`, all of one kind.
M = Any

#: Sizes up to which an identity is tested: every sample takes an inverse (m, m).
LARGEST_WIDTH, MOST_SAMPLES, MOST_INPUTS = 64, 20, 20

#: The matrix (n, n) that Z^T Z is multiplied by in H, entry by entry.
Beside = Callable[[Source, int], M]


def all_ones(source: Source, samples: int) -> M:
    """As it holds."""
    return ones(source, samples, samples)


@dataclass(frozen=True)
class Sample:
    """What one input x (d, 1) makes of the network.

    inverse         (I - g D A)^{-1}
    opened, passed  D and E, as columns
    """

    x: M
    opened: M
    passed: M
    inverse: M
    phi: M
    z: M
    p: M
    c: M


@dataclass(frozen=True)
class Network:
    """Parameters, scalings and samples. Where `skip` is false there is no v, and features are W x."""

    source: Source
    a: M
    w: M
    u: M
    v: M
    g: M
    s: M
    samples: list[Sample]
    residuals: list[M]
    skip: bool

    @classmethod
    def drawn(cls, source: Source, m: int, d: int, n: int, *, skip: bool) -> Network:
        """Everything at random; without `skip` the scalings are 1."""
        one: M = source.constant([[1]])
        a, w, u = source.free(m, m), source.free(m, d), source.free(m)
        v = source.free(m) if skip else source.constant([[0]] * m)
        g, s = (source.free(1), source.free(1)) if skip else (one, one)
        eye: M = identity_matrix(source, m)
        samples = []
        for _ in range(n):
            x, opened = source.free(d), source.gates(m)
            passed = source.gates(m) if skip else ones(source, m)
            inverse = (eye - opened.diagonal() @ a * g).inverse()
            phi = passed * (w @ x) * s
            # D (I - g A^T D)^{-1} u is (I - g D A^T)^{-1} D u, and (I - g A^T D)^{-1} the inverse transposed.
            p = opened * (inverse.T @ u)
            c = passed * (p + v) * s
            samples.append(Sample(x, opened, passed, inverse, phi, inverse @ (opened * phi), p, c))
        return cls(source, a, w, u, v, g, s, samples, [source.free(1) for _ in range(n)], skip)

    def output_change(self, at: Sample, d_a: M, d_w: M, d_u: M, d_v: M) -> M:
        """d yhat_i by differentiating forwards; it knows nothing of p and c."""
        d_phi = at.passed * (d_w @ at.x) * self.s
        d_z = at.inverse @ (at.opened * (d_a @ at.z * self.g + d_phi))
        change = d_u.T @ at.z + self.u.T @ d_z
        return change + d_v.T @ at.phi + self.v.T @ d_phi if self.skip else change

    def gradients(self) -> tuple[M, M, M, M]:
        """g sum_i r_i p_i z_i^T, sum_i r_i c_i x_i^T, Z r and Phi r; none in v without it."""
        pairs = list(zip(self.samples, self.residuals, strict=True))

        def summed(terms: list[M]) -> M:
            found = terms[0]
            for term in terms[1:]:
                found = found + term
            return found

        return (
            summed([at.p @ at.z.T * (r * self.g) for at, r in pairs]),
            summed([at.c @ at.x.T * r for at, r in pairs]),
            summed([at.z * r for at, r in pairs]),
            summed([at.phi * r for at, r in pairs]) if self.skip else self.v,
        )

    def gram(self, name: str) -> M:
        """Products (n, n) of one of the vectors of all samples."""
        columns = [getattr(at, name) for at in self.samples]
        matrix = columns[0].beside(columns[1:])
        return matrix.T @ matrix


def output_gradient(source: Source, m: int, d: int, n: int, *, skip: bool) -> Iterator[M]:
    """sum_i r_i d yhat_i = <gradient, direction> for a direction drawn at random."""
    net = Network.drawn(source, m, d, n, skip=skip)
    way = source.free(m, m), source.free(m, d), source.free(m), source.free(m)
    found = None
    for at, r in zip(net.samples, net.residuals, strict=True):
        change = net.output_change(at, *way) * r
        found = change if found is None else found + change
    for slope, step in list(zip(net.gradients(), way, strict=True))[: 4 if skip else 3]:
        rows, columns = slope.shape
        found = found - ones(source, 1, rows) @ (slope * step) @ ones(source, columns)
    yield found


def output_dynamics(
    source: Source, m: int, d: int, n: int, *, skip: bool, beside: Beside = all_ones
) -> Iterator[M]:
    """dyhat/dt = -H r along gradient flow.

    H = (g^2 P^T P + 11^T) o Z^T Z + (C^T C) o (X^T X) + Phi^T Phi, the last term with v only.
    """
    net = Network.drawn(source, m, d, n, skip=skip)
    down = net.gradients()
    kernel = (net.gram("p") * (net.g * net.g) + beside(source, n)) * net.gram("z")
    kernel = kernel + net.gram("c") * net.gram("x")
    if skip:
        kernel = kernel + net.gram("phi")
    residual = net.residuals[0].beside(net.residuals[1:]).T
    speeds = [net.output_change(at, *down) for at in net.samples]
    yield speeds[0].beside(speeds[1:]).T - kernel @ residual


def dynamics(
    theorem: str, claims: tuple[str, str], m: int, d: int, n: int, *, skip: bool, seed: int = 0
) -> Iterator[Certificate]:
    """Of the gradients and of dyhat/dt, at these sizes or, where they are large, at smaller ones.

    `claims` has the id of each.
    """
    sizes = {"m": min(m, LARGEST_WIDTH), "d": min(d, MOST_INPUTS), "n": min(n, MOST_SAMPLES)}
    kernel = (
        "gamma~^2 (P^T P) o (Z^T Z) + (C^T C) o (X^T X) + Z^T Z + Phi^T Phi"
        if skip
        else ("(P^T P) o (Z^T Z) + (P^T P) o (X^T X) + Z^T Z")
    )
    patterns = f"for the patterns of gates drawn with seed {seed}"
    for claim, name, identity, says in (
        (
            claims[0],
            "output-gradient",
            output_gradient,
            "the gradients in closed form are those of the outputs",
        ),
        (claims[1], "output-dynamics", output_dynamics, f"dyhat/dt = -H r, H = {kernel}"),
    ):
        yield certified(
            partial(identity, m=sizes["m"], d=sizes["d"], n=sizes["n"], skip=skip),
            name=f"{name}-{'skip' if skip else 'plain'}",
            theorem=theorem,
            claim=claim,
            statement=f"{says}, {patterns}",
            sizes=sizes,
            seed=seed,
        )
