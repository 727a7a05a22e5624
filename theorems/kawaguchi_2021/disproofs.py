"""No rate faster than that of Kawaguchi's Theorem 1 holds: 1% more is disproved at one point.

A = 0, so that softmax(A) has the entries 1/m, m = 2, one output, Phi = I (so kappa = 2 and L* = 0), and
targets that differ from Q by a multiple of (1, -1), the slowest direction of D. All of it is rational.

Kind "faster-rate": given S = softmax(A) (2, 2), gamma, B and Y (1, 2), and `faster`,
how many times the rate is claimed; found E = L - L*, its `speed` -d log E/dt, lambda_min(D) as `least`, and
the claimed rate as `claimed`, at time 0. It says nothing of a given T; the enclosed flow would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from verify.certificates.certificate import Certificate, Word, decided
from verify.certificates.exact import rational

#: kappa = 2 sigma_min(Phi)^2.
KAPPA = 2

#: How many times the rate of Theorem 1 is claimed.
FASTER = Fraction(101, 100)

RULE = (
    "S * S == S",
    "S[0, 0] == S[0, 1] == S[1, 0] == S[1, 1]",
    "0 < gamma < 1",
    "1 < faster",
    "100 * faster <= 101",
    "V = (S ** 0 - gamma * S).inv()",
    "Q = B * V",
    "J = (S ** 0 - S) / 2",
    "D = (1 + gamma ** 2 * square(Q * J)) * V.transpose() * V",
    "G = 2 * (Q - Y)",
    "E = square(Q - Y)",
    "speed = (G * D * G.transpose())[0, 0] / E",
    "least = by_rows(D)",
    "kappa = 2",
    "claimed = faster * 2 * kappa * least",
    "speed < claimed",
)


def disproofs(large: bool) -> Iterator[Certificate]:
    """Theorem 1 with a rate 1% faster. `large` adds nothing."""
    yield faster_rate(Fraction(1, 2), (Fraction(1), Fraction(0)), (Fraction(7, 5), Fraction(3, 5)))


def faster_rate(gamma: Fraction, b: Sequence[Fraction], y: Sequence[Fraction]) -> Certificate:
    """K-T1 with `FASTER` times its rate, at A = 0, B = b and targets y.

    U^-1 = I + gamma/(1 - gamma) S, S = 11^T/2; `speed` is that of the gradients themselves, not by D: with P
    = G V^T, ||dL/dB||^2 = ||P||^2, and column k of dL/dA is J_k (gamma Q^T P)_k.
    """
    off = gamma / (2 * (1 - gamma))
    q = [b[0] + off * (b[0] + b[1]), b[1] + off * (b[0] + b[1])]
    g = [2 * (q[0] - y[0]), 2 * (q[1] - y[1])]
    p = [g[0] + off * (g[0] + g[1]), g[1] + off * (g[0] + g[1])]
    e = (g[0] ** 2 + g[1] ** 2) / 4
    # J_k = I/2 - 11^T/4 takes (s, t) to (s - t)/4 (1, -1).
    by_a = sum(2 * (gamma * (q[0] - q[1]) * entry / 4) ** 2 for entry in p)
    speed = (p[0] ** 2 + p[1] ** 2 + by_a) / e
    least = 1 + gamma**2 * (q[0] - q[1]) ** 2 / 8
    claimed = FASTER * 2 * KAPPA * least
    shown = speed < claimed
    return decided(
        shown,
        Certificate(
            theorem="linear-rate",
            claim="K-T1",
            kind="faster-rate",
            statement="L(T) - L* <= (L(0) - L*) exp(-2.02 kappa lambda_T T) for all T, a rate 1% faster "
            "than that of Theorem 1 (Kawaguchi 2021)",
            word=Word.DISPROVED,
            given={
                "rule": list(RULE),
                "S": [["1/2", "1/2"], ["1/2", "1/2"]],
                "gamma": rational(gamma),
                "B": [[rational(entry) for entry in b]],
                "Y": [[rational(entry) for entry in y]],
                "faster": rational(FASTER),
            },
            found={
                "E": rational(e),
                "speed": rational(speed),
                "least": rational(least),
                "claimed": rational(claimed),
            },
            shown=(
                f"m = n = 2, m_y = 1, Phi = I, so kappa = 2 and L* = 0; gamma = {gamma}, A = 0, B = ({b[0]}, "
                f"{b[1]}), targets Y = ({y[0]}, {y[1]}).",
                f"softmax(A) has the entries 1/2, U^-1 = [[{1 + off}, {off}], [{off}, {1 + off}]], Q = B "
                f"U^-1 = ({q[0]}, {q[1]}), E = L - L* = {e}, and the gradient of L_0 is G = 2 (Q - Y) = "
                f"({g[0]}, {g[1]}).",
                "J_k = I/2 - 11^T/4 for both k, so that D = (1 + gamma^2 ||Q J||^2) U^-T U^-1, whose "
                f"smallest eigenvalue, to (1, -1), is lambda_min(D) = 1 + gamma^2 ||Q J||^2 = {least}.",
                f"At time 0, -d log E/dt = G D G^T/E = {speed}, which is what 2 kappa lambda_min(D) = "
                f"{4 * least} promises: Theorem 1 is attained.",
                "As T -> 0, (1/T) log(E(0)/E(T)) tends to that and lambda_T to lambda_min(D), for both are "
                f"continuous; 2.02 kappa lambda_min(D) = {claimed} is more. So the claim is false for every "
                "T that is small enough.",
            ),
        ),
        "take targets along the slowest direction of D",
    )
