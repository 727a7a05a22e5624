"""Training of the implicit ReLU network, observed at every checked time.

The observations are what the theorems of Gao et al. (ICLR 2022) speak of: residuals, the spectrum of
H and of its parts, how far the parameters went, and derivatives taken by complex step.

The flow is not smooth, and not only at isolated times: a unit whose two one-sided gradients both push
it towards its kink stays there, and the flow slides along the kink (Filippov). There H of either side
overstates the decay, and no step size mends that: the energy identity keeps a defect of about 1% of
log ||r||^2. The defect is measured, step by step, and is part of every budget.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.flow import FlowError
from verify.flow.exponential import integrate
from verify.losses import EPS
from verify.numerics.arrays import AnyArray, Placement, epsilon, host, norm
from verify.numerics.differentiation import directional_derivative
from verify.numerics.quadrature import graded_times
from verify.relu_deq.model import ACCURACY, ImplicitReLU, NoEquilibriumError, Parameters, State, unrolled
from verify.theorem.errors import HypothesisError

#: ||r||^2 is followed until rounding blurs it by this much, relatively.
RESIDUAL_RESOLUTION = 1e-2

#: Largest parameters stored in a record, in bytes.
STORED_BYTES = 50 * 2**20


@dataclass(frozen=True)
class ReluTrajectory:
    """Observations at the checked times, k of them.

    residuals (k, n); log_energy, lowest, defect, promised, steps: see `ExponentialPoint`; kernel_spectrum
    (k, n): eigenvalues of H, increasing; part_minima (k, 4): smallest eigenvalues of its parts from A,
    W, u, v, the last of which is G; kernel_error, gram_error: errors of these; norms (k, 4): spectral
    norms of A and W, norms of u and v; norm_errors (k, 2): of the first two; distances (k, 4): of A,
    W, u, v from their start, Frobenius; growth (k,): largest ``||z_i|| / ||phi_i||``; rounding (k,):
    of ``log ||r||^2``; probes: derivatives at a few times; lost: why the path ended early, or "".
    """

    problem: ReluProblem
    last: State
    fastest: float
    evaluations: int
    sweeps: int
    probes: Sequence[Probe]
    lost: str
    times: Array
    residuals: Array
    log_energy: Array
    lowest: Array
    defect: Array
    promised: Array
    steps: Array
    kernel_spectrum: Array
    part_minima: Array
    kernel_error: Array
    gram_error: Array
    norms: Array
    norm_errors: Array
    distances: Array
    growth: Array
    rounding: Array

    @property
    def log_decay(self) -> Array:
        """``log ||r(0)||^2 / ||r(t)||^2`` (k,)."""
        sizes = np.linalg.norm(self.residuals, axis=1)
        return 2 * np.log(sizes[0] / sizes)

    @property
    def gram_minimum(self) -> Array:
        """``lambda_min(G(t))`` (k,)."""
        return self.part_minima[:, 3]

    @property
    def accuracy(self) -> float:
        """That of the equilibria, where it is loosest."""
        return max(LOOSEST_ACCURACY, self.last.model.accuracy)

    @property
    def precision(self) -> float:
        """Rounding unit of the parameters."""
        return epsilon(self.last.theta.a)

    @property
    def contraction(self) -> Array:
        """``gamma~ ||A(t)||`` (k,)."""
        return self.problem.model.coupling * self.norms[:, 0]

    @property
    def integrated_lambda(self) -> tuple[Array, Array]:
        """``int_0^t lambda_min(H)`` (k,), never too large for the H of the steps, and what rounding adds."""
        return self.lowest, self.kernel_error.max() * self.times

    @property
    def arrays(self) -> Mapping[str, Array]:
        """What `trajectory.npz` holds; parameters at the ends of the path unless they are too large."""
        problem = self.problem
        arrays = {
            "inputs": problem.model.inputs,
            "targets": problem.targets,
            "gamma": np.asarray(problem.model.gamma),
            "limit_kernel": problem.limit,
            "times": self.times,
            "residuals": self.residuals,
            "loss": 0.5 * np.sum(self.residuals**2, axis=1),
            "log_energy": self.log_energy,
            "defect": self.defect,
            "promised": self.promised,
            "integrated_lambda_min": self.lowest,
            "kernel_error": self.kernel_error,
            "gram_error": self.gram_error,
            "norm_errors": self.norm_errors,
            "growth": self.growth,
            "rounding": self.rounding,
            "kernel_spectrum": self.kernel_spectrum,
            "part_minima": self.part_minima,
            "norms": self.norms,
            "distances": self.distances,
        }
        if problem.start.theta.a.nbytes <= STORED_BYTES:
            for name, theta in (("first", problem.start.theta), ("last", self.last.theta)):
                arrays |= {f"{name}_{key}": host(value) for key, value in vars(theta).items()}
        return arrays

    @property
    def rates(self) -> Mapping[str, float]:
        """Mean rates of ``log ||r||^2`` in flow time, each link of the chain from measured to printed."""
        if len(self.times) < 2:
            return {}
        problem, end = self.problem, float(self.times[-1])
        measured = float(self.log_decay[-1]) / end
        guaranteed = 2 * float(self.integrated_lambda[0][-1]) / end
        gram, lowest = float(self.gram_minimum.min()), float(self.kernel_spectrum[:, 0].min())
        return {
            "measured": measured,
            "guaranteed": guaranteed,
            "tightness": measured / guaranteed,
            "by min lambda_min(H)": 2 * lowest,
            "by min lambda_min(G)": 2 * gram,
            "printed, lambda_0": problem.lambda_0,
            "measured / printed": measured / problem.lambda_0,
            "lambda_0": problem.lambda_0,
            "c": problem.norm_constant,
            "gamma": problem.model.gamma,
            "horizon": problem.horizon,
            "checked until": end,
        }

    @property
    def counts(self) -> Mapping[str, int]:
        return {
            "network_evaluations": self.evaluations,
            "integrator_steps": int(self.steps[-1]),
            "checked_sweeps": self.sweeps,
        }

    @property
    def first_failure(self) -> str:
        """What of the theorem's premises and of its hold on G fails first, or ""."""
        relative = self.gram_minimum / self.problem.lambda_0
        low = np.flatnonzero(relative < 0.5)
        if relative[0] < 0.75:
            return f"first to fail: lambda_min(G(0)) = {relative[0]:.3g} lambda_0 < 3/4 lambda_0, at time 0"
        if len(low):
            return f"first to fail: lambda_min(G(t)) < lambda_0/2, at time {self.times[low[0]]:.4g}"
        return ""

    @property
    def notes(self) -> Sequence[str]:
        notes = [*self.problem.notes, *([self.first_failure] if self.first_failure else [])]
        rates = self.rates
        if rates:
            notes.append(
                f"rates of log ||r||^2, from measured to printed: {rates['measured']:.4g} measured, "
                f"{rates['guaranteed']:.4g} = mean of 2 lambda_min(H), {rates['by min lambda_min(H)']:.4g} = "
                f"2 min lambda_min(H), {rates['by min lambda_min(G)']:.4g} = 2 min lambda_min(G), "
                f"{rates['lambda_0']:.4g} = lambda_0: the printed rate is {rates['measured / printed']:.3g} "
                "times too slow"
            )
            notes.append(
                f"log ||r||^2 fell by {self.log_decay[-1]:.4g}; the energy identity is {self.defect[-1]:.2g} "
                "off, from step errors and from units that slide along their kinks, where no step size helps"
            )
        if self.lost:
            notes.append(f"nothing is checked after time {self.times[-1]:.4g}: {self.lost}")
        elif len(self.times) < self.problem.points:
            notes.append(
                f"at time {self.times[-1]:.4g} the residual met the floor that rounding sets; nothing is "
                f"checked from there to the horizon {self.problem.horizon:.4g}"
            )
        return notes


