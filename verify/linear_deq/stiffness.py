"""How stiff a flow is, and whether preconditioning its integrator saves more time than it costs."""

from __future__ import annotations

from verify.linear_deq.cost import LinearSizes, preconditioner_seconds, right_hand_side_seconds
from verify.linear_deq.problem import LinearProblem
from verify.linear_deq.spectrum import FlowOperator
from verify.losses.smooth import SmoothObjective

#: Without a preconditioner CVODE needs about stiffness / 500 right-hand sides: 430 to 500 were measured where
#: the stiffness is 1e5 or more. Below that, stiffness costs nothing.
STIFFNESS_PER_RIGHT_HAND_SIDE = 500

#: With a preconditioner a stiff flow takes this many right-hand sides (2200 to 2600 were measured), each of
#: which has a share of the preconditioner's cost.
PRECONDITIONED = 2500


def fastest_rate(problem: LinearProblem) -> float:
    """The largest decay rate of the flow, about: smoothness times lambda_max(D), at its start and its end.

    D grows with Q, which ends at Q*; A moves little, so the end is taken with the initial A.
    """
    a, _ = problem.model.unpack(problem.theta)
    start = problem.model.at(problem.theta)
    q = problem.objective.minimiser
    end = problem.model.at(problem.model.pack(a, q - problem.model.gamma * (q @ start.stochastic)))
    return problem.objective.smoothness * max(
        FlowOperator(state).largest_eigenvalue() for state in (start, end)
    )


def preconditioner_pays(problem: LinearProblem) -> bool:
    """Whether the right-hand sides that it spares would take longer than its factorisations and solves."""
    sizes = LinearSizes(
        problem.model.width,
        problem.model.outputs,
        problem.features.shape[1],
        problem.points,
        problem.rtol,
        smooth=isinstance(problem.objective, SmoothObjective),
    )
    if sizes.functions == 0:
        return False
    spared = problem.horizon * fastest_rate(problem) / STIFFNESS_PER_RIGHT_HAND_SIDE
    return spared * right_hand_side_seconds(sizes) > PRECONDITIONED * preconditioner_seconds(sizes)
