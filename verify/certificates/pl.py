"""The Polyak-Lojasiewicz inequality of a shallow objective and its excess, enclosed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from verify.certificates.balls import exact, frobenius_norm, hadamard, total
from verify.certificates.eigenvalues import Lowest, lowest_eigenvalue
from verify.certificates.losses import curvature_bound, slopes, value
from verify.losses import ShallowObjective

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shallow:
    """``L_0(W) = sum_i loss(W phi_i, y_i)`` for exact data: features (m, n), targets (m_y, n).

    tau     weight of tau ||q||^2; 0 for the losses that have none
    radius  R of the logistic loss, a float; infinite for the others
    best    next to a minimiser, (m_y, m), in floats: a proposal
    """

    loss: str
    features: arb_mat
    targets: arb_mat
    tau: arb
    radius: float
    best: Array

    @classmethod
    def of(
        cls, loss: str, tau: float | None, features: Array, targets: Array, known: ShallowObjective
    ) -> Shallow:
        """From floats; `known` proposes radius and minimiser."""
        return cls(loss, exact(features), exact(targets), arb(tau or 0.0), known.radius, known.minimiser)

    @property
    def gram(self) -> arb_mat:
        """The smaller one of Phi Phi^T and Phi^T Phi: it has every non-zero eigenvalue."""
        phi, transposed = self.features, self.features.transpose()
        return phi * transposed if phi.nrows() <= phi.ncols() else transposed * phi

    @property
    def spans(self) -> bool:
        """Whether n <= m, so that with rank n every output can be reached."""
        return self.features.ncols() <= self.features.nrows()

    def least_square(self) -> Lowest:
        """sigma_min(Phi)^2, of the smallest non-zero singular value where it is positive."""
        return lowest_eigenvalue(self.gram)

    def constant(self, least: Lowest) -> tuple[arb, arb]:
        """kappa, enclosed, from `least_square`."""
        factor = curvature_bound(self.loss, self.features, self.tau, self.radius)
        return (factor * least.low).lower(), (factor * least.high).upper()

    def loss_at(self, w: arb_mat) -> arb:
        """``L_0(W)``."""
        return value(self.loss, w * self.features, self.targets, self.tau)

    def gradient(self, w: arb_mat) -> arb_mat:
        """``grad L_0(W)`` (m_y, m)."""
        return slopes(self.loss, w * self.features, self.targets, self.tau) * self.features.transpose()

    def optimum(self, kappa: arb) -> arb | None:
        """L*_R, enclosed, where PL holds with `kappa` > 0; None where the minimiser proposed is beyond R.

        For the square loss by the normal equations; 0 for the hinge; else from L_0(W) - ||grad L_0(W)||^2 /
        (2 kappa) <= L*_R <= L_0(W) at the W that is proposed.
        """
        if self.loss == "hinge":
            return arb(0)
        if self.loss == "square":
            return self.loss_at(arb_mat(self.targets.nrows(), self.features.nrows())) - self._explained()
        if not float(np.abs(self.best).sum(axis=0).max()) * (1 + 1e-12) < self.radius:
            return None
        w = exact(self.best)
        above, slope = self.loss_at(w), frobenius_norm(self.gradient(w))
        return (above - (slope**2 / (2 * kappa)).upper()).union(above)

    def excess(self, w: arb_mat, kappa: arb) -> arb | None:
        """``L_0(W) - L*_R``, by the residual's part in the rows of Phi for the square loss; see `optimum`."""
        if self.loss == "square":
            return self._projected(w * self.features - self.targets)
        least = self.optimum(kappa)
        return None if least is None else self.loss_at(w) - least

    def _explained(self) -> arb:
        return self._projected(self.targets)

    def _projected(self, rows: arb_mat) -> arb:
        """The squared norm of the rows' projections onto the rows of Phi."""
        if self.spans:
            return total(hadamard(rows, rows).entries())
        along = rows * self.features.transpose()
        return total(hadamard(along * self.gram.inv(), along).entries())
