"""Kawaguchi (ICLR 2021, arXiv 2102.07346), figure 1: the linear DEQ, a linear model and a DNN as students.

There is a row for each data set, with the panels "Linear v.s. DELM" and "DNN v.s. DELM": training and test
loss against the epoch, mean and one standard deviation over trials. Inputs are images seen through a random
projection; targets are those of a random teacher DELM, with noise. The finding: DELM tests better than the
linear model, though both have the same function class. Figure and finding were rebuilt from the abstract and
reviews.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from theorems.bibliography import KAWAGUCHI_2021
from theorems.figures.parsing import data_sets
from verify import plots
from verify.data.images import Images
from verify.data.stored import DataHome
from verify.figures.cache import Curve
from verify.figures.paper import ONE_TRIAL, Paper, band, label_left, spread_sentence
from verify.figures.protocol import Size
from verify.figures.training.curve import LossCurve
from verify.figures.training.linear import STEP_SHARE, delm_curve
from verify.figures.training.torch_nets import torch_curve
from verify.numerics.statistics import mean_interval
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, inconclusive
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "kawaguchi-1"
TITLE = "Kawaguchi 2021, figure 1: linear model, DNN and deep equilibrium linear model"
REFERENCES = (KAWAGUCHI_2021,)

SOURCE = "Kawaguchi 2021, figure 1"

CLAIMS = Claims(SOURCE)

MODELS = ("linear", "dnn", "delm")

TITLES: Mapping[str, str] = MappingProxyType({"linear": "Linear", "dnn": "DNN", "delm": "DELM"})


class Setting(BaseSetting):
    """What can be varied."""

    data: str = Field(
        "digits", description="data sets, a row each, with commas: digits, those of OpenML, or FILE.npz"
    )
    data_home: DataHome = None
    samples: int | None = Field(
        None,
        ge=2,
        le=20_000,
        examples=[100],
        description="training samples, and as many for testing; default 100",
    )
    width: int = Field(150, ge=2, le=2000, description="width m of features, teacher and students")
    outputs: int = Field(10, ge=1, le=1000, description="outputs of teacher and students")
    trials: int = Field(5, ge=1, le=100, description="draws of data, teacher and students")
    epochs: int = Field(5000, ge=2, le=1_000_000, description="epochs of gradient descent")
    step: float | None = Field(
        None,
        gt=0,
        le=1e3,
        examples=[1e-4],
        description=f"step size of all models; default {STEP_SHARE:g}/(largest curvature of the linear one)",
    )
    gamma: float = Field(0.8, gt=0, lt=1, description="contraction factor of teacher and DELM")
    hidden: int = Field(150, ge=1, le=10_000, description="units in each hidden layer of the DNN")
    layers: int = Field(2, ge=1, le=20, description="hidden layers of the DNN")
    device: Literal["cpu", "cuda"] = Field("cpu", description="where linear model and DNN are trained")

    @property
    def images(self) -> tuple[Images, ...]:
        return data_sets(self.data, self.data_home)

    @property
    def samples_drawn(self) -> int:
        return self.samples or 100


PRESETS: Mapping[Size, Mapping[str, Any]] = MappingProxyType(
    {"quick": {"width": 40, "hidden": 40, "trials": 3, "epochs": 500}, "standard": {}, "paper": {}}
)


def curves(setting: Setting) -> list[Curve]:
    """One for each data set, model and trial."""
    found = []
    for images in setting.images:
        for model in MODELS:
            for trial in range(setting.trials):
                shared = {
                    "data": images.fingerprint,
                    "width": setting.width,
                    "outputs": setting.outputs,
                    "samples": setting.samples_drawn,
                    "gamma": setting.gamma,
                    "step": setting.step,
                    "epochs": setting.epochs,
                    "seed": setting.seed + trial,
                }
                label = f"{NAME} {images.title} {TITLES[model]}, trial {trial + 1}"
                if model == "delm":
                    work = (setting.width**3 + 10**6) * float(setting.epochs)
                    found.append(Curve(label, delm_curve, shared, work, images))
                    continue
                # The size of the DNN is no part of the linear model's setting.
                hidden, layers = (setting.hidden, setting.layers) if model == "dnn" else (0, 0)
                explicit = {"model": model, "hidden": hidden, "layers": layers, "device": setting.device}
                wide = setting.width + hidden * layers
                work = (3.0 * setting.samples_drawn * wide * setting.width + 10**6) * setting.epochs
                found.append(Curve(label, torch_curve, {**shared, **explicit}, work, images))
    return found


def _table(setting: Setting, results: Sequence[LossCurve]) -> list[tuple[Images, dict[str, list[LossCurve]]]]:
    """The trials of every model, for every data set."""
    trials, per_set = setting.trials, setting.trials * len(MODELS)
    return [
        (
            images,
            {
                model: list(results[i * per_set + j * trials : i * per_set + (j + 1) * trials])
                for j, model in enumerate(MODELS)
            },
        )
        for i, images in enumerate(setting.images)
    ]


@CLAIMS.finding("K-F1.test", "DELM's test loss ends below the linear model's")
def ends_lower(setting: Setting, results: Sequence[LossCurve]) -> Iterator[Check]:
    """DELM against the linear model on every data set, at the last epoch."""
    for images, models in _table(setting, results):
        last = [np.array([curve.test[-1] for curve in models[model]]) for model in ("linear", "delm")]
        yield _lower(f"{images.title}: log test loss of linear / DELM, last epoch", *last)


@CLAIMS.finding("K-F1.best", "DELM's lowest test loss is below the linear model's", required=False)
def is_lower_at_best(setting: Setting, results: Sequence[LossCurve]) -> Iterator[Check]:
    """DELM against the linear model on every data set, each at its best."""
    for images, models in _table(setting, results):
        best = [np.array([curve.test.min() for curve in models[model]]) for model in ("linear", "delm")]
        yield _lower(f"{images.title}: log test loss of linear / DELM, each at its best", *best)


def _lower(quantity: str, linear: NDArray[np.float64], delm: NDArray[np.float64]) -> Check:
    """Mean log ratio of two losses over trials, paired by data and teacher, against 0."""
    if len(linear) < 2:
        return inconclusive(quantity, ONE_TRIAL)
    mean, half_width = mean_interval(np.log(linear / delm)[:, None])
    return at_least(
        quantity, mean, 0.0, budget={"trials": half_width}, advice="raise --trials for a narrower one"
    )


def _drawn(trials: Sequence[LossCurve]) -> Sequence[LossCurve]:
    """The trials that a picture shows: those that diverged would hide the others, unless all did."""
    return [curve for curve in trials if curve.train[-1] <= curve.train[0]] or trials


def numbers(setting: Setting, results: Sequence[LossCurve]) -> dict[str, Any]:
    """Every curve."""
    return {
        "curves": [
            {
                "data": images.name,
                "model": TITLES[model],
                "trial": trial + 1,
                "epochs": curve.epochs.tolist(),
                "train_loss": curve.train.tolist(),
                "test_loss": curve.test.tolist(),
                "step": curve.step,
            }
            for images, models in _table(setting, results)
            for model, trials in models.items()
            for trial, curve in enumerate(trials)
        ]
    }


def draw(setting: Setting, results: Sequence[LossCurve], paper: Paper) -> Figure:
    """A row for each data set: the linear model beside DELM, the DNN beside DELM."""
    table = _table(setting, results)
    figure, axes = paper.grid(len(table), 2, height=1.9)
    # Colour and marker stand for the model, the line style for training or test data.
    marked = {"marker": "o", "markersize": 2.2, "markevery": 0.08}
    colours = {
        "delm": plots.CURVES[0],
        "linear": {**plots.CURVES[2], **marked},
        "dnn": {**plots.CURVES[1], **marked},
    }
    lines = {"train": (0, (3, 1.5)), "test": "-"}
    for (images, models), row in zip(table, axes, strict=True):
        for panel, other in zip(row, ("linear", "dnn"), strict=True):
            panel.set(xscale="log", yscale="log", xlim=(1, setting.epochs))
            for model in ("delm", other):
                for name, line in lines.items():
                    samples = np.array([getattr(curve, name) for curve in _drawn(models[model])])
                    look = {**colours[model], "linestyle": line}
                    later = slice(1, None)  # epoch 0 has no place on a logarithmic axis
                    epochs = models[model][0].epochs[later]
                    band(panel, epochs, samples[:, later], look, f"{TITLES[model]}, {name}")
            where = f" ({images.title})" if len(table) > 1 else ""
            panel.set(title=f"{TITLES[other]} v.s. DELM{where}", xlabel="epoch")
            panel.legend(loc="lower left")
    label_left(axes, "mean squared error")
    return figure


def caption(setting: Setting, results: Sequence[LossCurve]) -> str:
    names = ", ".join(images.title for images in setting.images)
    return (
        f"Linear model, DNN and deep equilibrium linear model (DELM, gamma = {setting.gamma:g}) trained by "
        f"gradient descent on {setting.samples_drawn} of {names} seen through a random projection to "
        f"{setting.width} features, with targets from a random DELM and noise N(0, 1), tested on as many: "
        f"mean squared error against the epoch. {spread_sentence(setting.trials, ' of the logarithm')}"
        + "".join(_left_out(setting, results))
    )


def _left_out(setting: Setting, results: Sequence[LossCurve]) -> Iterator[str]:
    """A sentence for every model of which some trials diverged."""
    for images, models in _table(setting, results):
        for model, trials in models.items():
            if lost := len(trials) - len(_drawn(trials)):
                yield (
                    f" On {images.title} the {TITLES[model]} diverged with this step in {lost} of "
                    f"{len(trials)} trials, which its lines leave out."
                )


def assumed(setting: Setting, results: Sequence[LossCurve]) -> list[str]:
    steps = [curve.step for curve in results]
    fixed = f"{setting.step:g}" if setting.step else f"{min(steps):.2g} to {max(steps):.2g}"
    share = "" if setting.step else f", {STEP_SHARE:g}/(largest curvature of the linear model)"
    return [
        f"step {fixed}{share}, the same for all models of a trial, on the sum of squares",
        f"{setting.epochs} epochs",
        f"{setting.outputs} outputs",
        "pixels in [0, 1]",
        "DELM starts with A of N(0, 1) and B of N(0, 1/m), the linear model as the same function",
        f"DNN of {setting.layers} hidden ReLU layers of {setting.hidden} units, initialised as torch does",
    ]
