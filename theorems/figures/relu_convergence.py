"""Gao et al. (ICLR 2022), Theorem 3.1: the width that it needs, which the paper does not draw.

The proof rests on lambda_min(G(0)) >= 3/4 lambda_0, which holds with probability 1 - delta once m >= C (n^2 /
lambda_0^2) log(n / delta). The figure shows how often it holds, against m in one panel and against m in units
of that condition in the other. If the condition's powers of n and lambda_0 were needed, the curves of the
second panel would coincide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from theorems.bibliography import GAO_2022
from theorems.figures.parsing import data_sets
from verify import plots
from verify.data.images import Images, two_classes
from verify.data.stored import DataHome
from verify.figures.cache import Curve
from verify.figures.paper import BAND, Paper, label_left, thin
from verify.figures.protocol import Size
from verify.figures.training.relu import NOISE
from verify.numerics.statistics import proportion_interval
from verify.relu_deq.kernels import arc_cosine_kernel, sampled_kernel
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "relu-convergence"
TITLE = "Gao et al. 2022, Theorem 3.1: how probable its premise is, against the width"
REFERENCES = (GAO_2022,)

#: Probability that the theorem leaves for failure.
DELTA = 0.05

#: Sample sizes, a curve each, and widths.
SAMPLES = (10, 20, 40)
WIDTHS = tuple(int(m) for m in np.rint(np.geomspace(20, 5120, 17)))

CLAIMS = Claims("Gao et al. 2022, Lemma 3.3")


class Setting(BaseSetting):
    """What can be varied."""

    data: str = Field("digits", description="data sets; this figure draws the first")
    data_home: DataHome = None
    trials: int = Field(200, ge=1, le=100_000, description="draws of W behind every probability")

    @field_validator("data")
    @classmethod
    def _first(cls, text: str) -> str:
        return text.split(",", maxsplit=1)[0].strip()


PRESETS: Mapping[Size, Mapping[str, Any]] = MappingProxyType(
    {"quick": {"trials": 100}, "standard": {}, "paper": {"trials": 1000}}
)


@dataclass(frozen=True)
class WidthCurve:
    """How often the premise held for one number of samples.

    lambda_0  smallest eigenvalue of G^inf for these samples
    held      number of trials in which the premise held, one entry for each width
    """

    lambda_0: float
    held: NDArray[np.int64]


def width_curve(
    images: Images,
    *,
    data: str,
    samples: int,
    widths: Sequence[int],
    trials: int,
    seed: int,
    progress: Callable[[float], None],
) -> WidthCurve:
    """Draws W for every width; `data` is the fingerprint of `images`."""
    inputs = two_classes(images, (0, 1), samples, seed, NOISE).train
    lambda_0 = float(np.linalg.eigvalsh(arc_cosine_kernel(inputs))[0])
    held = []
    for width in widths:
        rng = np.random.default_rng((seed, samples, width))
        smallest = [np.linalg.eigvalsh(sampled_kernel(inputs, width, rng))[0] for _ in range(trials)]
        held.append(int(np.sum(np.array(smallest) >= 0.75 * lambda_0)))
        progress(len(held) / len(widths))
    return WidthCurve(lambda_0, np.array(held))


def curves(setting: Setting) -> list[Curve]:
    """One for each number of samples."""
    (images,) = data_sets(setting.data, setting.data_home)
    return [
        Curve(
            f"{NAME} {images.title}, n = {samples}",
            width_curve,
            {
                "data": images.fingerprint,
                "samples": samples,
                "widths": WIDTHS,
                "trials": setting.trials,
                "seed": setting.seed,
            },
            float(setting.trials * sum(WIDTHS) * samples * 1000),
            images,
        )
        for samples in SAMPLES
    ]


@CLAIMS.conclusion(
    "G-L3.3.probability", "wide enough, lambda_min(G(0)) >= 3/4 lambda_0 with probability 1 - delta"
)
def held_often_enough(setting: Setting, results: Sequence[WidthCurve]) -> Iterator[Check]:
    """The probability at the largest width, for every number of samples, against 1 - delta."""
    for samples, curve in zip(SAMPLES, results, strict=True):
        held, trials = int(curve.held[-1]), setting.trials
        low, high = proportion_interval(held, trials)
        share = held / trials
        yield at_least(
            f"probability at m = {WIDTHS[-1]}, n = {samples}",
            share,
            1 - DELTA,
            # The half of the interval that could change the verdict.
            budget={"sampling": share - low if share > 1 - DELTA else high - share},
            where={"n": samples, "m": WIDTHS[-1]},
            advice="raise --trials",
        )


def scale(samples: int, lambda_0: float) -> float:
    """``(n^2 / lambda_0^2) log(n / delta)``, the width of Theorem 3.1 for C = 1."""
    return samples**2 / lambda_0**2 * float(np.log(samples / DELTA))


def numbers(setting: Setting, results: Sequence[WidthCurve]) -> dict[str, Any]:
    """Counts by width for every number of samples."""
    return {
        "widths": list(WIDTHS),
        "trials": setting.trials,
        "curves": [
            {"samples": samples, "lambda_0": curve.lambda_0, "held": curve.held.tolist()}
            for samples, curve in zip(SAMPLES, results, strict=True)
        ],
    }


def draw(setting: Setting, results: Sequence[WidthCurve], paper: Paper) -> Figure:
    """The probability against the width, and against the width in units of the theorem's condition."""
    figure, axes = paper.grid(1, 2, height=1.9, shared=True)
    widths = np.array(WIDTHS, dtype=float)
    for samples, curve, look in zip(SAMPLES, results, plots.CURVES, strict=False):
        share = curve.held / setting.trials
        interval = np.array([proportion_interval(int(held), setting.trials) for held in curve.held]).T
        for panel, unit in zip(axes[0], (1.0, scale(samples, curve.lambda_0)), strict=True):
            panel.semilogx(widths / unit, share, label=f"$n={samples}$", **thin(look))
            panel.fill_between(widths / unit, *interval, color=look["color"], **BAND)
    axes[0, 0].set_xlabel("width $m$")
    axes[0, 1].set_xlabel(r"$m \,\lambda_0^2 \,/\, (n^2 \log(n/\delta))$")
    for panel in axes[0]:
        panel.axhline(1 - DELTA, color="0.5", linewidth=0.8, label=r"$1-\delta$")
        panel.set_ylim(-0.03, 1.05)
    label_left(axes, r"$\mathrm{P}(\lambda_{\min}(G(0)) \geq \frac{3}{4}\lambda_0)$")
    paper.legend(figure, axes[0, 0])
    return figure


def caption(setting: Setting, results: Sequence[WidthCurve]) -> str:
    (images,) = data_sets(setting.data, setting.data_home)
    return (
        f"How often lambda_min(G(0)) >= 3/4 lambda_0, on which Theorem 3.1 stands, over {setting.trials} "
        f"draws of W, on n samples of {images.title}: against the width, and against the width in units of "
        "the theorem's condition, where curves would agree if its powers of n and lambda_0 were needed. "
        "Bands are 95% Clopper-Pearson intervals."
    )


def assumed(setting: Setting, results: Sequence[WidthCurve]) -> list[str]:
    return [
        f"delta = {DELTA:g}",
        "classes 0 and 1, one draw of the samples, unit norm",
        "the paper draws no such figure",
    ]
