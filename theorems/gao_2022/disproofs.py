"""What Gao et al. print and is false, disproved at points: Lemmas 3.1, 3.5, 3.6, and a reading of 3.4.

Kinds:

- "output-derivative", one unit on two inputs: given X (2, 2) with inputs as columns, W (1, 2), the numbers
  a, u, v, `gain` = gamma~, y (1, 2) and `swap`, the two unit vectors exchanged; found dyhat/dt as
  `derivative`, and -H r with the printed H as `printed`.
- "norm-of-u" and "norm-of-v", X = I: given W (m, n), A (m, m), u, v (1, m), y (1, n), z (m, n), s = sqrt(m),
  c, gamma and the `factor` k of the bound (k c sqrt(n)/lambda_0) ||r||; found the squares of both sides at
  time 0, `bound` and `size`, and lambda_0 from above.
- "spectral-distance": see `spectral_distance`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from math import isqrt

from theorems.gao_2022.spectral_distance import (
    LAMBDA_ABOVE,
    LAMBDA_BELOW,
    LAMBDAS,
    counterexample,
    instances,
    proposed,
)
from verify.certificates.certificate import Certificate, Word, decided
from verify.certificates.exact import rational

NAME, PAPER = "relu-convergence", "Gao et al. 2022"

Rows = Sequence[Sequence[Fraction]]

DERIVATIVE = (
    "room = 1 - gain * a",
    "0 < gain * abs(a) < 1",
    "1 == (X.transpose() * X)[0, 0] == (X.transpose() * X)[1, 1]",
    "f = W * X",
    "0 < f[0, 0]",
    "0 < f[0, 1]",
    "z = f / room",
    "z == relu(gain * a * z + f)",
    "r = u * z + v * f - y",
    "p = u / room",
    "by_a = gain * p * z",
    "by_W = (p + v) * X",
    "H = by_a.transpose() * by_a + by_W.transpose() * by_W + z.transpose() * z + f.transpose() * f",
    "derivative = -1 * r * H",
    "swap[0, 0] == swap[1, 1] == 0",
    "swap[0, 1] == swap[1, 0] == 1",
    "printed = derivative + z[0, 0] * z[0, 1] * r * swap",
    "printed != derivative",
)


#: The least of the factors that are printed, by what is bounded.
LEAST = {"u": 16, "v": 8}


def norm_rule(name: str) -> Sequence[str]:
    """The rule of "norm-of-u" or "norm-of-v"."""
    return (
        *LAMBDAS,
        "0 < s",
        "s ** 2 == W.nrows()",
        "phi = relu(W) / s",
        "z == relu(gamma / s * A * z + phi)",
        "0 < c",
        "0 < gamma",
        "2 * gamma <= 1",
        "4 * c * gamma <= 1",
        "square(W) <= c ** 2 * s ** 2",
        "square(A) <= c ** 2 * s ** 2",
        "G = phi.transpose() * phi",
        "3 * lambda_above <= 4 * by_rows(G)",
        "residual = square(u * z + v * phi - y)",
        "0 < residual",
        f"{LEAST[name]} <= factor",
        "bound = (factor * c / lambda_below) ** 2 * y.ncols() * residual",
        f"size = square({name})",
        "bound < size",
    )


def disproofs(large: bool) -> Iterator[Certificate]:
    """All of them; with `large` also the counterexamples to Lemma 3.4 that take ten seconds and more."""
    yield output_derivative(Point())
    for claim, name, factor, lemma in NORMS:
        yield printed_norm(claim, name, factor, lemma, Fraction(1, 200))
    for instance in instances(large):
        yield counterexample(instance, *proposed(instance))


@dataclass(frozen=True)
class Dual:
    """value + slope e, e^2 = 0: a number with its derivative."""

    value: Fraction
    slope: Fraction = Fraction(0)

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other: Dual) -> Dual:
        return Dual(self.value * other.value, self.value * other.slope + self.slope * other.value)

    def __truediv__(self, other: Dual) -> Dual:
        share = self.value / other.value
        return Dual(share, (self.slope - share * other.slope) / other.value)


@dataclass(frozen=True)
class Point:
    """A network of one unit on two inputs, m = 1, d = 2, and its labels.

    theta   a, w_1, w_2, u, v, positive, with gain a < 1
    gain    gamma~ = gamma/sqrt(m)
    inputs  x_1 and x_2 of norm 1, positive, so that all gates are open around here
    labels  y
    """

    theta: Sequence[Fraction] = (Fraction(1),) * 5
    gain: Fraction = Fraction(1, 2)
    inputs: Rows = ((Fraction(4, 5), Fraction(3, 5)), (Fraction(3, 5), Fraction(4, 5)))
    labels: Sequence[Fraction] = (Fraction(0), Fraction(0))

    def outputs(self, direction: Sequence[Fraction]) -> list[Dual]:
        """yhat_i = u z_i + v phi_i with z_i = phi_i/(1 - gain a), and its derivative along `direction`."""
        a, w_1, w_2, u, v = map(Dual, self.theta, direction)
        room = Dual(Fraction(1)) + Dual(-self.gain) * a
        phi = [w_1 * Dual(x[0]) + w_2 * Dual(x[1]) for x in self.inputs]
        return [u * (part / room) + v * part for part in phi]

    @property
    def residuals(self) -> list[Fraction]:
        """r = yhat - y."""
        outputs = self.outputs([Fraction(0)] * len(self.theta))
        return [out.value - y for out, y in zip(outputs, self.labels, strict=True)]

    @property
    def gradients(self) -> list[list[Fraction]]:
        """Those of yhat_1 and of yhat_2, by dual numbers."""
        axes = [[Fraction(i == j) for i in range(5)] for j in range(5)]
        along = [self.outputs(axis) for axis in axes]
        return [[outputs[i].slope for outputs in along] for i in (0, 1)]

    def derivative(self) -> list[Fraction]:
        """dyhat/dt along minus the gradient of ||yhat - y||^2/2; no formula of the lemma is in it."""
        (r_1, r_2), both = self.residuals, zip(*self.gradients, strict=True)
        return [out.slope for out in self.outputs([-(r_1 * s + r_2 * t) for s, t in both])]

    def lemma(self, ones: Sequence[Sequence[int]]) -> list[Fraction]:
        """-H r, H = (gamma~^2 P^T P + ones) o Z^T Z + (C^T C) o (X^T X) + Phi^T Phi, by the lemma's "
        "formulas."""
        a, w_1, w_2, u, v = self.theta
        phi = [w_1 * x[0] + w_2 * x[1] for x in self.inputs]
        p = u / (1 - self.gain * a)
        z = [part / (1 - self.gain * a) for part in phi]
        r = [u * z[i] + v * phi[i] - self.labels[i] for i in (0, 1)]
        h = [
            [
                ((self.gain * p) ** 2 + ones[i][j]) * z[i] * z[j]
                + (p + v) ** 2 * sum(s * t for s, t in zip(self.inputs[i], self.inputs[j], strict=True))
                + phi[i] * phi[j]
                for j in (0, 1)
            ]
            for i in (0, 1)
        ]
        return [-h[i][0] * r[0] - h[i][1] * r[1] for i in (0, 1)]


