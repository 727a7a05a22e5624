"""The problem of Theorem 1: a start, an objective with its PL constant, the radius of the logistic loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from theorems.kawaguchi_2021.opinions.printed import Printed
from verify.linear_deq.build import Drawn, draw_start, linear_problem, shallow_objective
from verify.linear_deq.convexity import Ends, Witness, ends_of_one_map, nonconvexity_witness
from verify.linear_deq.following import decay_time, follow
from verify.linear_deq.model import one_norm
from verify.linear_deq.problem import LinearProblem, LinearStart
from verify.linear_deq.setting import LinearSetting
from verify.losses import ShallowObjective
from verify.losses.logistic import LogisticObjective
from verify.numerics.quadrature import graded_times
from verify.theorem.errors import HypothesisError

#: Aligned targets at most so far from the initial outputs attain the bound to 0.1% of the rate: D turns by
#: the square of the distance, which at 0.1 costs 1e-4 or less.
ATTAINED_UP_TO = 0.1

#: Closer targets equal the outputs to rounding: some 1e-12 of Q, which is a millionth of this.
LEAST_ALIGNMENT = 1e-6

#: The automatic radius over the largest norm seen on the path: above any peak between the points seen.
RADIUS_MARGIN = 1 + 1e-4

#: For the automatic radius the path is looked at this many times as often as it is checked, for its peaks.
MORE_POINTS = 8

#: A smaller PL constant counts as zero: quotients of rates would overflow.
LEAST_CONSTANT = 1e-200

Radius = Literal["auto"] | Annotated[float, Field(gt=0, le=1e6)]


class Setting(LinearSetting):
    """The setting of the linear model, the radius, and the labels that make the bound tight."""

    GROUPS: ClassVar[Mapping[str, Sequence[str]]] = {
        **LinearSetting.GROUPS,
        "Network and data": (*LinearSetting.GROUPS["Network and data"], "labels", "alignment"),
        "Loss": (*LinearSetting.GROUPS["Loss"], "radius"),
    }

    radius: Radius = Field(
        "auto",
        examples=[2.5],
        description="radius R of the logistic loss; auto is the smallest that covers the whole path",
    )
    labels: Literal["data", "aligned"] = Field(
        "data",
        description="targets: those of the data, or aligned with the slowest direction of D(0) on "
        "orthogonal features, where the bound is tight",
    )
    alignment: float = Field(
        0.1,
        ge=LEAST_ALIGNMENT,
        le=1,
        examples=[0.01],
        description="distance of aligned targets from the initial outputs",
    )

    @model_validator(mode="after")
    def _options_go_together(self) -> Setting:
        if self.radius != "auto" and self.loss != "logistic":
            raise ValueError(
                f"--radius is for --loss logistic: PL of {self.loss} holds everywhere, leave it out"
            )
        if self.labels == "aligned" and self.loss != "square":
            raise ValueError("--labels aligned is for the square loss: use --loss square")
        if self.labels == "aligned" and self.samples not in (None, self.width):
            raise ValueError(
                f"--labels aligned makes orthogonal features, n = m: drop --samples or use "
                f"--samples {self.width}"
            )
        return self

    @property
    def samples_drawn(self) -> int:
        return self.width if self.labels == "aligned" else super().samples_drawn


@dataclass(frozen=True)
class RateProblem(LinearProblem):
    """A `LinearProblem` that knows whether its bound is tight.

    attained  whether the targets were made so that the path attains the bound
    """

    attained: bool = False

    @property
    def printed(self) -> Printed:
        """L_0 as printed."""
        loss, tau = self.described["loss"], self.described["tau"] or 0.0
        return Printed(loss, self.features, self.targets, tau, self.objective.radius)


def build(setting: Setting) -> RateProblem:
    """Data and initial parameters; InputError for unusable data, HypothesisError where kappa is 0."""
    drawn = draw_start(setting)
    aligned = setting.labels == "aligned"
    if aligned:
        drawn = align(drawn, setting.alignment)
    try:
        objective = objective_within(setting, drawn)
    except HypothesisError as broken:
        # If only the radius failed, claims that need no radius can still be judged.
        anyway = shallow_objective(setting, drawn) if setting.loss == "logistic" else None
        broken.start = replace(drawn.start, objective=anyway)
        raise
    problem = linear_problem(setting, drawn, objective)
    if setting.loss == "logistic" and setting.radius == "auto":
        problem = within_smallest_radius(problem)
    return RateProblem(**vars(problem), attained=aligned and setting.alignment <= ATTAINED_UP_TO)


def align(drawn: Drawn, distance: float) -> Drawn:
    """The draw with orthogonal features and with targets at `distance` from the outputs.

    They differ from the outputs along the slowest direction of D(0).
    """
    orthogonal = np.linalg.qr(drawn.start.features)[0]
    targets = (drawn.state.q - distance * drawn.slowest.vector.T) @ orthogonal
    return replace(drawn, start=replace(drawn.start, features=orthogonal, targets=targets))


def objective_within(setting: Setting, drawn: Drawn) -> ShallowObjective:
    """The objective within the radius asked for; for `auto` within a wide one, to find the smallest in."""
    if setting.radius == "auto":
        return shallow_objective(setting, drawn)
    start = one_norm(drawn.state.q)
    if start >= setting.radius:
        raise HypothesisError(
            f"the path starts outside the radius, ||Q_0||_1 = {start:.4g} >= R = {setting.radius:.4g}: use "
            f"--radius {1.1 * start:.2g} or more, or --radius auto"
        )
    return with_constant(shallow_objective(setting, drawn, setting.radius))


def within_smallest_radius(problem: LinearProblem) -> LinearProblem:
    """The problem within the smallest radius that covers the path, up to where rounding ends the flow."""
    objective = problem.objective
    assert isinstance(objective, LogisticObjective)
    largest = end = 0.0
    for point in follow(
        problem, graded_times(problem.horizon, decay_time(problem), MORE_POINTS * problem.points)
    ):
        largest = max(largest, one_norm(problem.model.at(point.theta).q))
        end = point.time
    try:
        within = with_constant(objective.within(RADIUS_MARGIN * largest))
    except HypothesisError as broken:
        broken.start = problem
        raise
    return replace(problem, objective=within, horizon=end or problem.horizon)


def with_constant(objective: ShallowObjective) -> ShallowObjective:
    """The objective; HypothesisError where its PL constant is next to zero."""
    if objective.pl_constant > LEAST_CONSTANT:
        return objective
    raise HypothesisError(
        f"within R = {objective.radius:.4g} the logistic curvature rho(R) is "
        f"next to nothing, kappa = {objective.pl_constant:.1g}: use --tau 0.01, say, or smaller features"
    )


def witness(start: LinearStart, ends: Ends = ends_of_one_map) -> Witness | None:
    """A witness that L is not convex; None where L is convex or no minimiser is known."""
    if start.model.width == 1 or start.objective is None:
        return None
    return nonconvexity_witness(start.model, start.objective, np.random.default_rng(start.seed), ends)
