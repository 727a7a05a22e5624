"""The path: descent and flow as the theorem has them, descent by longer steps; pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from theorems.ling_2023.problem import LingProblem
from verify import plots
from verify.losses import EPS
from verify.relu_deq.descent import Descent, descend, stable_step
from verify.relu_deq.path import ReluPath, relu_path
from verify.theorem.protocol import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Steps from the paper's own start, or that of a start file, each of size 1/lambda_max(H(0)).
WHOLE_STEPS = 100


@dataclass(frozen=True)
class LingPath:
    """Descent with the step of the setting, flow with the same labels, and descent from `problem.whole`."""

    problem: LingProblem
    descent: Descent
    flow: ReluPath
    whole: Descent

    @property
    def arrays(self) -> Mapping[str, NDArray[np.float64]]:
        """What a third party needs to recompute every number."""
        pairs = (("descent", self.descent), ("whole", self.whole))
        parts = ("residuals", "gram_minimum", "distances", "imbalance")
        own = {f"{name}_{key}": getattr(of, key) for name, of in pairs for key in parts}
        return {**self.flow.arrays, **own}

    @property
    def rates(self) -> Mapping[str, float]:
        """Mean rates of log Phi in flow time, of the flow and by descent; and what is printed."""
        problem, descent = self.problem, self.descent
        time = descent.step * (len(descent.residuals) - 1)
        by_descent = {"by descent": -float(descent.log_change[-1]) / time}
        return {**self.flow.rates, **by_descent, "printed, lambda_0/2": problem.lambda_0 / 2}

    @property
    def counts(self) -> Mapping[str, int]:
        """Work done."""
        return {**self.flow.counts, "descent_steps": len(self.descent.residuals) - 1}

    @property
    def notes(self) -> Sequence[str]:
        """How Condition 1 stands, and what happens by longer steps, with labels of the data."""
        problem, whole = self.problem, self.whole
        found = ", ".join(f"{part} {ratio:.3g}" for part, ratio in problem.condition.items())
        # What (7) allows grows like the root of m, since lambda_0 grows like m and c_a like its root.
        width = problem.model.width * problem.samples / min(problem.constants.allowed(problem.lambda_0)) ** 2
        small = (
            f"; for labels of size 1 it would take m = {width:.1g}"
            if problem.condition["(9)"] > 1 and not problem.given
            else ""
        )
        fallen, steps = np.exp(whole.log_change[-1]), len(whole.residuals) - 1
        where = (
            "from --start as it is, with the labels of the data"
            if problem.given
            else "from the paper's own start, where (9) never holds"
        )
        return [
            *problem.notes,
            f"Condition 1, left over right sides: {found}{small}",
            f"{where}, {steps} steps of {whole.step:.3g} take the loss to {fallen:.2g} of itself",
            *self.flow.notes,
        ]


def integrate(problem: LingProblem, progress: Progress) -> LingPath:
    """Descent and flow in (W, U, a), observed; and descent from `problem.whole`."""
    flow = relu_path(problem, lambda share: progress("gradient flow", share, 1.0))
    progress("descent", 0, 0)
    state, targets = problem.whole
    whole = descend(replace(problem, start=state, targets=targets), stable_step(state), WHOLE_STEPS)
    return LingPath(problem, descend(problem, problem.step, problem.epochs), flow, whole)


def pictures(problem: LingProblem, path: LingPath) -> dict[str, Figure]:
    """Flow against its bounds; descent from the paper's own start, or from the start file."""
    flow, steps = path.flow, np.arange(len(path.whole.residuals))
    slow = np.log1p(-min(path.descent.step * problem.lambda_0 / 2, 1 - EPS))
    curves = {
        "measured": (flow.times, -flow.log_decay),
        r"$\exp(-2\int_0^t \lambda_{\min}(H))$": (flow.times, -2 * flow.integrated_lambda[0]),
        r"printed: $\exp(-\lambda_0 t)$": (flow.times, -problem.lambda_0 * flow.times),
    }
    whole = {
        "measured": (steps, np.maximum(path.whole.log_change, -70)),
        "guaranteed, for a small enough $a$": (steps, slow * steps),
    }
    of_flow = plots.single("Gradient flow", "gradient-flow time $t$", r"$\Phi(t)/\Phi(0)$")
    name, whose = ("given", "The start file") if problem.given else ("paper", "The paper's own start")
    title = f"{whose}: nothing is promised" + ", by steps so long" * problem.given
    of_whole = plots.single(title, r"step $\tau$", r"$\Phi(\tau)/\Phi(0)$")
    for (_, axes), lines in ((of_flow, curves), (of_whole, whole)):
        for curve, (label, (x, y)) in zip(plots.CURVES, lines.items(), strict=False):
            axes.semilogy(x, np.exp(y), label=label, **curve)
        axes.legend(loc="best")
    return {"flow": of_flow[0], name: of_whole[0]}
