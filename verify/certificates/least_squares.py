"""The square loss of a linear map, L_0(W) = ||W Phi - Y||^2, in balls: optimum, PL constant, excess."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from verify.certificates.balls import exact, magnitudes, squared_norm
from verify.certificates.eigenvalues import smallest_eigenvalue
from verify.theorem.errors import InputError

#: A smallest singular value of Phi below this share of the largest is 0 but for rounding.
RANK = 1e-12


@dataclass(frozen=True)
class LeastSquares:
    """L_0 for exact features Phi (m, n) and targets Y (k, n), where Phi has full rank.

    features, targets  Phi, Y
    gram               2 Phi Phi^T, (m, m)
    cross              2 Y Phi^T, (k, m)
    gram_magnitudes    bounds of |2 Phi Phi^T|
    best               W*, for which W* Phi is next to Y, (k, m)
    optimal_value      L*
    pl_constant        kappa, for all W: an enclosure of 2 sigma_min(Phi)^2
    """

    features: arb_mat
    targets: arb_mat
    gram: arb_mat
    cross: arb_mat
    gram_magnitudes: arb_mat
    best: arb_mat
    optimal_value: arb
    pl_constant: arb

    @classmethod
    def of(cls, features: NDArray[np.float64], targets: NDArray[np.float64]) -> LeastSquares:
        """From floats, taken as they are. InputError where Phi does not have full rank.

        Then the rank is a matter of rounding, and so are kappa and L*.
        """
        sigma = np.linalg.svd(features, compute_uv=False)
        if not sigma[-1] > RANK * sigma[0]:
            rank = int(np.sum(sigma > RANK * sigma[0]))
            raise InputError(
                f"the features have rank {rank} < {len(sigma)} to rounding, which no enclosure can tell from "
                f"full rank: use --width {rank} or less"
            )
        phi, y = exact(features), exact(targets)
        transposed = phi.transpose()
        wide = phi.nrows() <= phi.ncols()
        square = phi * transposed if wide else transposed * phi
        inverse = square.inv()
        best = y * transposed * inverse if wide else y * inverse * transposed
        low, high = smallest_eigenvalue(square)
        if not low > 0:
            raise InputError("the features have full rank, but no enclosure shows it: use a smaller --width")
        gram, cross = 2 * (phi * transposed), 2 * (y * transposed)
        value = squared_norm(best * phi - y)
        return cls(phi, y, gram, cross, magnitudes(gram), best, value, 2 * low.union(high))

    def excess(self, w: arb_mat) -> arb:
        """L_0(W) - L*, which is ||(W - W*) Phi||^2."""
        return squared_norm((w - self.best) * self.features)

    def gradient(self, w: arb_mat) -> arb_mat:
        """grad L_0(W)."""
        return w * self.gram - self.cross
