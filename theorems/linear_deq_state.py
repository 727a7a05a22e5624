"""The linear deep equilibrium model at one point: certificates about M, C and PL, and the identities.

The kinds, with what `given` and `found` have (numbers as in `verify.certificates.exact`, matrices by rows):

least-singular  given M (k, k) and a `vector`; found sigma_min(M)^2 within `squared`
conserved-size  given A (k, d), M, `kappa`, a lower bound of mu, and `vectors`, of lambda_min(C) and of ||C||;
                found these within `least` and `most`, and the `rate` 2 kappa/||C||, from below
stays           given A, M, and the vectors of sigma_min(M)^2, of ||W||^2 and of lambda_min(C) as `vectors`;
                found `ratio`, sigma_min(M)^2 (1 + ||W||^2)/lambda_min(C)
pl-constant     see `verify.certificates.pl.Shallow.certificate`
identity        see `verify.certificates.modular`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from theorems.linear_deq import Setting, build
from verify.certificates.balls import exact, precisely
from verify.certificates.certificate import Certificate, Word
from verify.certificates.eigenvalues import Lowest, lowest_eigenvalue
from verify.certificates.exact import binaries, binary, row
from verify.certificates.judging import above, enclosed, shown
from verify.certificates.modular import Source, certified, identity_matrix, inner
from verify.certificates.pl import Shallow

Array = NDArray[np.float64]

NAME = "linear-deq"

#: Matrices of `verify.certificates.modular`, all of one kind.
Matrix = Any


@precisely
def certify_state(setting: Setting, parameters: Mapping[str, Array] | None) -> Iterator[Certificate]:
    """Certificates at the initial state of a setting, or at `parameters` A (k, d) and M (k, k).

    Those about data and sizes alone, PL and the identities, are of the initial state.
    InputError and HypothesisError as when the theorem is run.
    """
    problem = build(setting)
    k, d = len(problem.S), problem.X.shape[0]
    a, m = problem.S[:, :d], problem.S[:, d:]
    if parameters is not None:
        a, m = parameters["A"], parameters["M"]
    tau = setting.tau if setting.loss in ("logistic", "cross-entropy") else None
    shallow = Shallow.of(setting.loss, tau, problem.X, problem.Y, problem.objective)
    square = shallow.least_square()
    if parameters is None:
        yield shallow.certificate(NAME, "D-PL", square)
    yield from certify_point(a, m, shallow.constant(square)[0])
    if parameters is None:
        yield from identities(k, d)


def certify_point(a: Array, m: Array, kappa: arb) -> Iterator[Certificate]:
    """Of A and M, and a lower bound of mu."""
    both = (exact(a), exact(m))
    singular = lowest_eigenvalue(both[1].transpose() * both[1])
    conserved = both[0] * both[0].transpose() + both[1] * both[1].transpose()
    least, most = lowest_eigenvalue(conserved), lowest_eigenvalue(-1 * conserved)
    given = {"A": binaries(a), "M": binaries(m)}
    met = singular.low > 0
    yield Certificate(
        theorem=NAME,
        claim="D-M",
        kind="least-singular",
        statement="M is invertible: sigma_min(M) > 0",
        word=Word.PROVED if met else Word.UNDECIDED,
        given={"M": given["M"], "vector": row(singular.vector)},
        found={"squared": enclosed(singular.low, singular.high)},
        shown=(f"sigma_min(M)^2 in {shown(singular.low, singular.high)}",),
        advice="" if met else "M is singular to rounding: use a larger --smallest",
    )
    size = (-most.low).upper()
    rate = (2 * kappa / size).lower()
    met = least.low > 0 and rate > 0
    yield Certificate(
        theorem=NAME,
        claim="D-3",
        kind="conserved-size",
        statement="the guaranteed rate 2 mu/||C|| is positive, and so is lambda_min(C), C = A A^T + M M^T",
        word=Word.PROVED if met else Word.UNDECIDED,
        given={**given, "kappa": binary(kappa), "vectors": [row(least.vector), row(most.vector)]},
        found={
            "least": enclosed(least.low, least.high),
            "most": enclosed(-most.high, -most.low),
            "rate": binary(rate),
        },
        shown=(
            f"lambda_min(C) in {shown(least.low, least.high)}, ||C|| in {shown(-most.high, -most.low)}",
            f"2 mu/||C|| >= {float(rate):.10g}",
        ),
        advice="" if met else "PL has no constant, or C is singular to rounding: use other data",
    )
    if singular.low > 0:
        yield stays_invertible(both, singular, least, given)


def stays_invertible(
    both: tuple[arb_mat, arb_mat], singular: Lowest, least: Lowest, given: Mapping[str, Any]
) -> Certificate:
    """The bound by which M stays invertible, at this point; an equality where k = 1."""
    w = both[1].inv() * both[0]
    top = lowest_eigenvalue(-1 * (w * w.transpose()))
    factor = (1 - top.high).union(1 - top.low)
    ratio = singular.low.union(singular.high) * factor / least.low.union(least.high)
    word = above(ratio, ratio, arb(1)) if least.low > 0 else Word.UNDECIDED
    return Certificate(
        theorem=NAME,
        claim="D-4",
        kind="stays",
        statement="sigma_min(M)^2 >= lambda_min(C)/(1 + ||W||^2)",
        word=word,
        given={**given, "vectors": [row(singular.vector), row(top.vector), row(least.vector)]},
        found={"ratio": enclosed(ratio, ratio)},
        shown=(f"left over right side: {ratio.str(12)}",),
        advice="" if word is Word.PROVED else "both sides agree to this precision, as for k = 1 they must",
    )


def drawn(source: Source, k: int, d: int) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """A, M, V = M^{-1} and G = grad L_0(W), which is free: the identities hold for every loss."""
    a, m, g = source.free(k, d), source.free(k, k), source.free(k, d)
    return a, m, m.inverse(), g


def gradient(source: Source, k: int, d: int) -> Iterator[Matrix]:
    """<M^{-T} G, X> - <M^{-T} G W^T, Y> = <G, dW> for every direction (X, Y) of (A, M)."""
    a, _, v, g = drawn(source, k, d)
    x, y, w, slope = source.free(k, d), source.free(k, k), v @ a, v.T @ g
    change = v @ (x - y @ w)
    yield inner(source, slope, x) - inner(source, slope @ w.T, y) - inner(source, g, change)


def conservation(source: Source, k: int, d: int) -> Iterator[Matrix]:
    """d/dt (A A^T + M M^T) = 0, with dA/dt = -M^{-T} G and dM/dt = M^{-T} G W^T."""
    a, m, v, g = drawn(source, k, d)
    slope = v.T @ g
    half = slope @ (v @ a).T @ m.T - slope @ a.T
    yield half + half.T


def map_law(source: Source, k: int, d: int) -> Iterator[Matrix]:
    """dW/dt = -(M^T M)^{-1} G (I + W^T W)."""
    a, m, v, g = drawn(source, k, d)
    w, slope = v @ a, v.T @ g
    speed = v @ (slope + slope @ w.T @ w)
    yield speed - (m.T @ m).inverse() @ g @ (identity_matrix(source, d) + w.T @ w)


def identities(k: int, d: int, seed: int = 0) -> Iterator[Certificate]:
    """Of the gradients, the conserved matrix and the law of W, for this size."""
    for name, claim, statement, identity in (
        ("deq-gradient", "D-G", "dL/dA = M^{-T} G, dL/dM = -M^{-T} G W^T", gradient),
        ("deq-conservation", "D-1", "A A^T + M M^T is constant along gradient flow", conservation),
        ("deq-law", "D-2", "dW/dt = -(M^T M)^{-1} G (I + W^T W)", map_law),
    ):
        yield certified(
            partial(identity, k=k, d=d),
            name=name,
            theorem=NAME,
            claim=claim,
            statement=statement,
            sizes={"k": k, "d": d},
            seed=seed,
        )
