"""Lemma 3.4 of Gao et al., read with the spectral norm of W - W(0), disproved at explicit matrices.

The lemma: lambda_min(G(0)) >= 3/4 lambda_0 and ||W - W(0)|| <= R = sqrt(m) lambda_0/(16 c ||X||^2), with
||W(0)|| <= c sqrt(m), give lambda_min(G) >= lambda_0/2, G = relu(W)^T relu(W)/m. In Frobenius' norm it
holds. Inputs are orthonormal here, X = I, so that lambda_0 = 1/2 - 1/(2 pi), and W is looked for in floats:
``relu(W) q`` shrinks most by minus R times the polar factor of ``E o (relu(W) q) q^T``, whose singular
values are all 1.

Kind "spectral-distance": given W0 = W(0) and W (m, n), whole, in units of 1/`unit`, q (n, 1) and c; found
the Rayleigh `quotient` of G at q, `trace` = tr G(0), `radius`, the square of R, lambda_0 from above, and
`moved` = ||W - W(0)||_F^2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, sqrt

import numpy as np
from flint import arb, ctx, fmpq
from numpy.typing import NDArray

from theorems.relu_enclosed import gram
from verify.certificates.balls import PRECISION, exact
from verify.certificates.certificate import Certificate, Word, decided
from verify.certificates.eigenvalues import largest_eigenvalue, smallest_eigenvalue
from verify.certificates.exact import rational

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Of lambda_0 = 1/2 - 1/(2 pi), by 223/71 < pi < 22/7.
LAMBDA_BELOW, LAMBDA_ABOVE = Fraction(1, 2) - Fraction(71, 446), Fraction(1, 2) - Fraction(7, 44)

#: How a rule comes to these.
LAMBDAS = (
    "3 < pi_below",
    "71 * pi_below <= 223",
    "22 <= 7 * pi_above",
    "lambda_below = (1 - 1 / pi_below) / 2",
    "lambda_above = (1 - 1 / pi_above) / 2",
)

RULE = (
    *LAMBDAS,
    "m = W.nrows()",
    "start = W0 / unit",
    "step = (W - W0) / unit",
    "phi = relu(start)",
    "by_powers(start.transpose() * start) <= c ** 2 * m",
    "trace = square(phi) / m",
    "G_0 = phi.transpose() * phi / m",
    "trace - by_powers(trace * G_0 ** 0 - G_0) >= 3 * lambda_above / 4",
    "radius = (lambda_below / (16 * c)) ** 2 * m",
    "moved = square(step)",
    "by_powers(step.transpose() * step) <= radius",
    "quotient = square(relu(W) / unit * q) / square(q) / m",
    "2 * quotient < lambda_below",
)

#: What lambda_min(G(0)) is of lambda_0 in a design: a bit above 3/4, so that bounds of it may be wide.
PREMISE = 0.7501

#: Parts of 1 in which q is given.
PARTS = 1000

#: W is looked for at this part of R, so that rounding does not lead beyond it ...
SHARE = 0.993

#: ... and taken if the quotient in floats is below this part of lambda_0.
ENOUGH = 0.498


@dataclass(frozen=True)
class Instance:
    """A W(0) from which to look for W.

    name    of it, as the report has it
    weights W(0) (m, n) in units of 1/unit
    unit    of W(0) and of W
    norm    c
    starts  seeds of the search, those that are known to succeed first
    steps   of each search
    origin  how W(0) is made, in a sentence
    """

    name: str
    weights: Whole
    unit: int
    norm: Fraction
    starts: Sequence[int]
    steps: int
    origin: str

    @property
    def radius(self) -> Fraction:
        """The square of R, from below."""
        return len(self.weights) * (LAMBDA_BELOW / (16 * self.norm)) ** 2


def design(
    residues: Sequence[int], size: int, share: float, norm: str, unit: int, starts: Sequence[int], steps: int
) -> Instance:
    """W(0) = a E - b (11^T - E), E_ij = 1 where j - i is in a difference set modulo n.

    E^T E = (k - l) I + l 11^T.

    Each residue but 0 is a difference of l pairs of the k members. a is such that lambda_min(G(0)) = a^2 (k
    - l)/n is hardly above 3/4 lambda_0; b = 0.7 of what makes W(0) 1 = 0, for example, where `share` is 0.7.
    """
    k = len(residues)
    pairs = k * (k - 1) // (size - 1)
    a = ceil(unit * sqrt(PREMISE * LAMBDA_ABOVE * size / (k - pairs)))
    b = floor(share * a * k / (size - k))
    chosen = np.isin((np.arange(size) - np.arange(size)[:, None]) % size, residues)
    members = "the squares" if residues == squares(size) else f"{{{', '.join(map(str, residues))}}}"
    origin = (
        f"W(0)_ij = {a}/{unit} where j - i modulo {size} is in D = {members}, else -{b}/{unit}. As D is a "
        f"difference set, relu(W(0))^T relu(W(0)) = ({a}/{unit})^2 ({k - pairs} I + {pairs} 11^T), so that "
        f"lambda_min(G(0)) = ({a}/{unit})^2 {k - pairs}/{size} >= 3/4 lambda_0; W(0)^T W(0) has the "
        f"eigenvalues ({a + b}/{unit})^2 {k - pairs} and (({k} * {a} - {size - k} * {b})/{unit})^2, both at "
        f"most c^2 m for c = {norm}."
    )
    name = f"a ({size}, {k}, {pairs}) difference set"
    return Instance(name, np.where(chosen, a, -b), unit, Fraction(norm), starts, steps, origin)


def squares(prime: int) -> Sequence[int]:
    """The squares modulo a prime that is 3 modulo 4: a difference set (Paley)."""
    return sorted({k * k % prime for k in range(1, prime)})


def gaussian(samples: int, width: int) -> Instance:
    """The draw of `theorems.gao_2022.laws`, rounded to multiples of 1/2048."""
    unit = 2048
    weights = np.rint(unit * np.random.default_rng(0).standard_normal((width, samples))).astype(np.int64)
    norm = Fraction(ceil(1000 * np.linalg.norm(weights / unit, 2) / sqrt(width)), 1000)
    origin = f"W(0) is a draw of N(0, 1), rounded to multiples of 1/{unit}; c = {norm}."
    return Instance(f"a Gaussian draw, {width} x {samples}", weights, unit, norm, (0,), 4, origin)


#: A (40, 13, 4) difference set.
RESIDUES = (1, 2, 3, 5, 6, 9, 14, 15, 18, 20, 25, 27, 35)


def instances(large: bool) -> Iterator[Instance]:
    """Those that take a second together, and, with `large`, two of more than ten each."""
    yield design(RESIDUES, 40, 0.7, "677/1000", 4096, (29, 9, 4, 6), 60)
    yield design(squares(83), 83, 0.9, "1", 4096, (0, 2, 1, 3), 30)
    if large:
        yield design(squares(367), 367, 0.95, "2", 65_536, (0, 1, 2), 12)
        yield gaussian(256, 16_000)


def proposed(instance: Instance) -> tuple[Whole, Whole]:
    """W (m, n) in units, and q (n,): the best that was found in floats, if any was below lambda_0/2."""
    start = instance.weights / instance.unit
    m, radius = len(start), SHARE * sqrt(instance.radius)
    values, vectors = np.linalg.eigh(np.maximum(start, 0).T @ np.maximum(start, 0) / m)
    space = vectors[:, values < values[0] * (1 + 1e-6)]  # of many dimensions for a design
    best, found, slowest = np.inf, start, vectors[:, 0]
    for seed in instance.starts:
        q = space @ (space.T @ np.random.default_rng(seed).standard_normal(len(vectors)))
        w = start
        for _ in range(instance.steps):
            phi = np.maximum(w, 0)
            left, _, right = np.linalg.svd((w > 0) * np.outer(phi @ q, q), full_matrices=False)
            w = start - radius * (left @ right)
            values, vectors = np.linalg.eigh(np.maximum(w, 0).T @ np.maximum(w, 0) / m)
            q = vectors[:, 0]
            if values[0] < best:
                best, found, slowest = values[0], w, q
        if best < ENOUGH * LAMBDA_BELOW:
            break
    return np.rint(found * instance.unit).astype(np.int64), np.rint(PARTS * slowest).astype(np.int64)


def counterexample(
    instance: Instance, w: Whole, q: Whole, vectors: Sequence[Array | None] = (None, None, None)
) -> Certificate:
    """G-L3.4.norm at W, by the Rayleigh quotient of q; UNDECIDED where they do not show it.

    `vectors` propose eigenvectors of G(0), of W(0)^T W(0) and of the Gram matrix of W - W(0); by default
    those in floats.
    """
    m, n, unit, c = *w.shape, instance.unit, instance.norm
    positive = np.maximum(instance.weights, 0)
    image = [int(entry) for entry in np.maximum(w, 0) @ q]  # whole and small: exact
    length = sum(int(entry) ** 2 for entry in q) or 1  # of q = 0 nothing follows
    quotient = Fraction(sum(entry**2 for entry in image), length * m * unit**2)
    with ctx.workprec(PRECISION):
        lowest = smallest_eigenvalue(gram(exact(positive / unit)), vectors[0])[0] / m
        spread = largest_eigenvalue(gram(exact(instance.weights / unit)), vectors[1])[1]
        apart = largest_eigenvalue(gram(exact((w - instance.weights) / unit)), vectors[2])[1]
        held = bool(
            q.any()
            and lowest >= _ball(3 * LAMBDA_ABOVE / 4)
            and spread <= _ball(c * c * m)
            and apart <= _ball(instance.radius)
            and 2 * quotient < LAMBDA_BELOW
        )
        share = (apart / _ball(instance.radius)).sqrt()
    digits = " ".join(map(str, q))
    return decided(
        held,
        Certificate(
            theorem="relu-convergence",
            claim="G-L3.4.norm",
            kind="spectral-distance",
            statement=f"||W - W(0)||_2 <= R gives lambda_min(G) >= lambda_0/2: at {instance.name} (Gao et "
            "al. 2022, Lemma 3.4, read with the spectral norm)",
            word=Word.DISPROVED,
            given={
                "rule": list(RULE),
                "pi_below": "223/71",
                "pi_above": "22/7",
                "W0": instance.weights.tolist(),
                "W": w.tolist(),
                "unit": unit,
                "q": q[:, None].tolist(),
                "c": rational(c),
            },
            found={
                "quotient": rational(quotient),
                "trace": rational(Fraction(int((positive**2).sum()), m * unit**2)),
                "radius": rational(instance.radius),
                "lambda_above": rational(LAMBDA_ABOVE),
                "moved": rational(Fraction(int(((w - instance.weights) ** 2).sum()), unit**2)),
            },
            shown=(
                f"n = d = {n}, m = {m}, X = I. {instance.origin}",
                f"W is whole in units of 1/{unit}; ||W - W(0)||_2 <= {_above(share, 4)} R, R = sqrt(m) "
                "lambda_0/(16 c).",
                f"For q = ({digits}): ||relu(W) q||^2/(m ||q||^2) = {quotient} < "
                f"{_above(_ball(quotient / LAMBDA_BELOW), 4)} lambda_0, so that lambda_min(G) is less than "
                "lambda_0/2.",
            ),
        ),
        "search from more starts, or with larger units",
    )


def _ball(number: Fraction) -> arb:
    return arb(fmpq(number.numerator, number.denominator))


def _above(bound: arb, digits: int) -> str:
    """A decimal that is no less, for people."""
    return f"{float(bound.upper()) + 0.5 * 10.0**-digits:.{digits}f}"
