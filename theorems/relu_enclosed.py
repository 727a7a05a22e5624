"""Implicit ReLU networks and their kernels at one point, enclosed: floats as exact numbers.

    z_i = relu(g A z_i + s phi_i),   g ||A|| < 1,

has one solution, and it lies within ||T(z) - z||/(1 - g ||A||) of any z, T(z) being the right side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from verify.certificates.balls import exact, largest, squared_norm, total, upper_bound
from verify.certificates.eigenvalues import lowest_eigenvalue
from verify.certificates.losses import positive

Array = NDArray[np.float64]


def gram(matrix: arb_mat) -> arb_mat:
    """M^T M."""
    return matrix.transpose() * matrix


def relu(matrix: arb_mat) -> arb_mat:
    """Entry by entry."""
    return arb_mat(matrix.nrows(), matrix.ncols(), [positive(entry) for entry in matrix.entries()])


@dataclass(frozen=True)
class Norm:
    """A spectral norm within [low, high], exact ends, and a vector that shows `low`."""

    low: arb
    high: arb
    vector: Array

    @property
    def ball(self) -> arb:
        """The enclosure."""
        return self.low.union(self.high)


def spectral_norm(matrix: arb_mat) -> Norm:
    """||M||, the root of the largest eigenvalue of the smaller one of M M^T and M^T M."""
    smaller = gram(matrix.transpose() if matrix.nrows() <= matrix.ncols() else matrix)
    found = lowest_eigenvalue(-1 * smaller)
    low, high = positive(-found.high), positive(-found.low)
    return Norm(low.sqrt().lower(), high.sqrt().upper(), found.vector)


def degree_one(cosine: arb) -> arb:
    """``(sqrt(1 - c^2) + (pi - arccos c) c)/pi``, the arc cosine kernel of degree 1, for |c| < 1."""
    return ((1 - cosine * cosine).sqrt() + (arb.pi() - cosine.acos()) * cosine) / arb.pi()


def cosines(inputs: arb_mat) -> arb_mat:
    """Of the angles between the columns; 1 on the diagonal."""
    products = gram(inputs)
    size = products.nrows()
    lengths = [products[i, i].sqrt() for i in range(size)]
    return arb_mat(
        [
            [products[i, j] / (lengths[i] * lengths[j]) if i != j else arb(1) for j in range(size)]
            for i in range(size)
        ]
    )


def limit_gram(inputs: arb_mat) -> arb_mat:
    """``G^inf_ij = E relu(w^T x_i) relu(w^T x_j)``, w of N(0, I), in closed form, for columns of any norm."""
    between, squares = cosines(inputs), gram(inputs)
    size = between.nrows()
    rows = [[arb(0)] * size for _ in range(size)]
    for i in range(size):
        rows[i][i] = squares[i, i] / 2
        for j in range(i):
            lengths = (squares[i, i] * squares[j, j]).sqrt()
            rows[i][j] = rows[j][i] = lengths * degree_one(between[i, j]) / 2
    return arb_mat(rows)


def fixed_cosine(overlap: arb, share: arb, guess: float) -> arb:
    """The solution of ``c = share Q(c) + (1 - share) overlap``, Q = `degree_one`, for |overlap| < 1.

    Q has slopes between 0 and 1 on [-1, 1], so that the right side contracts by `share` < 1, and the solution
    is within |its value at c - c|/(1 - share) of any c, here of what sweeps from `guess` reach.
    """
    at = arb(guess)
    for _ in range(SWEEPS):
        at = arb((share * degree_one(at) + (1 - share) * overlap).mid())
    off = (share * degree_one(at) + (1 - share) * overlap - at).abs_upper() / (1 - share)
    return at + arb(0, upper_bound(off))


#: Sweeps of the fixed point: each takes log2(1/share) bits off the distance of the guess.
SWEEPS = 30


def equilibrium_kernel(inputs: arb_mat, sigma_w: float) -> arb_mat:
    """K of Ling et al., for the inputs divided by their norms; ``K_ii = 1/(1 - sigma_w^2)``."""
    between, share = cosines(inputs), arb(sigma_w) ** 2
    size = between.nrows()
    rows = [[1 / (1 - share)] * size for _ in range(size)]
    for i in range(size):
        for j in range(i):
            cosine = fixed_cosine(between[i, j], share, float(between[i, j]))
            rows[i][j] = rows[j][i] = degree_one(cosine) / (1 - share)
    return arb_mat(rows)


@dataclass(frozen=True)
class Equilibrium:
    """The equilibria of all samples, enclosed.

    z        (m, n); each column lies also within `radius` of the middle of its ball, in the Euclidean norm
    radius   the largest of all samples
    open     gates that are open for certain
    unknown  gates that are neither open nor closed for certain
    """

    z: arb_mat
    radius: arb
    open: int
    unknown: int


def equilibrium(coupled: arb_mat, contraction: arb, sources: arb_mat, guess: Array) -> Equilibrium | None:
    """Of ``z = relu(C z + f)`` for C (m, m) with ||C|| <= `contraction`, and columns f (m, n).

    `guess` (m, n) is next to it: a proposal. None where nothing is known to contract.
    """
    if not contraction < 1:
        return None
    at = exact(guess)
    before = coupled * at + sources
    apart = relu(before) - at
    samples = at.ncols()
    entries = [entry.abs_upper() ** 2 for entry in apart.entries()]
    radii = [upper_bound(total(entries[j::samples]).sqrt() / (1 - contraction)) for j in range(samples)]
    if not largest(radii).is_finite():
        return None
    # An argument moves by ||C|| times the radius at most.
    arguments = [entry + arb(0, radii[k % samples]) for k, entry in enumerate(before.entries())]
    opened = sum(1 for entry in arguments if entry > 0)
    closed = sum(1 for entry in arguments if entry < 0)
    z = [entry + arb(0, radii[k % samples]) for k, entry in enumerate(at.entries())]
    return Equilibrium(
        arb_mat(at.nrows(), samples, [positive(entry) for entry in z]),
        largest(radii),
        opened,
        len(arguments) - opened - closed,
    )


def euclidean(vector: arb_mat) -> arb:
    """The norm of all entries together, enclosed."""
    return squared_norm(vector).sqrt()
