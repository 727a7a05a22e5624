"""What every flow of the model conserves: softmax ignores a shift of a column, so column sums of A stay.

No bound, no eigenvalue and no optimum is in it. The law is linear, so integrators keep it to rounding, and
what it judges is the gradient: ``J_k = diag(s_k) - s_k s_k^T`` sends everything to sums of 0.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy

from verify.linear_deq.path import LinearPath
from verify.losses import EPS
from verify.theorem.compare import Check, equal

#: A gradient that leaks a thousandth of what it moves shows.
RESOLUTION = 1e-3

#: Roundings of several steps add up like their root; four times that covers a column.
ROUNDINGS = 4.0


def column_sums(path: LinearPath) -> Check:
    """The column sums of A at the stored times, over how far the entries of a column of A or B move."""
    a, b = map(np.array, zip(*map(path.problem.model.unpack, path.thetas), strict=True))
    size = np.abs(a).sum(axis=1).max()
    moved = max(np.abs(part - part[0]).sum(axis=1).max() for part in (a, b))
    could_be = max(moved, np.finfo(float).tiny)
    summed = ROUNDINGS * EPS * np.sqrt(1 + path.steps[-1]) * size / could_be
    # The gradient takes M = gamma Q^T dL/dB less its mean, and gamma Q S for Q - B, terms up to ||Q||^2.
    gradient = path.problem.identity_rounding * (1 + path.map_norm.max() ** 2)
    return equal(
        "column sums of A, their change over what A or B moves",
        np.abs(a.sum(axis=1) - a[0].sum(axis=0)).max(axis=1) / could_be,
        0.0,
        budget={"sums": summed, "gradient": gradient},
        where={"time": path.stored_times},
        trivial=path.stored_times == 0,
        resolution=RESOLUTION,
        advice="nothing moved: use another --seed or raise --horizon",
    )


def leaky(path: LinearPath) -> LinearPath:
    """The path as if J_k were ``diag(s_k) - 0.999 s_k s_k^T``."""
    model, objective = path.problem.model, path.problem.objective
    leaks = []
    for theta in path.thetas:
        state = model.at(theta)
        _, d_b = state.gradients(objective.excess_and_gradient(state.q)[1])
        mean = np.einsum("ij,ij->j", model.gamma * state.q @ state.stochastic, d_b)
        leaks.append(1e-3 * state.stochastic * mean)
    moved = -scipy.integrate.cumulative_trapezoid(leaks, path.stored_times, axis=0, initial=0.0)
    pairs = zip(path.thetas, moved, strict=True)
    spoiled = [model.pack(a + change, b) for theta, change in pairs for a, b in [model.unpack(theta)]]
    return replace(path, thetas=np.array(spoiled))
