"""The problem of Theorem 2: one output, a twice differentiable loss, and a companion with two features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from verify.linear_deq.build import draw_start, linear_problem, shallow_objective
from verify.linear_deq.problem import LinearProblem
from verify.linear_deq.setting import LinearSetting
from verify.theorem.errors import HypothesisError


class Setting(LinearSetting):
    """The setting of the linear model with one output and a twice differentiable loss."""

    loss: Literal["square", "logistic"] = Field("square", description="loss function")

    @model_validator(mode="after")
    def _one_output(self) -> Setting:
        if self.outputs not in (None, 1):
            raise ValueError("Theorem 2 is about one output: use --outputs 1")
        return self

    @property
    def outputs_drawn(self) -> int:
        return 1


@dataclass(frozen=True)
class NewtonProblem:
    """The problem, and its companion with two features, whose path can be drawn."""

    model: LinearProblem
    plane: LinearProblem

    @property
    def effective(self) -> Mapping[str, Any]:
        """The values that the run is made with."""
        return self.model.effective

    @property
    def threads(self) -> int:
        """BLAS threads that suit the size."""
        return self.model.threads


def build(setting: Setting) -> NewtonProblem:
    """The problem and its companion; InputError for unusable data, HypothesisError for m_y > 1.

    The companion is drawn, whatever the problem starts from.
    """
    plane = setting.model_copy(update={"width": 2, "start": None})
    return NewtonProblem(_problem(setting), _problem(plane))


def _problem(setting: Setting) -> LinearProblem:
    drawn = draw_start(setting)
    if drawn.start.model.outputs != 1:
        raise HypothesisError(
            f"Theorem 2 is about one output, {setting.data} has {drawn.start.model.outputs}: give `y` one "
            "column, or use --data digits"
        )
    return linear_problem(setting, drawn, shallow_objective(setting, drawn))
