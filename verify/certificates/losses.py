"""The losses of `verify.losses` and the constants of their PL inequalities, enclosed.

Outputs q and targets y are (m_y, n); names are those of the option --loss. Squares are products: `x**2` of a
ball around 0 is no number in python-flint.
"""

from __future__ import annotations

from flint import arb, arb_mat

from verify.certificates.balls import ZERO, largest, total


def value(loss: str, q: arb_mat, y: arb_mat, tau: arb) -> arb:
    """The sum over the samples of the loss with its tau term."""
    outputs, targets = q.entries(), y.entries()
    pairs = list(zip(outputs, targets, strict=True))
    if loss == "square":
        return total((a - b) * (a - b) for a, b in pairs)
    if loss == "hinge":
        short = [positive(1 - b * a) for a, b in pairs]
        return total(one * one for one in short)
    regular = tau * total(a * a for a in outputs)
    if loss == "logistic":
        return regular + total((-b * a).exp().log1p() for a, b in pairs)
    sums = [total(a.exp() for a in column) for column in _columns(q)]
    return regular + total(one.log() for one in sums) - total(a * b for a, b in pairs)


def slopes(loss: str, q: arb_mat, y: arb_mat, tau: arb) -> arb_mat:
    """The derivatives in q, (m_y, n)."""
    pairs = list(zip(q.entries(), y.entries(), strict=True))
    if loss == "square":
        found = [2 * (a - b) for a, b in pairs]
    elif loss == "hinge":
        found = [-2 * b * positive(1 - b * a) for a, b in pairs]
    elif loss == "logistic":
        found = [2 * tau * a - b / (1 + (b * a).exp()) for a, b in pairs]
    else:
        sums = [total(a.exp() for a in column) for column in _columns(q)]
        samples = q.ncols()
        found = [a.exp() / sums[place % samples] - b + 2 * tau * a for place, (a, b) in enumerate(pairs)]
    return arb_mat(q.nrows(), q.ncols(), found)


def curvatures(loss: str, q: arb_mat, tau: arb) -> list[arb]:
    """The second derivatives in q of every sample, for one output and the square or the logistic loss."""
    if loss == "square":
        return [arb(2)] * q.ncols()
    return [2 * tau + 1 / ((1 + a.exp()) * (1 + (-a).exp())) for a in q.entries()]


def curvature_bound(loss: str, features: arb_mat, tau: arb, radius: float) -> arb:
    """kappa over the square of the smallest non-zero singular value of the features (m, n).

    2 for the square loss and the hinge, 2 tau for the cross-entropy, 2 tau + rho(R) for the logistic loss
    with rho(R) = 1/((1 + e^r) (1 + e^-r)), r = R max_i ||phi_i||_1.
    """
    if loss in ("square", "hinge"):
        return arb(2)
    if loss == "cross-entropy":
        return 2 * tau
    reach = radius * largest(
        total(entry.abs_upper() for entry in column).upper() for column in _columns(features)
    )
    return 2 * tau + 1 / ((1 + reach.exp()) * (1 + (-reach).exp()))


def positive(ball: arb) -> arb:
    """max(0, x) for every x in the ball."""
    if ball > 0:
        return ball
    return arb(0).union(ball.upper()) if not ball <= 0 else ZERO


def _columns(matrix: arb_mat) -> list[list[arb]]:
    entries, columns = matrix.entries(), matrix.ncols()
    return [entries[j::columns] for j in range(columns)]