def train(
    problem: ReluProblem, progress: Callable[[float], None], *, probed: bool = True, ended: str = ""
) -> ReluTrajectory:
    """Follow the gradient flow of `problem` and observe it at its checked times.

    With `probed`, derivatives are taken by complex step at the first, a middle and the last of them.
    `progress` is told the share of them that is done. The path ends where the equilibrium is lost, and
    says so; with a reason in `ended` it is not followed beyond its start.
    """
    start = LeastSquares(problem.start.placed(problem.placement), problem.targets, problem.tolerance)
    fastest = 1 / float(np.linalg.eigvalsh(start.kernel(start))[-1])
    times = graded_times(problem.horizon, min(fastest, problem.horizon), problem.points)
    observe = _Observer(
        problem, start.state, {0, problem.points // 2, problem.points - 1} if probed else set()
    )
    lost = ended

    def blurred(point: LeastSquares) -> bool:
        return residual_rounding(problem, point) >= RESIDUAL_RESOLUTION

    try:
        flow = integrate(start, times, problem.tolerance, blurred)
        for point in islice(flow, 1 if ended else None):
            observe(point)
            progress(len(observe) / problem.points)
    except (NoEquilibriumError, FlowError) as broken:
        lost = str(broken)
        if len(observe) < 2:
            raise HypothesisError(
                f"the flow ends before its first checked time, {times[1]:.3g} ({lost}): raise --width, or "
                f"give labels smaller than {np.abs(problem.targets).max():.2g}"
            ) from broken
    return observe.trajectory(fastest, lost)
