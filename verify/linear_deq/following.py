"""The gradient flow of a linear problem: which integrator follows it, and where rounding ends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from verify.flow import FlowPoint
from verify.flow.cvode import cvode
from verify.flow.descent import descent
from verify.flow.runge_kutta import runge_kutta
from verify.flow.scaled import MAXIMUM_STEPS, StepperFactory, integrate
from verify.linear_deq.gauss_newton import GaussNewton
from verify.linear_deq.model import LinearState
from verify.linear_deq.problem import Integrator, LinearProblem
from verify.linear_deq.spectrum import FlowOperator
from verify.linear_deq.stiffness import preconditioner_pays
from verify.losses import ShallowObjective
from verify.theorem.errors import HypothesisError, InputError

Array = NDArray[np.float64]

#: The excess is followed until this is its relative rounding error.
EXCESS_RESOLUTION = 1e-2

#: Descent steps per shortest time scale of the flow at its start; it is stable from 1/2 on.
DESCENT_STEPS_PER_SCALE = 20

#: A second run by CVODE shows the error of the first: its tolerance is this share of that of CVODE itself.
#: A hundredth makes the error 20 to 50 times smaller, in 1.8 times the time of the first. With a tenth, in
#: 1.2 times, the second erred more than half as much as the first in 3 of 450 random settings.
SHARPER = 0.01

#: Beside another integrator it has a tolerance so small that CVODE errs less.
TIGHT: Mapping[Integrator, float] = {"runge-kutta": 1e-12, "descent": 1e-8}


def decay_time(problem: LinearProblem) -> float:
    """The decay time of the excess at the start; HypothesisError where nothing is left to decay."""
    start = problem.model.at(problem.theta)
    excess, g = problem.objective.excess_and_gradient(start.q)
    squared_gradient = sum(float(np.vdot(d, d)) for d in start.gradients(g))
    if excess <= 0 or squared_gradient == 0:
        raise HypothesisError(
            "Q(0) is optimal already, to rounding: there is nothing to converge; use --seed 1"
        )
    return min(problem.horizon, excess / squared_gradient)


def follow(
    problem: LinearProblem, times: Array, stepper: StepperFactory | None = None, rtol: float | None = None
) -> Iterator[FlowPoint]:
    """The flow at `times`, until rounding blurs the excess or the gradient by `EXCESS_RESOLUTION`.

    A `stepper` with the tolerance `rtol` replaces that of the problem's integrator.
    """
    model, objective = problem.model, problem.objective
    start = model.at(problem.theta)
    excess, _ = objective.excess_and_gradient(start.q)
    rounding = objective.excess_rounding(start.q, problem.map_error)
    # The excess is quadratic in the distance to the optimum, hence the square. It must also exceed the error
    # of the optimum.
    smallest = excess * min(1.0, rounding / EXCESS_RESOLUTION) ** 2
    smallest = max(smallest, objective.optimum_error / EXCESS_RESOLUTION)

    def velocity(theta: Array) -> tuple[Array, float]:
        state = model.at(theta)
        excess, g = objective.excess_and_gradient(state.q)
        blurred = not resolvable_excess(objective, state.q, g, problem.map_error)
        return model.pack(*state.gradients(g)), 0.0 if blurred else excess

    return integrate(
        velocity,
        problem.theta,
        times,
        smallest,
        stepper or _stepper(problem, start),
        problem.map_error / (rtol or problem.rtol),  # steps that rounding hides are many
    )


def resolvable_excess(objective: ShallowObjective, w: Array, gradient: Array, map_error: float) -> bool:
    """Whether rounding leaves `EXCESS_RESOLUTION` of the gradient (m_y, m) at W."""
    rounding = objective.gradient_rounding(w, map_error)
    return rounding <= EXCESS_RESOLUTION * float(np.linalg.norm(gradient))


def sharper(problem: LinearProblem) -> tuple[StepperFactory, float]:
    """An integrator that errs less than the problem's, so that their distance is the error; and its rtol."""
    rtol = TIGHT.get(problem.integrator, SHARPER * problem.rtol)
    return _cvode(problem, rtol), rtol


def _cvode(problem: LinearProblem, rtol: float) -> StepperFactory:
    helped = preconditioner_pays(problem)
    return cvode(rtol, GaussNewton(problem.model, problem.objective) if helped else None)


def _stepper(problem: LinearProblem, start: LinearState) -> StepperFactory:
    if problem.integrator == "cvode":
        return _cvode(problem, problem.rtol)
    if problem.integrator == "runge-kutta":
        return runge_kutta(problem.rtol)
    curvature = problem.objective.smoothness * FlowOperator(start).largest_eigenvalue()
    size = 1 / (DESCENT_STEPS_PER_SCALE * curvature)
    affordable = MAXIMUM_STEPS * size
    if problem.horizon > affordable:
        raise InputError(
            f"--integrator descent needs {problem.horizon / size:.2g} steps of {size:.2g} to reach the "
            f"horizon {problem.horizon:.3g}: use --horizon {affordable:.2g} or less, or --integrator cvode"
        )
    return descent(size)
