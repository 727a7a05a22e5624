"""What Ling et al. print of Condition 1 (9), disproved at two networks of two units.

Both have the inputs x_1 = (7/5, 1/5) and x_2 = (1/5, 7/5), of norm sqrt(2) = sqrt(d), and W = w I, U = u I:
all units are active, Z = u/(1 - w) X, and all that (9) compares is rational.

Kinds "condition-nine-fails" and "condition-nine-short": given X (2, 2) with inputs as columns, w, u, a (1,
2) and its norm `size`, delta; found lambda_0 and h = (c_w^2 + c_u^2) ||X||_F^2. (9) is lambda_0 >= 4 h.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from verify.certificates.certificate import Certificate, Word, decided
from verify.certificates.exact import rational

NAME, PAPER = "ling-convergence", "Ling et al. 2023"

#: The inputs as columns; the matrix is symmetric.
INPUTS = ((Fraction(7, 5), Fraction(1, 5)), (Fraction(1, 5), Fraction(7, 5)))

RULE = (
    "0 < size",
    "square(a) == size ** 2",
    "0 < u",
    "Z = u / (1 - w) * X",
    "Z == relu(w * Z + u * X)",
    "0 <= w",
    "0 < w + delta < 1",
    "gram = Z.transpose() * Z",
    "gram[0, 0] == gram[1, 1]",
    "lambda_0 = gram[0, 0] - abs(gram[0, 1])",
    "c_w = (u + delta) * (size + delta) / (1 - w - delta) ** 2",
    "c_u = (size + delta) / (1 - w - delta)",
    "h = (c_w ** 2 + c_u ** 2) * square(X)",
)
FAILS = (*RULE, "delta == 0", "lambda_0 < 4 * h")
SHORT = (*RULE, "4 * h <= lambda_0", "lambda_0 - 4 * h < lambda_0 / 2")


def disproofs(large: bool) -> Iterator[Certificate]:
    """That width makes (9) hold, and that the proof gets by with its factor 4. `large` adds nothing."""
    yield never(Fraction(1, 2), (Fraction(3, 5), Fraction(4, 5)), Fraction(0))
    yield short(Fraction(1, 5), (Fraction(3, 50), Fraction(4, 50)), Fraction(1, 20))


def never(w: Fraction, a: Sequence[Fraction], delta: Fraction) -> Certificate:
    """L-C1.never at W = w I, U = I."""
    lambda_0, h = sides(w, a, delta)
    return decided(
        lambda_0 < 4 * h,
        Certificate(
            theorem=NAME,
            claim="L-C1.never",
            kind="condition-nine-fails",
            statement="Condition 1 (9) holds with high probability at the start of Assumption 1, for a wide "
            f"network ({PAPER}, section 3.2)",
            word=Word.DISPROVED,
            given=given(FAILS, w, a, delta),
            found={"lambda_0": rational(lambda_0), "h": rational(h)},
            shown=(
                "Each z = relu(W z + U x) has ||z|| <= ||U|| ||x||/(1 - ||W||), so that lambda_0 <= tr(Z^T "
                "Z)/n <= ||U||^2 ||X||_F^2/((1 - ||W||)^2 n).",
                "The right side of (9), 4 (c_w^2 + c_u^2) ||X||_F^2, is more than 4 c_w^2 ||X||_F^2 >= 4 "
                "||U||^2 ||a||^2 ||X||_F^2/(1 - ||W||)^4, whatever delta is.",
                "So (9) asks for ||a(0)|| < (1 - ||W(0)||)/(2 sqrt(n)) <= 1/2. There is no m in this.",
                "But a(0) has m entries of N(0, 1/m): P(||a(0)|| <= 1/2) <= (e^(3/4)/4)^(m/2) (Chernoff), "
                "less than 0.73^m, for e^3 < 20.1 < 20.6 < 256 * 0.73^8. With probability 1 - 0.73^m at "
                "least, (9) fails.",
                f"For example n = d = m = 2, X = [[7/5, 1/5], [1/5, 7/5]], W = ({w}) I, U = I, a = ({a[0]}, "
                f"{a[1]}): all units are active, Z = X/(1 - {w}), lambda_0 = {lambda_0}. At delta = {delta}, "
                f"where (9) asks least, h = (c_w^2 + c_u^2) ||X||_F^2 = {h}, and {lambda_0} < 4 * {h}.",
            ),
        ),
        "take a larger a",
    )


def short(w: Fraction, a: Sequence[Fraction], delta: Fraction) -> Certificate:
    """L-C1.eight at W = w I, U = I."""
    lambda_0, h = sides(w, a, delta)
    shown = 4 * h <= lambda_0 < 8 * h
    return decided(
        shown,
        Certificate(
            theorem=NAME,
            claim="L-C1.eight",
            kind="condition-nine-short",
            statement="the last line of the proof of Theorem 1: with the factor 4 of (9) a step takes eta "
            f"lambda_0/2 off Phi ({PAPER}, as printed)",
            word=Word.DISPROVED,
            given=given(SHORT, w, a, delta),
            found={"lambda_0": rational(lambda_0), "h": rational(h)},
            shown=(
                "The proof bounds a step by Phi(tau + 1) <= (1 - eta (lambda_0 - 4 h)) Phi(tau), with h = "
                "(c_w^2 + c_u^2) ||X||_F^2, and says that this is 1 - eta lambda_0/2 at most. That is "
                "lambda_0 >= 8 h; (9) is lambda_0 >= 4 h.",
                f"At n = d = m = 2, X = [[7/5, 1/5], [1/5, 7/5]], W = ({w}) I, U = I, a = ({a[0]}, {a[1]}), "
                f"delta = {delta}: Z = X/(1 - {w}), lambda_0 = {lambda_0}, h = {h}. (9) holds, {lambda_0} >= "
                f"{4 * h}; (7) and (8) do for labels near yhat(0).",
                f"Yet lambda_0 - 4 h = {lambda_0 - 4 * h} < {lambda_0 / 2} = lambda_0/2. With lambda_0 = 4 h "
                "the line gives no decay at all. With 8 for 4 it is right.",
            ),
        ),
        "take a of another size",
    )


def sides(w: Fraction, a: Sequence[Fraction], delta: Fraction) -> tuple[Fraction, Fraction]:
    """lambda_0 and h at W = w I, U = I.

    X has the eigenvalues 8/5 and 6/5, to (1, 1) and (1, -1), and ||X||_F^2 = 4; for c_w and c_u the norm of
    a, which must be rational, is all that is needed of it.
    """
    size = root(a[0] ** 2 + a[1] ** 2) + delta
    room = 1 - w - delta
    lambda_0 = (Fraction(6, 5) / (1 - w)) ** 2
    return lambda_0, 4 * size**2 * (((1 + delta) / room**2) ** 2 + 1 / room**2)


def root(square: Fraction) -> Fraction:
    """The root of the square of a rational number, from floats; ValueError where it is none."""
    found = Fraction(float(square) ** 0.5).limit_denominator(10**6)
    if found**2 != square:
        raise ValueError(f"{square} has no rational root")
    return found


def given(rule: Sequence[str], w: Fraction, a: Sequence[Fraction], delta: Fraction) -> dict[str, object]:
    """What the checker needs."""
    return {
        "rule": list(rule),
        "X": [[rational(entry) for entry in row] for row in INPUTS],
        "w": rational(w),
        "u": "1",
        "a": [[rational(entry) for entry in a]],
        "size": rational(root(a[0] ** 2 + a[1] ** 2)),
        "delta": rational(delta),
    }
