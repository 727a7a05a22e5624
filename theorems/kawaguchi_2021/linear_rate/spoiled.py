"""What false forms of the proof's steps would have been seen to say along a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from theorems.kawaguchi_2021.linear_rate.path import RatePath
from verify.linear_deq.model import LinearState
from verify.linear_deq.spectrum import FlowOperator, operator_terms
from verify.losses import Array

#: A dense matrix (m m_y, m m_y) in place of D at one state.
FalseOperator = Callable[[LinearState], Array]

#: What a path becomes when something else had been seen along it.
Spoil = Callable[[RatePath], RatePath]


def with_gamma(state: LinearState) -> Array:
    """D with gamma for gamma^2."""
    first, second, _ = operator_terms(state)
    return first + state.gamma * second


def without_jacobians(state: LinearState) -> Array:
    """D with Q Q^T for Q J_k J_k^T Q^T."""
    first, _, without = operator_terms(state)
    return first + state.gamma**2 * without


def without_first_term(state: LinearState) -> Array:
    """What the flow of A alone would make of D."""
    return np.asarray(state.gamma**2 * operator_terms(state)[1])


def false_chain_rule(operator: FalseOperator) -> Spoil:
    """The gap of the chain rule, had D been this."""

    def spoil(path: RatePath) -> RatePath:
        return replace(path, chain_rule_gap=_gaps(path, lambda state, vector: operator(state) @ vector, "F"))

    return spoil


def printed_by_rows(path: RatePath) -> RatePath:
    """The gap of the chain rule with the true D, had vec stacked rows."""

    def true(state: LinearState, vector: Array) -> Array:
        operator = FlowOperator(state)
        return operator.apply(vector.reshape(operator.shape)).ravel()

    return replace(path, chain_rule_gap=_gaps(path, true, "C"))


def false_quadratic_form(operator: FalseOperator) -> Spoil:
    """vec(G)^T D vec(G), had D been this."""

    def spoil(path: RatePath) -> RatePath:
        forms = []
        for state, g in _states(path):
            vector = g.ravel(order="F")
            forms.append(float(vector @ operator(state) @ vector))
        return replace(path, quadratic_form=np.array(forms))

    return spoil


def false_dissipation(path: RatePath) -> RatePath:
    """-dL/dt, 0.1% faster."""
    return replace(path, dissipation=1.001 * path.dissipation)


def false_energy(path: RatePath) -> RatePath:
    """The energy integral, 1% larger."""
    return replace(path, log_energy=1.01 * path.log_energy)


def without_first_order_term(path: RatePath) -> RatePath:
    """The excess as a sum of divergences alone, which it is where the slope at the optimum vanishes."""
    objective = path.problem.objective
    slope = objective.excess_and_gradient(objective.minimiser)[1]
    first_order = np.sum(slope * (path.maps - objective.minimiser), axis=(1, 2))
    return replace(path, excess=path.excess - first_order)


def at_one_vertex(path: RatePath) -> RatePath:
    """lambda_min(D), had every column of S been e_1."""
    model = path.problem.model
    a = np.full((model.width, model.width), -np.inf)
    a[0] = 0.0
    operator = FlowOperator(model.at(model.pack(a, np.zeros((model.outputs, model.width)))))
    found = operator.smallest_eigenvalue(np.ones(operator.shape))
    return replace(
        path,
        lambda_min=np.full_like(path.lambda_min, found.value),
        lambda_error=np.full_like(path.lambda_error, found.error),
    )


def _states(path: RatePath) -> list[tuple[LinearState, Array]]:
    """The model and G at every checked time; small paths are stored whole."""
    states = [path.problem.model.at(theta) for theta in path.thetas]
    return [(state, path.problem.objective.excess_and_gradient(state.q)[1]) for state in states]


def _gaps(path: RatePath, product: Callable[[LinearState, Array], Array], order: Literal["F", "C"]) -> Array:
    gaps = []
    for state, g in _states(path):
        velocity = state.map_change(*(-part for part in state.gradients(g))).ravel(order=order)
        gap = np.linalg.norm(velocity + product(state, g.ravel(order=order)))
        gaps.append(float(gap / np.linalg.norm(velocity)))
    return np.array(gaps)