def output_derivative(at: Point) -> Certificate:
    """G-L3.1: dyhat/dt = -H r with the printed identity matrix. UNDECIDED where the two agree."""
    true, right, printed = at.derivative(), at.lemma([[1, 1], [1, 1]]), at.lemma([[1, 0], [0, 1]])
    if true != right:
        raise ArithmeticError(f"dyhat/dt is {true}, by the repaired lemma {right}")
    a, w_1, w_2, u, v = at.theta
    off = [f"{100 * float(abs(p - t) / abs(t)):.1f}%" for p, t in zip(printed, true, strict=True) if t]
    y, x = at.labels, at.inputs
    slopes = [f"({', '.join(map(str, gradient))})" for gradient in at.gradients]
    return decided(
        printed != true,
        Certificate(
            theorem=NAME,
            claim="G-L3.1",
            kind="output-derivative",
            statement="dyhat/dt = -H r with H = (gamma~^2 P^T P + I_n) o Z^T Z + (C^T C) o (X^T X) + Phi^T "
            f"Phi ({PAPER}, Lemma 3.1, as printed)",
            word=Word.DISPROVED,
            given={
                "rule": list(DERIVATIVE),
                "X": [[rational(x[0][k]), rational(x[1][k])] for k in (0, 1)],
                "W": [[rational(w_1), rational(w_2)]],
                "a": rational(a),
                "u": rational(u),
                "v": rational(v),
                "gain": rational(at.gain),
                "y": [[rational(label) for label in y]],
                "swap": [["0", "1"], ["1", "0"]],
            },
            found={"derivative": [list(map(rational, true))], "printed": [list(map(rational, printed))]},
            shown=(
                f"m = 1, n = d = 2, x_1 = ({x[0][0]}, {x[0][1]}), x_2 = ({x[1][0]}, {x[1][1]}), gamma~ = "
                f"{at.gain}, A = ({a}), W = ({w_1}, {w_2}), u = {u}, v = {v}, y = ({y[0]}, {y[1]}).",
                "Around this point all gates are open: phi_i = W x_i, z_i = phi_i/(1 - gamma~ a), yhat_i = "
                "u z_i + v phi_i.",
                f"There r = ({', '.join(map(str, at.residuals))}), and these rational functions of (a, w_1, "
                f"w_2, u, v) have the gradients {' and '.join(slopes)}. So dyhat/dt, the derivative along "
                f"minus the gradient of ||yhat - y||^2/2, is ({true[0]}, {true[1]}).",
                f"As printed, -H r = ({printed[0]}, {printed[1]}), off by {' and '.join(off)}. With 11^T for "
                "I_n it is dyhat/dt, exactly.",
            ),
        ),
        "take labels that are not yhat",
    )


