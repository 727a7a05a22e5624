"""Statements that do not depend on the setting: a counterexample, and how the width that data need grows."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import scipy

from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.problem import DELTA
from theorems.gao_2022.setting import SMALL
from verify.data import samples as datasets
from verify.losses import EPS
from verify.numerics.statistics import power_law
from verify.relu_deq.kernels import arc_cosine_kernel, sampled_kernel
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most

CLAIMS = Claims(PAPER)

#: Samples and width at which Lemma 3.4 with the spectral norm fails; the first is the smallest power of
#: two that leaves room.
COUNTEREXAMPLE = (256, 16_000)

#: Samples, draws, and widths tried in the law of the width that the data need.
LAW_SAMPLES, LAW_REPEATS, LAW_STEP, LAW_STEPS = (8, 16, 32, 64), 12, 32, 120

#: Slopes must be known better than this to say whether C grows with n.
SLOPE_RESOLUTION = 1.0


@CLAIMS.erratum(
    "G-L3.4.norm",
    "false with the spectral norm: ||W - W(0)|| <= R does not give lambda_min(G) >= lambda_0/2",
    source=f"our own, on {PAPER}, Lemma 3.4",
    required=False,
)
def spectral_counterexample(share: float = 1.0) -> list[Check]:
    """Lemma 3.4 read with the spectral norm of W - W(0) is false: orthonormal inputs, c = ||W(0)||/sqrt(m).

    ``Phi q`` shrinks most, to first order, by ``-R`` times the polar factor of ``E o (Phi q) q^T``, whose
    singular values are all 1: its Frobenius norm is sqrt(n) times what the lemma's proof allows.
    """
    n, width = COUNTEREXAMPLE
    start = np.random.default_rng(0).standard_normal((width, n))
    lambda_0 = float(np.linalg.eigvalsh(arc_cosine_kernel(np.eye(n)))[0])
    c = float(np.linalg.norm(start, 2)) / np.sqrt(width)
    radius = share * np.sqrt(width) * lambda_0 / (16 * c)
    phi = np.maximum(start, 0.0) / np.sqrt(width)
    values, vectors = np.linalg.eigh(phi.T @ phi)
    q = vectors[:, 0]
    polar, _ = scipy.linalg.polar((phi > 0) * np.outer(phi @ q, q))
    moved = np.maximum(start - radius * polar, 0.0) / np.sqrt(width)
    lowest = float(np.linalg.eigvalsh(moved.T @ moved)[0])
    budget = {"eigenvalue": 4 * (n + float(np.sqrt(width))) * EPS * n}
    setting = f"m = {width}, n = {n}, x_i orthonormal"
    return [
        at_least(
            f"premise: lambda_min(G(0)) / lambda_0, {setting}",
            float(values[0]) / lambda_0,
            0.75,
            budget=budget,
        ),
        at_most(
            f"erratum: lambda_min(G) / lambda_0 at spectral distance {share:g} R, {setting}",
            lowest / lambda_0,
            0.5,
            budget=budget,
        ),
    ]


spectral_counterexample.false(
    "at 0.3 R the spectral norm breaks it too",
    share=0.3,
    why="Weyl: singular values of Phi move by no more than the distance times sqrt(n/m), 0.09 here, and "
    "sqrt(lambda_min(G)) is 0.098 above what lambda_0/2 takes",
    setting=SMALL,
)


@CLAIMS.step(
    "G-T3.1.law",
    "m >= C (n^2/lambda_0^2) log(n/delta) gives lambda_min(G(0)) >= 3/4 lambda_0, one C for all n",
    source=f"{PAPER}, Theorem 3.1",
    required=False,
)
def width_law(of_samples: float = 2.0, of_lambda: float = 2.0, growth: float = 0.0) -> Check:
    """How the C of ``m >= C (n^2/lambda_0^2) log(n/delta)`` that the data need depends on n.

    The width needed is the smallest one from which ``lambda_min(G(0)) >= 3/4 lambda_0`` always holds, in the
    mean over draws of data and W. If C grows with n, the condition is refuted for every C; if C falls, a
    smaller width is enough. `of_samples` and `of_lambda` are the powers of n and of 1/lambda_0; widths are
    taken to be ``n^growth`` times what is needed.
    """
    rng = np.random.default_rng(0)
    constants = np.array(
        [
            [
                width * n**growth * lambda_0**of_lambda / (n**of_samples * np.log(n / DELTA))
                for width, lambda_0 in (_needed_width(n, rng) for _ in range(LAW_REPEATS))
            ]
            for n in LAW_SAMPLES
        ]
    )
    law = power_law(LAW_SAMPLES, constants)
    return at_most(
        f"slope of log C over log n, n = {LAW_SAMPLES[0]} to {LAW_SAMPLES[-1]}",
        law.slope,
        0.0,
        budget={"sampling": law.half_width},
        attained=SLOPE_RESOLUTION,
    )


def _needed_width(samples: int, rng: np.random.Generator) -> tuple[float, float]:
    """The width that one draw of the sphere data and of W needs, a multiple of LAW_STEP, and its lambda_0."""
    inputs = datasets.sphere(samples, rng).features
    lambda_0 = float(np.linalg.eigvalsh(arc_cosine_kernel(inputs))[0])
    widths = LAW_STEP * np.arange(1, LAW_STEPS + 1)
    blocks = (LAW_STEP * sampled_kernel(inputs, LAW_STEP, rng) for _ in widths)
    lowest = [np.linalg.eigvalsh(total / m)[0] for total, m in zip(accumulate(blocks), widths, strict=True)]
    below = np.flatnonzero(np.array(lowest) < 0.75 * lambda_0)
    return float(widths[below[-1] + 1 if len(below) else 0]), lambda_0


width_law.false(
    "m >= C log(n/delta), whatever n and lambda_0",
    of_samples=0.0,
    of_lambda=0.0,
    why="G(0) has rank m at most: the width needed is n at least",
    setting=SMALL,
)
width_law.false(
    "widths n^3.6 times as large are enough, too",
    growth=3.6,
    why="C falls like n^-3.0 here, known to 0.4",
    setting=SMALL,
)
