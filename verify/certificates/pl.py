"""The Polyak-Lojasiewicz inequality of a shallow objective and its excess, enclosed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from verify.certificates.balls import exact, frobenius_norm, hadamard, squared_norm, total
from verify.certificates.certificate import Certificate, Word
from verify.certificates.eigenvalues import Lowest, lowest_eigenvalue
from verify.certificates.exact import binaries, binary, row
from verify.certificates.judging import enclosed, shown
from verify.certificates.losses import curvature_bound, slopes, value
from verify.losses import ShallowObjective

Array = NDArray[np.float64]

#: kappa by the loss, with sigma the smallest non-zero singular value of the features.
FORMULAS = {
    "square": "2 sigma^2",
    "hinge": "2 sigma^2",
    "cross-entropy": "2 tau sigma^2",
    "logistic": "(2 tau + rho(R)) sigma^2",
}


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
    def objective(self) -> Mapping[str, Any]:
        """Loss and features, for a certificate."""
        return {
            "loss": self.loss,
            "features": binaries(self.features),
            "tau": binary(self.tau),
            "radius": binary(self.radius) if np.isfinite(self.radius) else None,
        }

    @property
    def data(self) -> Mapping[str, Any]:
        """The same with the targets."""
        return {**self.objective, "targets": binaries(self.targets)}

    def certificate(self, theorem: str, claim: str, least: Lowest) -> Certificate:
        """That kappa > 0 by the corollary of the loss, from `least_square`; of kind ``pl-constant``.

        `given` has `loss`, `features`, `tau`, `radius` (null where PL holds for all W) and a `vector`;
        `found` has sigma_min^2 of the features, the least eigenvalue of the smaller one of their Gram
        matrices, within `sigma_squared`, and `kappa`.
        """
        low, high = self.constant(least)
        met = least.low > 0 and low > 0 and (self.loss != "hinge" or self.spans)
        bounded = np.isfinite(self.radius)
        inside = f"for ||W||_1 < {self.radius:g}, L*_R the least there" if bounded else "for all W"
        best = "L*_R" if bounded else "L*"
        return Certificate(
            theorem=theorem,
            claim=claim,
            kind="pl-constant",
            statement=f"1/2 ||grad L_0(W)||^2 >= kappa (L_0(W) - {best}) {inside}, "
            f"kappa = {FORMULAS[self.loss]} > 0, and rank Phi = min(n, m)",
            word=Word.PROVED if met else Word.UNDECIDED,
            given={**self.objective, "vector": row(least.vector)},
            found={"sigma_squared": enclosed(least.low, least.high), "kappa": enclosed(low, high)},
            shown=(f"sigma^2 in {shown(least.low, least.high)}, kappa in {shown(low, high)}",),
            advice="" if met else "the rank of Phi is below min(n, m) to rounding: use other data",
        )

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

        It is 0 for the hinge; for the losses with tau L_0(W) - ||grad L_0(W)||^2/(2 kappa) <= L*_R <= L_0(W)
        at the W that is proposed.
        """
        if self.loss == "hinge":
            return arb(0)
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

    def _projected(self, rows: arb_mat) -> arb:
        """The squared norm of the rows' projections onto the rows of Phi."""
        if self.spans:
            return squared_norm(rows)
        along = rows * self.features.transpose()
        return total(hadamard(along * self.gram.inv(), along).entries())