#: Claim, parameter, factor k of its printed bound, and where it is printed.
NORMS = (
    ("G-L3.5.ii", "u", 16, "Lemma 3.5 (ii), flow"),
    ("G-L3.5.iii", "v", 8, "Lemma 3.5 (iii), flow"),
    ("G-L3.6.u", "u", 32, "Lemma 3.6, descent"),
    ("G-L3.6.v", "v", 16, "Lemma 3.6, descent"),
)

#: The point of the four: two orthonormal inputs, m = 4, A = I, u = v = (1, 1, 1, 1), all z = 16/15 phi.
UNITS, GAMMA, NORM = ((2, 0), (0, 2), (1, -1), (-1, 1)), Fraction(1, 8), 2


def printed_norm(claim: str, name: str, factor: int, lemma: str, distance: Fraction) -> Certificate:
    """||u(0)|| or ||v(0)|| against its printed bound, labels at `distance` from yhat(0) in the first "
    "place."""
    m, n, root = len(UNITS), len(UNITS[0]), isqrt(len(UNITS))
    phi = [[Fraction(max(entry, 0), root) for entry in row] for row in UNITS]
    z = [[entry / (1 - GAMMA / root) for entry in row] for row in phi]
    outputs = [sum((z[k][i] + phi[k][i] for k in range(m)), Fraction(0)) for i in range(n)]
    labels = [outputs[0] - distance, *outputs[1:]]
    gram = [[sum((row[i] * row[j] for row in phi), Fraction(0)) for j in range(n)] for i in range(n)]
    lowest = min(gram[i][i] - sum(abs(gram[i][j]) for j in range(n) if j != i) for i in range(n))
    bound = (factor * NORM / LAMBDA_BELOW) ** 2 * n * distance**2
    shown = 4 * lowest >= 3 * LAMBDA_ABOVE and 0 < bound < m
    farthest = Fraction(m) * LAMBDA_BELOW**2 / ((factor * NORM) ** 2 * n)
    return decided(
        shown,
        Certificate(
            theorem=NAME,
            claim=claim,
            kind=f"norm-of-{name}",
            statement=f"||{name}|| <= ({factor} c sqrt(n)/lambda_0) ||r(0)|| at all times wherever m >= C "
            f"c^2 n ||X||^2 ||r(0)||^2/lambda_0^3, for some C ({PAPER}, {lemma}, as printed)",
            word=Word.DISPROVED,
            given={
                "rule": list(norm_rule(name)),
                "pi_below": "223/71",
                "pi_above": "22/7",
                "W": [list(row) for row in UNITS],
                "A": [[int(i == j) for i in range(m)] for j in range(m)],
                "u": [[1] * m],
                "v": [[1] * m],
                "y": [list(map(rational, labels))],
                "z": [list(map(rational, row)) for row in z],
                "s": root,
                "c": NORM,
                "gamma": rational(GAMMA),
                "factor": factor,
            },
            found={"bound": rational(bound), "size": m, "lambda_above": rational(LAMBDA_ABOVE)},
            shown=(
                "m = 4, n = d = 2, X = I, W = [(2, 0), (0, 2), (1, -1), (-1, 1)] by rows, A = I, u = v = "
                "(1, 1, 1, 1), gamma = 1/8. For two orthonormal inputs lambda_0 = 1/2 - 1/(2 pi), and "
                "223/71 < pi < 22/7 (Archimedes).",
                "Premises: ||W||_F^2 = 12 and ||A||_F^2 = 4 are at most c^2 m = 16 for c = 2; gamma = 1/(4 "
                f"c); G(0) = ({gram[0][0]}) I, {gram[0][0]} > 3/4 lambda_0.",
                f"gamma~ = 1/16, so z = 16/15 phi, yhat(0) = ({outputs[0]}, {outputs[1]}). Labels y = "
                f"({labels[0]}, {labels[1]}): ||r(0)|| = {distance}.",
                f"||{name}(0)||^2 = {m}; the square of the bound, ({factor} c/lambda_0)^2 n ||r(0)||^2, is "
                f"{decimal(bound, ROUND_CEILING)} at most. So it is false, for these labels and all others "
                f"with 0 < ||r(0)||^2 < {decimal(farthest, ROUND_FLOOR)}.",
                "Among them are labels that meet the condition on m, whatever C is: let ||r(0)|| fall.",
            ),
        ),
        "take labels nearer to yhat(0)",
    )


def decimal(number: Fraction, rounding: str) -> str:
    """Three digits of a number, for people, rounded to the side that is safe."""
    digits = Context(prec=3, rounding=rounding).divide(Decimal(number.numerator), Decimal(number.denominator))
    return format(digits, "f")
