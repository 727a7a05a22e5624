"""False forms of the proof's steps, as changes of the path: what it would show if they were true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from theorems.kawaguchi_2021.linear_rate.path import RatePath
from verify.linear_deq.model import LinearState
from verify.linear_deq.spectrum import FlowOperator, asymmetry, chain_rule_gap, operator_terms
from verify.losses import Array

#: A dense matrix (m m_y, m m_y) in place of D at one state.
FalseOperator = Callable[[LinearState], Array]

#: Makes of a path what it would be if something else were true.
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
    """D without its first term: what the flow of A alone would give."""
    return np.asarray(state.gamma**2 * operator_terms(state)[1])


def false_chain_rule(operator: FalseOperator) -> Spoil:
    """A change of the path: its chain-rule gap is measured with this D."""

    def spoil(path: RatePath) -> RatePath:
        return replace(path, chain_rule_gap=_gaps(path, lambda state, vector: operator(state) @ vector, "F"))

    return spoil


def printed_by_rows(path: RatePath) -> RatePath:
    """The path with a chain-rule gap measured with the true D, but with a vec that stacks rows."""

    def true(state: LinearState, vector: Array) -> Array:
        operator = FlowOperator(state)
        return operator.apply(vector.reshape(operator.shape)).ravel()

    return replace(path, chain_rule_gap=_gaps(path, true, "C"))


def false_quadratic_form(operator: FalseOperator) -> Spoil:
    """A change of the path: its vec(G)^T D vec(G) is taken with this D."""

    def spoil(path: RatePath) -> RatePath:
        forms = []
        for state, g in _states(path):
            vector = g.ravel(order="F")
            forms.append(float(vector @ operator(state) @ vector))
        return replace(path, quadratic_form=np.array(forms))

    return spoil


def false_dissipation(path: RatePath) -> RatePath:
    """The path with a -dL/dt that is 0.1% faster."""
    return replace(path, dissipation=1.001 * path.dissipation)


def false_energy(factor: float) -> Spoil:
    """A change of the path: its energy integral is this many times as large."""
    return lambda path: replace(path, log_energy=factor * path.log_energy)


def false_dissipated_energy(path: RatePath) -> RatePath:
    """The path with an integral of ||grad L||^2 that is 1% larger."""
    return replace(path, energy=1.01 * path.energy)


def without_first_order_term(path: RatePath) -> RatePath:
    """The path with an excess that lacks its first-order term, which counts at an optimum on the radius."""
    objective = path.problem.objective
    slope = objective.excess_and_gradient(objective.minimiser)[1]
    first_order = np.sum(slope * (path.maps - objective.minimiser), axis=(1, 2))
    return replace(path, excess=path.excess - first_order)


def unsymmetric(path: RatePath) -> RatePath:
    """The path with an asymmetry measured of U^{-1} U^{-1} (x) I, D with a transposition forgotten."""

    def product(state: LinearState) -> Callable[[Array], Array]:
        return lambda z: state.resolvent.solve(state.resolvent.solve(z.T)).T

    shape = path.maps.shape[:0:-1]
    random = np.random.default_rng(0)
    found = [asymmetry(product(state), shape, random) for state, _ in _states(path)]
    return replace(path, asymmetry=np.array(found))


def at_one_vertex(path: RatePath) -> RatePath:
    """The path with lambda_min(D) as it would be if every column of S were e_1."""
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
        gaps.append(chain_rule_gap(velocity, product(state, g.ravel(order=order))))
    return np.array(gaps)
