"""Gao et al. (ICLR 2022, arXiv 2110.05645), figure 1: implicit ReLU networks of growing width.

There is a row for each data set, with training loss, test loss and the operator norm (gamma/sqrt(m)) ||A(k)||
against the epoch of gradient descent with a fixed step, and a curve for each width. The caption's findings: a
wider network converges faster, has a lower test loss, and its norm stays near the initial one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from theorems.bibliography import GAO_2022
from theorems.figures.parsing import TwoClasses, Widths, data_sets, growing_widths, samples_of, two_classes_of
from theorems.figures.widths import Trials, descent_work, draw_groups, falls, footprint, groups, stays
from verify.data.images import Images
from verify.data.stored import PIXELS, DataHome
from verify.figures.cache import Curve
from verify.figures.paper import Paper, spread_sentence
from verify.figures.protocol import Size
from verify.figures.training.curve import LossCurve
from verify.figures.training.relu import NOISE, descent_curve
from verify.theorem.claims import Claims
from verify.theorem.compare import Check
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "gao-1"
TITLE = "Gao et al. 2022, figure 1: implicit ReLU networks of growing width"
REFERENCES = (GAO_2022,)

SOURCE = "Gao et al. 2022, figure 1"

#: The norm axis of the paper's figure spans 0.1980 to 0.1992, so no relative change in it can be larger.
NORM_SPREAD = 0.006

CLAIMS = Claims(SOURCE)

#: Bytes held at once for each entry of A, and of the equilibria, measured.
HELD = (20.0, 171.0)


class Setting(BaseSetting):
    """What can be varied."""

    data: str = Field(
        "digits", description="data sets, a row each, with commas: digits, those of OpenML, or FILE.npz"
    )
    data_home: DataHome = None
    classes: TwoClasses = Field("0,1", description="the two classes, coded -1 and +1")
    samples: int | None = Field(
        None,
        ge=4,
        le=20_000,
        multiple_of=2,
        examples=[1000],
        description="training samples, half of each class, and as many for testing; default: all of digits "
        "or of a file, 1000 elsewhere",
    )
    widths: Widths = Field("250,500,1000,2000", description="widths m, a curve each, with commas")
    trials: int = Field(5, ge=1, le=100, description="draws of split and parameters behind mean and band")
    epochs: int = Field(300, ge=2, le=100_000, description="epochs of gradient descent")
    step: float | None = Field(None, gt=0, le=1e3, examples=[1e-3], description="step size; default 0.5/n")
    gamma: float = Field(0.1, gt=0, lt=0.5, description="scale of A; the paper's norm axis implies 0.1")
    device: Literal["cpu", "cuda"] = Field("cpu", description="where the large networks are trained")

    @property
    def images(self) -> tuple[Images, ...]:
        return data_sets(self.data, self.data_home)

    @property
    def sizes(self) -> tuple[int, ...]:
        return growing_widths(self.widths)


PRESETS: Mapping[Size, Mapping[str, Any]] = MappingProxyType(
    {
        "quick": {"widths": "50,100,200", "trials": 3, "epochs": 60},
        "standard": {},
        "paper": {"widths": "500,1000,2000,4000", "epochs": 1000},
    }
)


def curves(setting: Setting) -> list[Curve]:
    """One for each data set, width and trial."""
    found = []
    for images in setting.images:
        samples = samples_of(images, setting.samples)
        for width in setting.sizes:
            for trial in range(setting.trials):
                arguments = {
                    "data": images.fingerprint,
                    "classes": two_classes_of(setting.classes),
                    "samples": samples,
                    "width": width,
                    "gamma": setting.gamma,
                    "step": setting.step,
                    "epochs": setting.epochs,
                    "seed": setting.seed + trial,
                    "device": setting.device,
                }
                label = f"{NAME} {images.title} m = {width}, trial {trial + 1}"
                work = descent_work(width, samples, setting.epochs)
                memory = footprint(width, samples, PIXELS, HELD, setting.device)
                found.append(Curve(label, descent_curve, arguments, work, images, memory))
    return found


def _groups(setting: Setting, results: Sequence[LossCurve]) -> list[tuple[str, Trials]]:
    titles = [images.title for images in setting.images]
    return groups(titles, setting.sizes, setting.trials, results)


@CLAIMS.finding("G-F1.rate", "a wider network converges faster")
def wider_is_faster(setting: Setting, results: Sequence[LossCurve]) -> Iterator[Check]:
    """The training loss after the last epoch falls with the width, on every data set."""
    for title, by_width in _groups(setting, results):
        yield falls(f"{title}: training loss", by_width, "train")


@CLAIMS.finding("G-F1.test", "a wider network has a lower test loss")
def wider_is_better(setting: Setting, results: Sequence[LossCurve]) -> Iterator[Check]:
    """The test loss after the last epoch falls with the width, on every data set."""
    for title, by_width in _groups(setting, results):
        yield falls(f"{title}: test loss", by_width, "test")


@CLAIMS.finding("G-F1.norm", f"the operator norm stays within {NORM_SPREAD:.1%} of its start")
def norm_stays(
    setting: Setting, results: Sequence[LossCurve], spread: float = NORM_SPREAD
) -> Iterator[Check]:
    """Largest relative change of ``||A(k)||`` over epochs and trials, for every width and data set."""
    for title, by_width in _groups(setting, results):
        yield stays(f"{title}: largest | ||A(k)|| / ||A(0)|| - 1 |", by_width, spread)


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
            for images, (_, by_width) in zip(setting.images, _groups(setting, results), strict=True)
            for width, trials in by_width.items()
            for trial, curve in enumerate(trials)
        ]
    }


def draw(setting: Setting, results: Sequence[LossCurve], paper: Paper) -> Figure:
    """A row for each data set: training loss, test loss, operator norm."""
    labels = {
        "train": "training loss",
        "test": "test loss",
        "norm": r"$(\gamma/\sqrt{m})\,\|A(k)\|$",
    }
    return draw_groups(_groups(setting, results), labels, paper)


def caption(setting: Setting, results: Sequence[LossCurve]) -> str:
    names = ", ".join(images.title for images in setting.images)
    sizes = dict.fromkeys(samples_of(images, setting.samples) for images in setting.images)
    trained = " or ".join(f"{n} training samples" if n else "half of the samples for training" for n in sizes)
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
