"""Gao et al. (ICLR 2022, arXiv 2110.05645), figure 1: implicit ReLU networks of growing width.

There is a row for each data set, with training loss, test loss and the operator norm (gamma/sqrt(m)) ||A(k)||
against the epoch of gradient descent with a fixed step, and a curve for each width. The caption's findings: a
wider network converges faster, has a lower test loss, and its norm stays near the initial one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from theorems.figures.parsing import data_sets, whole_numbers
from verify import plots
from verify.data.images import Images
from verify.figures.cache import Curve
from verify.figures.paper import ONE_TRIAL, Paper, band, spread_sentence
from verify.figures.protocol import Size
from verify.figures.training.curve import LossCurve
from verify.figures.training.relu import NOISE, descent_curve
from verify.numerics.statistics import mean_interval
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, inconclusive
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "gao-1"
TITLE = "Gao et al. 2022, figure 1: implicit ReLU networks of growing width"

SOURCE = "Gao et al. 2022, figure 1"

#: The norm axis of the paper's figure spans 0.1980 to 0.1992, so no relative change in it can be larger.
NORM_SPREAD = 0.006

CLAIMS = Claims(SOURCE)

#: About how many products of A with the m x n equilibria there are in one epoch.
PRODUCTS = 5


class Setting(BaseSetting):
    """What can be varied."""

    data: str = Field(
        "digits", description="data sets, a row each, with commas: digits, those of OpenML, or FILE.npz"
    )
    classes: str = Field("0,1", description="the two classes, coded -1 and +1")
    samples: int | None = Field(
        None,
        ge=4,
        le=20_000,
        multiple_of=2,
        examples=[1000],
        description="training samples, half of each class, and as many for testing; default: all of digits "
        "or of a file, 1000 elsewhere",
    )
    widths: str = Field("250,500,1000,2000", description="widths m, a curve each, with commas")
    trials: int = Field(5, ge=1, le=100, description="draws of split and parameters behind mean and band")
    epochs: int = Field(300, ge=2, le=100_000, description="epochs of gradient descent")
    step: float | None = Field(None, gt=0, le=1e3, examples=[1e-3], description="step size; default 0.5/n")
    gamma: float = Field(0.1, gt=0, lt=0.5, description="scale of A; the paper's norm axis implies 0.1")
    device: Literal["cpu", "cuda"] = Field("cpu", description="where the large networks are trained")

    @field_validator("widths")
    @classmethod
    def _are_widths(cls, text: str) -> str:
        widths = whole_numbers(text, 2, 20_000)
        if list(widths) != sorted(widths) or len(widths) > len(plots.CURVES):
            raise ValueError(f"it should be growing, {len(plots.CURVES)} widths at most")
        return text

    @field_validator("classes")
    @classmethod
    def _are_two(cls, text: str) -> str:
        if len(whole_numbers(text, 0, 10**6)) != 2:
            raise ValueError("it should be two different whole numbers with a comma between")
        return text

    @property
    def sizes(self) -> tuple[int, ...]:
        return whole_numbers(self.widths, 2, 20_000)

    def samples_of(self, images: Images) -> int | None:
        """The number of training samples asked of a data set; None for all."""
        small = images.name == "digits" or images.name.endswith(".npz")
        return self.samples or (None if small else 1000)


PRESETS: Mapping[Size, Mapping[str, Any]] = MappingProxyType(
    {
        "quick": {"widths": "50,100,200", "trials": 3, "epochs": 60},
        "standard": {},
        "paper": {"widths": "500,1000,2000,4000", "epochs": 1000},
    }
)


def curves(setting: Setting) -> list[Curve]:
    """One for each data set, width and trial."""
    first, second = whole_numbers(setting.classes, 0, 10**6)
    found = []
    for images in data_sets(setting.data):
        samples = setting.samples_of(images)
        for width in setting.sizes:
            for trial in range(setting.trials):
                arguments = {
                    "data": images.fingerprint,
                    "classes": (first, second),
                    "samples": samples,
                    "width": width,
                    "gamma": setting.gamma,
                    "step": setting.step,
                    "epochs": setting.epochs,
                    "seed": setting.seed + trial,
                    "device": setting.device,
                }
                work = PRODUCTS * float(width) ** 2 * (samples or 200) * setting.epochs
                label = f"{NAME} {images.title} m = {width}, trial {trial + 1}"
                found.append(Curve(label, descent_curve, arguments, work, images))
    return found


def _table(setting: Setting, results: Sequence[LossCurve]) -> list[tuple[Images, int, list[LossCurve]]]:
    """The trials of every data set and width."""
    keys = [(images, width) for images in data_sets(setting.data) for width in setting.sizes]
    trials = setting.trials
    return [
        (images, width, list(results[i * trials : (i + 1) * trials]))
        for i, (images, width) in enumerate(keys)
    ]


#: The trials of every width.
Trials = Mapping[int, Sequence[LossCurve]]


def _by_width(setting: Setting, results: Sequence[LossCurve]) -> Iterator[tuple[str, Trials]]:
    """The title of every data set, and its trials by width."""
    table = _table(setting, results)
    for images in data_sets(setting.data):
        yield images.title, {width: trials for other, width, trials in table if other == images}


@CLAIMS.finding("G-F1.rate", "a wider network converges faster")
def wider_is_faster(setting: Setting, results: Sequence[LossCurve]) -> Iterator[Check]:
    """The training loss after the last epoch falls with the width, on every data set."""
    for title, by_width in _by_width(setting, results):
        yield _falls(f"{title}: training loss", by_width, "train")


@CLAIMS.finding("G-F1.test", "a wider network has a lower test loss")
def wider_is_better(setting: Setting, results: Sequence[LossCurve]) -> Iterator[Check]:
    """The test loss after the last epoch falls with the width, on every data set."""
    for title, by_width in _by_width(setting, results):
        yield _falls(f"{title}: test loss", by_width, "test")


def _falls(quantity: str, by_width: Trials, loss: Literal["train", "test"]) -> Check:
    """Mean log ratio, over trials, of the last losses of each width and the next larger one, against 0."""
    quantity = f"{quantity}, mean log ratio of each width to the next"
    last = {
        width: np.log([getattr(curve, loss)[-1] for curve in curves]) for width, curves in by_width.items()
    }
    pairs = list(pairwise(last))
    ratios = np.array([last[narrow] - last[wide] for narrow, wide in pairs]).T
    if len(ratios) < 2:
        return inconclusive(quantity, ONE_TRIAL)
    means, half_widths = mean_interval(ratios.reshape(-1, len(pairs)), len(pairs))
    return at_least(
        quantity,
        means,
        0.0,
        budget={"trials": half_widths},
        where={"from m": [narrow for narrow, _ in pairs], "to m": [wide for _, wide in pairs]},
        advice="raise --trials, or train longer with --epochs",
    )


@CLAIMS.finding("G-F1.norm", f"the operator norm stays within {NORM_SPREAD:.1%} of its start")
def norm_stays(
    setting: Setting, results: Sequence[LossCurve], spread: float = NORM_SPREAD
) -> Iterator[Check]:
    """Largest relative change of ``||A(k)||`` over epochs and trials, for every width and data set."""
    for title, by_width in _by_width(setting, results):
        changes = [max(float(np.abs(c.norm / c.norm[0] - 1).max()) for c in of) for of in by_width.values()]
        errors = [max(float((c.norm_error / c.norm).max()) for c in of) for of in by_width.values()]
        yield at_most(
            f"{title}: largest | ||A(k)|| / ||A(0)|| - 1 |",
            changes,
            spread,
            budget={"eigenvalues": 2 * np.array(errors)},
            where={"m": list(by_width)},
            advice="use wider networks, --widths",
        )


def numbers(setting: Setting, results: Sequence[LossCurve]) -> dict[str, Any]:
    """Every curve."""
    return {
        "curves": [
            {
                "data": images.name,
                "width": width,
                "trial": trial + 1,
                "epochs": curve.epochs.tolist(),
                "train_loss": curve.train.tolist(),
                "test_loss": curve.test.tolist(),
                "operator_norm": curve.norm.tolist(),
                "step": curve.step,
            }
            for images, width, trials in _table(setting, results)
            for trial, curve in enumerate(trials)
        ]
    }


def draw(setting: Setting, results: Sequence[LossCurve], paper: Paper) -> Figure:
    """A row for each data set: training loss, test loss, operator norm."""
    rows = data_sets(setting.data)
    figure, axes = paper.grid(len(rows), 3)
    table = _table(setting, results)
    for images, row in zip(rows, axes, strict=True):
        row[0].set_yscale("log")
        row[1].set_yscale("log")
        by_width = [(width, trials) for other, width, trials in table if other == images]
        for (width, trials), curve in zip(by_width, plots.CURVES, strict=False):
            for panel, name in zip(row, ("train", "test", "norm"), strict=True):
                samples = np.array([getattr(trial, name) for trial in trials])
                band(panel, trials[0].epochs, samples, curve, f"$m={width}$")
        labels = ("training loss", "test loss", r"$(\gamma/\sqrt{m})\,\|A(k)\|$")
        for panel, label in zip(row, labels, strict=True):
            panel.set(xlabel="epoch $k$", ylabel=label, xlim=(0, setting.epochs))
            if len(rows) > 1:
                panel.set_title(images.title)
    paper.legend(figure, axes[0, 0])
    return figure


def caption(setting: Setting, results: Sequence[LossCurve]) -> str:
    names = ", ".join(images.title for images in data_sets(setting.data))
    trained = f"{setting.samples} training samples" if setting.samples else "half of the samples for training"
    return (
        f"Implicit ReLU networks of width m = {setting.widths.replace(',', ', ')} on {names}, classes "
        f"{setting.classes}, {trained}: training loss, test loss and operator norm against the epoch of "
        "gradient descent. Losses are means of r^2/2. "
        + spread_sentence(setting.trials, " (of the logarithm for losses)")
    )


def assumed(setting: Setting, results: Sequence[LossCurve]) -> list[str]:
    return [
        f"step {results[0].step:.4g}" + ("" if setting.step else " (0.5/n)") + " on the sum of r^2/2",
        f"gamma = {setting.gamma:g}, which the paper's norm axis implies",
        "labels -1 and +1",
        f"trials and their seeds, from {setting.seed}",
        f"noise of {NOISE:g} on training inputs parallel to others",
        "float32, equilibria to 1e-4",
    ]
