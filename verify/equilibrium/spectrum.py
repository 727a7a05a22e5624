"""How contracting a map is near a point: norm and spectral radius of J, conditioning of I - J."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from verify.equilibrium.cell import Array, Linear
from verify.equilibrium.solving import solve
from verify.numerics.spectral_norm import norm_by_products

#: Up to this size all products are taken and the matrix is decomposed. ARPACK needs room to iterate.
DENSE = 64

#: Relative residual of the solves behind the norm of the inverse, which is asked for to 1e-5.
INVERSE = 1e-8

#: Eigenvalues that Arnoldi looks for, to find the largest among pairs of nearly one size, and their accuracy.
EIGENVALUES, EIGENVALUE = 8, 1e-8

#: Powers of J that are tried where its largest eigenvalue is not known well enough.
POWERS = (4, 16)

#: Rounding of a dense decomposition or of a product, relative to the norm of J.
ROUNDING = 1e-13


@dataclass(frozen=True)
class Estimate:
    """A number by an iteration, and how far it may be off by its residual."""

    value: float
    error: float


@dataclass(frozen=True)
class Spectrum:
    """What J is like at a point; None where the iteration did not converge.

    norm     ||J||, the factor by which f contracts in the Euclidean norm
    radius   largest |eigenvalue| of J, the factor by which f contracts in the long run
    inverse  ||(I - J)^-1||, by which an error in the equation is an error in the equilibrium
    """

    norm: Estimate | None
    radius: Estimate | None
    inverse: Estimate | None


def spectrum(linear: Linear, random: np.random.Generator, limit: float = np.inf) -> Spectrum:
    """Norm, radius and conditioning of a linearised map; the last well enough to compare it with `limit`."""
    if linear.size <= DENSE:
        return _dense(np.array([linear.vjp(row) for row in np.eye(linear.size)]))
    norm = jacobian_norm(linear, random)
    inverse = _by_neumann(norm) if norm and norm.value + norm.error < 1 else None
    if inverse is None or abs(inverse.value - limit) <= inverse.error:
        inverse = _largest(
            lambda v: solve(linear.vjp, solve(linear.jvp, v, INVERSE), INVERSE), linear.size, random
        )
    return Spectrum(norm, _radius(linear, norm, random), inverse)


def _by_neumann(norm: Estimate) -> Estimate:
    """||(I - J)^-1|| between 1 / (1 + ||J||) and 1 / (1 - ||J||): to find it takes thousands of products."""
    largest = norm.value + norm.error
    least, most = 1 / (1 + largest), 1 / (1 - largest)
    return Estimate((most + least) / 2, (most - least) / 2)


def jacobian_norm(linear: Linear, random: np.random.Generator) -> Estimate | None:
    """||J|| by Lanczos on J^T J."""
    if linear.size <= DENSE:
        return spectrum(linear, random).norm
    return _largest(lambda v: linear.vjp(linear.jvp(v)), linear.size, random)


def _largest(gram: Callable[[Array], Array], size: int, random: np.random.Generator) -> Estimate | None:
    from scipy.sparse.linalg import ArpackError

    start = random.standard_normal(size)
    if not np.any(gram(start)):
        return Estimate(0.0, 0.0)
    try:
        value, error, _ = norm_by_products(gram, start)
    except ArpackError:
        return None
    return Estimate(value, error + ROUNDING * value) if np.isfinite(value + error) else None


def _radius(linear: Linear, norm: Estimate | None, random: np.random.Generator) -> Estimate | None:
    """The largest eigenvalue by Arnoldi, from both sides: its condition number is needed, too."""
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

    size = linear.size
    start = random.standard_normal(size)
    if norm is not None and norm.value == 0:
        return norm

    def top(product: Callable[[Array], Array]) -> tuple[Array, Array]:
        operator = LinearOperator((size, size), matvec=lambda v: product(v.ravel()), dtype=np.float64)
        return eigs(operator, k=EIGENVALUES, v0=start, tol=EIGENVALUE)

    try:
        (values, rights), (others, lefts) = top(linear.jvp), top(linear.vjp)
    except ArpackError:
        return None
    largest = int(np.argmax(np.abs(values)))
    value, x = values[largest], rights[:, largest]
    # Its left eigenvector is that of the same eigenvalue of J^T, or of the conjugate one.
    y = lefts[:, int(np.argmin(np.minimum(np.abs(others - value), np.abs(others - np.conj(value)))))]
    residual = linear.jvp(x.real) + 1j * linear.jvp(x.imag) - value * x

    def power(times: int) -> Estimate | None:
        return _largest(lambda v: _repeated(linear.vjp, _repeated(linear.jvp, v, times), times), size, random)

    return _eigenvalue(abs(value), float(np.linalg.norm(residual)), _overlap(x, y), norm, power)


def _repeated(product: Callable[[Array], Array], v: Array, times: int) -> Array:
    for _ in range(times):
        v = product(v)
    return v


def _overlap(right: Array, left: Array) -> float:
    """|y^H x| of unit vectors: one over the condition number of their eigenvalue, of either of a pair."""
    size = float(np.linalg.norm(right) * np.linalg.norm(left))
    return max(abs(complex(np.vdot(left, right))), abs(complex(np.dot(left, right)))) / size


def _eigenvalue(
    value: float,
    residual: float,
    overlap: float,
    norm: Estimate | None,
    power: Callable[[int], Estimate | None],
) -> Estimate:
    error = (residual + ROUNDING * value) / overlap if overlap > 0 else np.inf
    if value >= 1:  # a bound from above says nothing of how far it may be off to the other side
        return Estimate(value, float(min(error, value)))
    if norm is not None:
        error = min(error, max(norm.value + norm.error - value, ROUNDING))
    if value + error >= 1:
        # A defective eigenvalue is not known from its residual; the radius is at most ||J^k||^(1/k).
        for times in POWERS:
            if (found := power(times)) is not None:
                bound = (found.value + found.error) ** (1 / times)
                error = min(error, max(bound - value, ROUNDING))
    return Estimate(value, float(error))


def _dense(jacobian: Array) -> Spectrum:
    import scipy.linalg

    sizes = np.linalg.svd(jacobian, compute_uv=False)
    rounding = ROUNDING * float(sizes[0])
    norm = Estimate(float(sizes[0]), rounding)
    values, left, right = scipy.linalg.eig(jacobian, left=True, right=True)
    top = int(np.argmax(np.abs(values)))
    overlap = _overlap(right[:, top], left[:, top])

    def power(times: int) -> Estimate:
        largest, amount = (
            float(np.linalg.norm(np.linalg.matrix_power(matrix, times), 2))
            for matrix in (jacobian, np.abs(jacobian))
        )
        return Estimate(largest, times * ROUNDING * amount)

    radius = _eigenvalue(float(np.abs(values[top])), rounding, overlap, norm, power)
    least = float(np.linalg.svd(np.eye(len(jacobian)) - jacobian, compute_uv=False)[-1])
    floor = ROUNDING * (1 + norm.value)
    inverse = Estimate(1 / least, floor / least**2) if least > floor else None
    return Spectrum(norm, radius, inverse)
