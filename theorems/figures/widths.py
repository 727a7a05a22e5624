"""What the figures of networks of growing width share: trials by width, findings on them, their cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from verify import plots
from verify.figures.footprint import Footprint
from verify.figures.paper import ONE_TRIAL, Paper, band
from verify.figures.training.curve import LossCurve
from verify.numerics.statistics import mean_interval
from verify.theorem.compare import Check, at_least, at_most, inconclusive

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The trials of every width.
Trials = Mapping[int, Sequence[LossCurve]]

#: About how many products of A with the m x n equilibria there are in one epoch.
PRODUCTS = 5

#: Bytes, measured: of a process that holds the packages and no data; of a matrix entry while it is drawn in
#: float64 and put into float32; of an entry of a kernel (n, n), all that are held at once.
PROCESS, DRAWN, KERNELS = 2.5e8, 12.0, 64.0

#: Samples that a small data set is taken to have.
FEW = 200


def groups(
    titles: Sequence[str], sizes: Sequence[int], trials: int, results: Sequence[LossCurve]
) -> list[tuple[str, Trials]]:
    """The title of every data set with its trials by width; results come in this order."""
    left = iter(results)
    return [(title, {width: [next(left) for _ in range(trials)] for width in sizes}) for title in titles]


def falls(quantity: str, by_width: Trials, loss: Literal["train", "test"]) -> Check:
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


def stays(quantity: str, by_width: Trials, spread: float | Sequence[float]) -> Check:
    """Largest relative change of the norm over epochs and trials, for every width, against `spread`."""
    changes = [max(float(np.abs(c.norm / c.norm[0] - 1).max()) for c in of) for of in by_width.values()]
    errors = [max(float((c.norm_error / c.norm).max()) for c in of) for of in by_width.values()]
    return at_most(
        quantity,
        changes,
        spread,
        budget={"eigenvalues": 2 * np.array(errors)},
        where={"m": list(by_width)},
        advice="use wider networks, --widths",
    )


def draw_groups(rows: Sequence[tuple[str, Trials]], labels: Mapping[str, str], paper: Paper) -> Figure:
    """A row for each data set, a panel for each array of its curves that `labels` names."""
    figure, axes = paper.grid(len(rows), len(labels))
    for (title, by_width), row in zip(rows, axes, strict=True):
        for panel, (name, label) in zip(row, labels.items(), strict=True):
            panel.set_yscale("linear" if name == "norm" else "log")
            for (width, trials), look in zip(by_width.items(), plots.CURVES, strict=False):
                samples = np.array([getattr(trial, name) for trial in trials])
                band(panel, trials[0].epochs, samples, look, f"$m={width}$")
                panel.set(xlabel="epoch $k$", ylabel=label, xlim=(0, trials[0].epochs[-1]))
            if len(rows) > 1:
                panel.set_title(title)
    paper.legend(figure, axes[0, 0])
    return figure


def descent_work(width: int, samples: int | None, epochs: int) -> float:
    """About how many multiplications there are."""
    return PRODUCTS * float(width) ** 2 * (samples or FEW) * epochs


def footprint(
    width: int, samples: int | None, dimension: int, held: tuple[float, float], device: Literal["cpu", "cuda"]
) -> Footprint:
    """The host's memory where so many bytes are `held` at once for an entry of A, and of Z: measured peaks.

    For a GPU only the parameters are drawn on the host.
    """
    samples = samples or FEW
    square, states = held if device == "cpu" else (DRAWN, 0.0)
    linear = states * samples + DRAWN * dimension
    return Footprint(width, square, linear, PROCESS + KERNELS * samples**2)
