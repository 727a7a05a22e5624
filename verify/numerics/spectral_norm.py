"""The spectral norm of a matrix of any width, on any device, or of what is known by its products alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from verify.numerics.arrays import AnyArray, host, like

Array = NDArray[np.float64]

#: Relative accuracy asked of the largest eigenvalue of A^T A.
TOLERANCE = 1e-5


def spectral_norm(a: AnyArray, start: Array) -> tuple[float, float, Array]:
    """``||A||``, how far the true norm may lie above it by its residual, and its right singular vector.

    Lanczos on ``A^T A`` from the vector `start`, with products in the precision and place of A.
    """
    return norm_by_products(lambda v: host(a.T @ (a @ like(v, a))), start)


def norm_by_products(gram: Callable[[Array], Array], start: Array) -> tuple[float, float, Array]:
    """`spectral_norm` of an A that is known by ``v -> A^T A v``, for vectors of the size (n,) of `start`."""

    def product(v: Array) -> Array:
        return gram(v.ravel())

    from scipy.sparse.linalg import LinearOperator, eigsh  # here, since it takes long to import

    operator = LinearOperator((start.size, start.size), matvec=product, dtype=np.float64)
    values, vectors = eigsh(operator, k=1, v0=start, tol=TOLERANCE)
    v, square = vectors[:, 0], float(values[0])
    residual = float(np.linalg.norm(product(v) - square * v))
    return float(np.sqrt(square)), residual / (2 * float(np.sqrt(square))), v
