"""The ReLU network's gradient flow, which slides along kinks."""

from __future__ import annotations

import numpy as np

from benchmarks.cases.relu import network
from benchmarks.peers import peer
from benchmarks.peers.flows import torchdiffeq_relu
from benchmarks.races import Entrant, Integrator, Race
from verify.flow.adaptive import integrate
from verify.relu_deq.model import ACCURACY
from verify.relu_deq.problem import LeastSquares

#: Tolerance of the reference, a tenth of the tightest of the race.
TIGHT = 1e-5


def race(quick: bool) -> Race:
    """Ours against torchdiffeq's dopri5 on all parameters, the same equilibria and gradients."""
    m, n, horizon = (40, 4, 2.0) if quick else (300, 50, 20.0)
    state, targets = network(m, n, n, accuracy=ACCURACY)
    start = LeastSquares(state, targets, TIGHT)

    def log_loss(tolerance: float) -> tuple[float, int]:
        *_, last = integrate(start, [0.0, horizon], tolerance, lambda _: False)
        return 2 * float(np.log(np.linalg.norm(last.at.residual))), last.evaluations

    reference, _ = log_loss(TIGHT)
    fall = 2 * float(np.log(np.linalg.norm(start.residual))) - reference

    def ours(tolerance: float) -> tuple[float, int]:
        found, evaluations = log_loss(tolerance)
        return abs(found - reference), evaluations

    def dopri5() -> Integrator:
        def run(rtol: float) -> tuple[float, int]:
            theta, evaluations = torchdiffeq_relu(state, targets, horizon, rtol)
            residual = state.model.at(theta).output - targets
            return abs(2 * float(np.log(np.linalg.norm(residual))) - reference), evaluations

        return run

    title = (
        f"ReLU flow: m = {m}, n = d = {n}, T = {horizon:g}, log ||r||^2 falls by {fall:.3g}; "
        "error of log ||r(T)||^2"
    )
    entrants = {
        "exponential steps (ours)": Entrant(ours, (1e-2, 1e-3, 1e-4)),
        "torchdiffeq dopri5": Entrant(peer("torchdiffeq", dopri5), (1e-3,) if quick else (1e-3, 1e-5)),
    }
    return Race("relu-flow", title, (1e-1, 1e-2, 1e-3), entrants)
