"""Ling et al. (AISTATS 2023, PMLR 206), figure 1: deep equilibrium models of growing width.

There is a row for each data set, with training loss and largest singular value of W against the epoch of
gradient descent with a fixed step, and a curve for each width. The caption's findings: a wider network
converges faster, and the singular value stays below 1, near its initial one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from theorems.bibliography import LING_2023
from theorems.figures.parsing import TwoClasses, Widths, growing_widths, samples_of, two_classes_of
from theorems.figures.widths import Trials, descent_work, draw_groups, falls, footprint, groups, stays
from verify.data.images import Images
from verify.data.stored import PIXELS, DataHome
from verify.figures.cache import Curve
from verify.figures.paper import Paper, spread_sentence
from verify.figures.protocol import Size
from verify.figures.training.curve import LossCurve
from verify.figures.training.plain import plain_curve
from verify.figures.training.relu import ACCURACY, NOISE
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_most
from verify.theorem.errors import InputError
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "ling-1"
TITLE = "Ling et al. 2023, figure 1: deep equilibrium models of growing width"
REFERENCES = (LING_2023,)

SOURCE = "Ling et al. 2023, figure 1"

#: The axis of the singular values spans 0.798 to 0.801, so no relative change in it can be larger; and the
#: narrowest network there. To first order the change is of size ``sqrt(n) / m^(3/2)``, which is 1/m where n
#: grows with m, so narrower networks are left so much more.
NORM_SPREAD, NARROWEST = 0.004, 3000

#: The data of panel (a), which are drawn and not loaded.
SYNTHETIC = "synthetic"

CLAIMS = Claims(SOURCE)

#: Bytes held at once for each entry of W, and of the equilibria, measured.
HELD = (12.0, 90.0)


class Setting(BaseSetting):
    """What can be varied."""

    data: str = Field(
        SYNTHETIC,
        description="data sets, a row each, with commas: synthetic, digits, those of OpenML, or FILE.npz",
        examples=["synthetic,mnist"],
    )
    data_home: DataHome = None
    classes: TwoClasses = Field("0,1", description="the two classes of images, coded -1 and +1")
    samples: int | None = Field(
        None,
        ge=2,
        le=20_000,
        multiple_of=2,
        examples=[100],
        description="training samples, of images half of each class; default: half of digits or of a file, "
        "1000 elsewhere",
    )
    dimension: int = Field(1000, ge=2, le=20_000, description="dimension d of synthetic inputs")
    widths: Widths = Field("3000,4000,5000", description="widths m, a curve each, with commas")
    trials: int = Field(1, ge=1, le=100, description="draws of data and parameters behind mean and band")
    epochs: int = Field(2000, ge=2, le=100_000, description="epochs of gradient descent")
    step: float | None = Field(
        None,
        gt=0,
        le=1e3,
        examples=[1e-6],
        description="step size; default 1/lambda_max(H) of the trial's widest network at its start",
    )
    sigma_w: float = Field(0.08**0.5, gt=0, lt=0.35, description="scale of W: N(0, 2 sigma_w^2/m)")
    device: Literal["cpu", "cuda"] = Field("cpu", description="where the networks are trained")

    @property
    def sizes(self) -> tuple[int, ...]:
        return growing_widths(self.widths)

    @property
    def sources(self) -> list[Images | None]:
        """The data sets, None for the synthetic one."""
        return [_source(word.strip(), self.data_home) for word in self.data.split(",")]


def _source(name: str, home: str | None) -> Images | None:
    try:
        return None if name == SYNTHETIC else Images(name, home)
    except InputError as unknown:
        raise InputError(f"{unknown}, or {SYNTHETIC}") from None


PRESETS: Mapping[Size, Mapping[str, Any]] = MappingProxyType(
    {
        "quick": {"samples": 100, "dimension": 100, "widths": "300,400,500", "trials": 5, "epochs": 400},
        "standard": {},
        "paper": {},
    }
)


def curves(setting: Setting) -> list[Curve]:
    """One for each data set, width and trial."""
    found = []
    for images in setting.sources:
        samples = samples_of(images, setting.samples)
        for width in setting.sizes:
            for trial in range(setting.trials):
                arguments = {
                    "data": images.fingerprint if images else SYNTHETIC,
                    "classes": two_classes_of(setting.classes),
                    "samples": samples,
                    "dimension": setting.dimension,
                    "width": width,
                    "widest": setting.sizes[-1],
                    "sigma_w": setting.sigma_w,
                    "step": setting.step,
                    "epochs": setting.epochs,
                    "seed": setting.seed + trial,
                    "device": setting.device,
                }
                label = f"{NAME} {_title(images)} m = {width}, trial {trial + 1}"
                work = descent_work(width, samples, setting.epochs)
                dimension = PIXELS if images else setting.dimension
                memory = footprint(width, samples, dimension, HELD, setting.device)
                found.append(Curve(label, plain_curve, arguments, work, images, memory))
    return found


def _title(images: Images | None) -> str:
    return images.title if images else "synthetic data"


def _groups(setting: Setting, results: Sequence[LossCurve]) -> list[tuple[str, Trials]]:
    return groups([_title(images) for images in setting.sources], setting.sizes, setting.trials, results)


@CLAIMS.finding("L-F1.rate", "a wider network converges faster")
def wider_is_faster(setting: Setting, results: Sequence[LossCurve]) -> Iterator[Check]:
    """The training loss after the last epoch falls with the width, on every data set."""
    for title, by_width in _groups(setting, results):
        yield falls(f"{title}: training loss", by_width, "train")


@CLAIMS.finding(
    "L-F1.norm",
    f"||W|| < 1, within {NORM_SPREAD:.1%} or {NORM_SPREAD * NARROWEST:g}/m of its start",
)
def norm_stays(
    setting: Setting, results: Sequence[LossCurve], spread: float = NORM_SPREAD
) -> Iterator[Check]:
    """Largest ``||W(k)||``, and its largest relative change, over epochs and trials, for every width."""
    spreads = [spread * max(1.0, NARROWEST / width) for width in setting.sizes]
    for title, by_width in _groups(setting, results):
        yield at_most(
            f"{title}: largest ||W(k)||",
            [max(float(curve.norm.max()) for curve in of) for of in by_width.values()],
            1.0,
            budget={
                "eigenvalues": [
                    max(float(curve.norm_error.max()) for curve in of) for of in by_width.values()
                ]
            },
            where={"m": list(by_width)},
            advice="lower --sigma-w",
        )
        yield stays(f"{title}: largest | ||W(k)|| / ||W(0)|| - 1 |", by_width, spreads)


def numbers(setting: Setting, results: Sequence[LossCurve]) -> dict[str, Any]:
    """Every curve."""
    return {
        "curves": [
            {
                "data": images.name if images else SYNTHETIC,
                "width": width,
                "trial": trial + 1,
                "epochs": curve.epochs.tolist(),
                "loss": curve.train.tolist(),
                "norm": curve.norm.tolist(),
                "step": curve.step,
            }
            for images, (_, by_width) in zip(setting.sources, _groups(setting, results), strict=True)
            for width, trials in by_width.items()
            for trial, curve in enumerate(trials)
        ]
    }


def draw(setting: Setting, results: Sequence[LossCurve], paper: Paper) -> Figure:
    """A row for each data set: training loss and largest singular value."""
    labels = {"train": "training loss", "norm": r"$\|W(k)\|$"}
    return draw_groups(_groups(setting, results), labels, paper)


def caption(setting: Setting, results: Sequence[LossCurve]) -> str:
    names = ", ".join(_title(images) for images in setting.sources)
    return (
        f"Deep equilibrium models of width m = {setting.widths.replace(',', ', ')} on {names}: training loss "
        "||r||^2/2 and largest singular value of W against the epoch of gradient descent. "
        + spread_sentence(setting.trials, " (of the logarithm for losses)")
    )


def assumed(setting: Setting, results: Sequence[LossCurve]) -> list[str]:
    steps = sorted({curve.step for curve in results})
    sized = f"{steps[0]:.4g}" + (f" to {steps[-1]:.4g}" if len(steps) > 1 else "")
    found = [
        f"step {sized}"
        + ("" if setting.step else ", 1/lambda_max(H) of each trial's widest network at its start")
        + ", the same for all widths",
        f"trials and their seeds, from {setting.seed}",
        f"float32, equilibria to {ACCURACY:g}",
    ]
    if any(setting.sources):
        found += ["labels -1 and +1", f"noise of {NOISE:g} on training inputs parallel to others"]
    return found
