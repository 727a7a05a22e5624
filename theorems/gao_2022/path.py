"""The path: gradient flow and descent, and all that the claims need of them, observed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.initial import Initial, observe_start
from theorems.gao_2022.premises import broken_premises
from theorems.gao_2022.problem import GaoProblem
from theorems.gao_2022.steps import largest_step
from verify.relu_deq.descent import Descent, descend
from verify.relu_deq.path import ReluPath, relu_path
from verify.theorem.protocol import Progress

Array = NDArray[np.float64]

#: Times at which the companion flow from labels near yhat(0) is checked.
NEAR_POINTS = 9


@dataclass(frozen=True)
class Training:
    """Training beside the flow: by descent, and from labels near yhat(0).

    descent             descent with the labels at hand
    near_problem        the problem with labels near yhat(0)
    near                its flow
    near_descent        its descent
    largest_step        a step that keeps the rate of Theorem 3.2, and one above it that does not
    largest_eigenvalue  ``lambda_max(H(0))``, the scale of largest_step
    """

    descent: Descent
    near_problem: GaoProblem
    near: ReluPath
    near_descent: Descent
    largest_step: tuple[float, float]
    largest_eigenvalue: float

    @property
    def arrays(self) -> Mapping[str, Array]:
        """All of it but equilibria and parameters, for the record."""
        return {
            **{f"near_{name}": getattr(self.near, name) for name in ("times", "residuals", "distances")},
            "near_targets": self.near_problem.targets,
            **_descent_arrays("descent", self.descent),
            **_descent_arrays("near_descent", self.near_descent),
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
    return "" if path.training else f"not followed from time 0: {path.flow.lost}"


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
    return GaoPath(problem, flow, initial, _train(problem))


def _train(problem: GaoProblem) -> Training:
    near = near_labels(problem)
    top = float(np.linalg.eigvalsh(problem.kernel)[-1])
    return Training(
        descend(problem, problem.step, problem.steps),
        near,
        relu_path(near, lambda _: None, probed=False),
        descend(near, near.step, near.steps),
        largest_step(problem, problem.steps, 2 / top),
        top,
    )


def near_labels(problem: GaoProblem) -> GaoProblem:
    """Labels so close to yhat(0) that the printed bounds of u and v fail at the start of the flow.

    Their distance from yhat(0) is at most half of that at which the loosest printed bound, the one of u in
    Lemma 3.6, begins to fail. It is also small enough for the lemma's condition on the width to hold with
    C = 1, so that the premise is met.
    """
    c, n, width = problem.norm_constant, problem.samples, problem.width
    fails_at = np.sqrt(width) * problem.lambda_0 / (32 * c * np.sqrt(n))
    condition = np.sqrt(width * problem.lambda_0**3 / n) / (c * problem.input_norm)
    distance = min(0.5 * fails_at, condition)
    away = problem.start.output - problem.targets
    targets = problem.start.output - distance * away / np.linalg.norm(away)
    return replace(problem, targets=targets, points=NEAR_POINTS)


def _descent_arrays(name: str, descent: Descent) -> Mapping[str, Array]:
    return {
        f"{name}_{column}": getattr(descent, column) for column in ("residuals", "gram_minimum", "distances")
    }
