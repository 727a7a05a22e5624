"""Whether a wider implicit ReLU network converges faster (Gao et al. 2022, figure 1), setting by setting.

    python benchmarks/wider_is_faster.py

trains networks of several widths by descent and judges the finding as figure gao-1 does, for several steps,
labels, scales gamma and data; beside each it judges what descent with the kernel H(0) held fixed would do:
``r(k) = (I - step H(0))^k r(0)``. It writes results/tables/wider_is_faster.json, after every setting.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from theorems.figures.widths import falls
from verify.data.images import Images, Split, two_classes
from verify.figures.training.curve import LossCurve
from verify.figures.training.relu import ACCURACY, NOISE
from verify.relu_deq.descent import stable_step, trajectory
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters
from verify.theorem.compare import Check

Array = NDArray[np.float64]

TABLE = Path(__file__).parents[1] / "results" / "tables" / "wider_is_faster.json"

#: Epochs at which the losses are compared.
EPOCHS = (30, 100, 300, 1000, 10_000)


@dataclass(frozen=True)
class Case:
    """One setting; the widths are to the samples as in the paper, from half as many to four times.

    step    half: 0.5/n, the figure's; each: `share`/lambda_max(H(0)) of every network; narrowest, widest: for
            all of a trial's networks that of the one of this width
    labels  factor of the labels -1 and +1, or "from the start": labels yhat(0) -1 and +1, so that r(0) is the
            same for all widths
    frozen  only what the kernel of the start says: no network is trained
    """

    data: str = "fashion-mnist"
    samples: int = 100
    widths: tuple[int, ...] = (50, 100, 200, 400)
    trials: int = 10
    epochs: int = 300
    gamma: float = 0.1
    step: Literal["half", "each", "narrowest", "widest"] = "half"
    share: float = 1.0
    labels: float | Literal["from the start"] = 1.0
    frozen: bool = False


LARGE = Case(samples=1000, widths=(500, 1000, 2000), trials=5, epochs=10_000, frozen=True)

#: Changes of one thing from the first; then more samples, up to the paper's.
CASES = (
    Case(trials=20, epochs=1000),
    Case(labels="from the start"),
    Case(labels=0.1),
    Case(labels=10.0),
    Case(step="each"),
    Case(step="each", share=1.8),
    Case(step="narrowest"),
    Case(step="widest"),
    Case(gamma=0.45),
    Case(data="digits"),
    Case(data="digits", labels="from the start"),
    Case(samples=200, widths=(100, 200, 400, 800), trials=8, epochs=1000),
    LARGE,
    replace(LARGE, labels="from the start"),
)


def trained(state: ReluState, targets: Array, step: float, epochs: int) -> Array:
    """Losses ``sum r^2 / 2n`` (epochs + 1,) along descent."""
    path = islice(trajectory(state, targets, step), epochs + 1)
    return np.array([0.5 * np.mean((now.output - targets) ** 2) for now in path])


def frozen(state: ReluState, targets: Array, step: float, epochs: int) -> Array:
    """The same (epochs + 1,) with the kernel of the start."""
    values, vectors = np.linalg.eigh(state.kernel)
    parts = (vectors.T @ (state.output - targets)) ** 2 / (2 * len(targets))
    return np.array([np.sum((1 - step * values) ** (2 * k) * parts) for k in range(epochs + 1)])


def starts(split: Split, case: Case, trial: int) -> list[ReluState]:
    """The networks of a trial as figure gao-1 draws them, one for each width."""
    found = []
    for width in case.widths:
        drawn = Parameters.random(width, len(split.train), np.random.default_rng((trial, width)))
        model = ImplicitReLU.scaled(_single(split.train), width, case.gamma)
        found.append(model.at(drawn.mapped(_single), accuracy=ACCURACY))
    return found


def steps(states: Sequence[ReluState], case: Case, samples: int) -> list[float]:
    """The step for each width."""
    if case.step == "half":
        return [0.5 / samples] * len(states)
    own = [case.share * stable_step(state) for state in states]
    common = {"narrowest": own[0], "widest": own[-1]}
    return own if case.step == "each" else [common[case.step]] * len(states)


def measure(case: Case) -> dict[str, Any]:
    """Losses of every width and trial, trained and with the kernel of the start, and what is said of them."""
    began = time.perf_counter()
    kinds = {"frozen": frozen} if case.frozen else {"trained": trained, "frozen": frozen}
    losses: dict[str, list[list[Array]]] = {kind: [] for kind in kinds}
    taken: list[list[float]] = []
    fastest: list[list[float]] = []
    images = Images(case.data)
    for trial in range(case.trials):
        split = two_classes(images, (0, 1), case.samples, trial, NOISE)
        labels = split.train_targets[0]
        states = starts(split, case, trial)
        taken.append(steps(states, case, len(labels)))
        fastest.append([1 / stable_step(state) / len(labels) for state in states])
        for kind, losses_of in kinds.items():
            losses[kind].append(
                [
                    losses_of(
                        state,
                        labels + state.output if case.labels == "from the start" else case.labels * labels,
                        step,
                        case.epochs,
                    )
                    for state, step in zip(states, taken[-1], strict=True)
                ]
            )
    findings = [
        {"kind": kind, "epochs": epochs, **judged(case, np.array(losses[kind])[:, :, : epochs + 1])}
        for epochs in EPOCHS
        if epochs <= case.epochs
        for kind in kinds
    ]
    return {
        "case": asdict(case),
        "steps": np.mean(taken, axis=0).tolist(),
        "lambda_max_over_n": {
            "mean": np.mean(fastest, axis=0).tolist(),
            "deviation": np.std(fastest, axis=0, ddof=1).tolist(),
        },
        "findings": findings,
        "seconds": round(time.perf_counter() - began, 1),
    }


def judged(case: Case, losses: Array) -> dict[str, Any]:
    """The finding on losses (trials, widths, k), as of the last: of each width and the next, and of the ends.

    Each is the mean of log ratios over trials with the half-width of its t-interval; positive where the wider
    network is faster.
    """
    epochs = np.arange(losses.shape[2])
    of_all = {
        width: [LossCurve(epochs, of_trial[i], np.empty(0), 0.0) for of_trial in losses]
        for i, width in enumerate(case.widths)
    }
    ends = {width: of_all[width] for width in (case.widths[0], case.widths[-1])}
    return {
        "loss": np.exp(np.log(losses[:, :, -1]).mean(axis=0)).tolist(),
        "each to the next": _said(falls("training loss", of_all, "train")),
        "narrowest to widest": _said(falls("training loss", ends, "train")),
    }


def _said(check: Check) -> dict[str, Any]:
    """The verdict and its numbers."""
    means, widths = (check.arrays[name].tolist() for name in ("measured", "budget trials"))
    return {"verdict": check.verdict, "mean": means, "half_width": widths}


def _single(array: Array) -> NDArray[np.float32]:
    return array.astype(np.float32)


def said(case: Case, finding: Mapping[str, Any]) -> str:
    """A finding in a line."""
    ends, every = finding["narrowest to widest"], finding["each to the next"]
    return (
        f"{case.data}, n {case.samples}, labels {case.labels}, step {case.step} x {case.share:g}, gamma "
        f"{case.gamma:g}, {finding['epochs']} epochs, {finding['kind']}: {every['verdict']}; narrowest to "
        f"widest {ends['mean'][0]:.3f} +- {ends['half_width'][0]:.3f} {ends['verdict']}"
    )


def main() -> None:
    """Measure and judge every case; write."""
    TABLE.parent.mkdir(exist_ok=True)
    table: list[dict[str, Any]] = []
    for case in CASES:
        table.append(measure(case))
        for finding in table[-1]["findings"]:
            print(said(case, finding), flush=True)
        TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
