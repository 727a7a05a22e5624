"""The path: gradient flow and descent, and all that the claims need of them, observed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.initial import Initial, observe_start
from theorems.gao_2022.premises import broken_premises
from theorems.gao_2022.problem import GaoProblem
from theorems.gao_2022.promise import Promise, Promises, near_labels
from theorems.gao_2022.steps import largest_step, linear_steps, printed_steps
from verify.numerics.arrays import Placement
from verify.relu_deq.descent import Descent, descend
from verify.relu_deq.path import ReluPath, relu_path
from verify.theorem.protocol import Progress

Array = NDArray[np.float64]

#: Times at which the companion flow from labels near yhat(0) is checked.
NEAR_POINTS = 9


@dataclass(frozen=True)
class Training:
    """Training beside the flow: by descent, and from labels near yhat(0).

    descent             descent with the labels at hand and the step of the setting
    steps_needed        steps of that size after which ``||r||^2`` should have fallen by e
    promised            what the explicit theorems promise for the labels at hand
    explicit            descent with the step of which that speaks; None where it says nothing
    near_problem        the problem with labels near yhat(0)
    near                its flow
    near_descent        its descent with the step of the setting
    near_promised       what the explicit theorems promise for it
    near_explicit       its descent with the step of which that speaks
    largest_step        a step that keeps the rate of Theorem 3.2, and one above it that does not
    at_largest          descent with the first of these
    largest_eigenvalue  ``lambda_max(H(0))``, the scale of largest_step
    """

    descent: Descent
    steps_needed: float
    promised: Promise
    explicit: Descent | None
    near_problem: GaoProblem
    near: ReluPath
    near_descent: Descent
    near_promised: Promise
    near_explicit: Descent | None
    largest_step: tuple[float, float]
    at_largest: Descent
    largest_eigenvalue: float

    @property
    def arrays(self) -> Mapping[str, Array]:
        """All of it but equilibria and parameters, for the record."""
        return {
            **{f"near_{name}": getattr(self.near, name) for name in ("times", "residuals", "distances")},
            "near_targets": self.near_problem.targets,
            **_descent_arrays("descent", self.descent),
            **_descent_arrays("near_descent", self.near_descent),
            **(_descent_arrays("explicit", self.explicit) if self.explicit else {}),
            **(_descent_arrays("near_explicit", self.near_explicit) if self.near_explicit else {}),
            "largest_step": np.array(self.largest_step),
        }


@dataclass(frozen=True)
class GaoPath:
    """The flow and all that was observed beside it.

    problem   what was trained
    flow      the flow; only its start where a premise fails
    initial   what was observed at time 0
    training  training beside the flow; None where a premise fails
    """

    problem: GaoProblem
    flow: ReluPath
    initial: Initial
    training: Training | None

    @property
    def trained(self) -> Training:
        """The training, for claims that are judged only where there is one."""
        assert self.training is not None
        return self.training

    @property
    def arrays(self) -> Mapping[str, Array]:
        """What a third party needs to recompute every number."""
        return {
            **self.flow.arrays,
            "gamma": np.asarray(self.problem.gamma),
            "limit_kernel": self.problem.limit,
            **self.initial.arrays,
            **(self.training.arrays if self.training else {}),
        }

    @property
    def rates(self) -> Mapping[str, float]:
        """Mean rates of ``log ||r||^2`` in flow time, each link of the chain from measured to printed."""
        problem, rates = self.problem, dict(self.flow.rates)
        if not rates:
            return {}
        ends = {name: rates.pop(name) for name in ("horizon", "checked until")}
        return {
            **rates,
            "by min lambda_min(G)": 2 * float(self.flow.gram_minimum.min()),
            "printed, lambda_0": problem.lambda_0,
            "measured / printed": rates["measured"] / problem.lambda_0,
            "largest step of descent": self.trained.largest_step[0],
            "lambda_0": problem.lambda_0,
            "c": problem.norm_constant,
            "gamma": problem.gamma,
            **ends,
        }

    @property
    def counts(self) -> Mapping[str, int]:
        """Work done for the flow."""
        return self.flow.counts

    @property
    def notes(self) -> Sequence[str]:
        """What fails first, and how the rates compare."""
        notes, rates = [*self.problem.notes, *self._first_failure()], self.rates
        if rates:
            notes.append(
                f"rates of log ||r||^2, from measured to printed: {rates['measured']:.4g} measured, "
                f"{rates['guaranteed']:.4g} = mean of 2 lambda_min(H), {rates['by min lambda_min(H)']:.4g} = "
                f"2 min lambda_min(H), {rates['by min lambda_min(G)']:.4g} = 2 min lambda_min(G), "
                f"{rates['lambda_0']:.4g} = lambda_0: the printed rate is {rates['measured / printed']:.3g} "
                "times too slow"
            )
        return [*notes, *self.flow.notes]

    def _first_failure(self) -> Sequence[str]:
        """Which fails first along the path: a premise of the theorem, or lambda_min(G) >= lambda_0/2."""
        relative = self.flow.gram_minimum / self.problem.lambda_0
        low = np.flatnonzero(relative < 0.5)
        if relative[0] < 0.75:
            return [f"first to fail: lambda_min(G(0)) = {relative[0]:.3g} lambda_0 < 3/4 lambda_0, at time 0"]
        if len(low):
            return [f"first to fail: lambda_min(G(t)) < lambda_0/2, at time {self.flow.times[low[0]]:.4g}"]
        return []


def followed(path: GaoPath) -> str:
    """ "" where the flow was followed beyond time 0, else why it was not."""
    if path.training:
        return ""
    return f"not followed from time 0: {path.flow.lost or _blurred(path)}"


def _blurred(path: GaoPath) -> str:
    """The message where rounding hides the residual from the start."""
    problem, known = path.problem, path.flow.rounding[0] / 2
    return (
        f"targets are {problem.initial_residual:.2g} from yhat(0), of which {problem.placement.dtype} leaves "
        f"{known:.1g} unknown: use --dtype float64, or --labels aligned with a larger --alignment"
    )


def integrate(problem: GaoProblem, progress: Progress) -> GaoPath:
    """Gradient flow in (A, W, u, v), observed at every checked time; only at time 0 where a premise fails."""
    broken = broken_premises(problem)
    flow = relu_path(
        problem,
        lambda share: progress("gradient flow", share, 1.0),
        # Without a contraction the derivatives have no error bound.
        probed=not broken or problem.gamma_0 < 1,
        ended=f"{' and '.join(broken)} does not hold at time 0" if broken else "",
    )
    progress("draws at time 0", 0, 0)
    initial = observe_start(problem)
    if len(flow.times) < 2:
        return GaoPath(problem, flow, initial, None)
    progress("near labels and descent", 0, 0)
    return GaoPath(problem, flow, initial, _train(problem, flow))


def _train(problem: GaoProblem, flow: ReluPath) -> Training:
    promises = Promises.of(problem)
    # In float64 at any rate: labels so near are lost in the rounding of single precision.
    near = replace(
        near_labels(problem, promises, NEAR_POINTS), placement=Placement("float64", problem.placement.device)
    )
    top = float(np.linalg.eigvalsh(problem.kernel)[-1])
    needed, steps = printed_steps(problem, flow.times, flow.log_decay)
    largest = largest_step(problem, problem.steps, 2 / top)
    promised, near_promised = (promises.at(one.initial_residual) for one in (problem, near))
    return Training(
        descend(problem, problem.step, steps),
        needed,
        promised,
        _explicit_descent(problem, promised),
        near,
        relu_path(near, lambda _: None, probed=False),
        descend(near, near.step, near.steps),
        near_promised,
        _explicit_descent(near, near_promised),
        largest,
        descend(problem, largest[0], problem.steps),
        top,
    )


def _explicit_descent(problem: GaoProblem, promised: Promise) -> Descent | None:
    if promised.descent is None:
        return None
    residual = problem.start.output - problem.targets
    return descend(problem, promised.step, linear_steps(promised.smooth.kernel, residual, promised.step))


def _descent_arrays(name: str, descent: Descent) -> Mapping[str, Array]:
    return {
        f"{name}_{column}": getattr(descent, column) for column in ("residuals", "gram_minimum", "distances")
    }
