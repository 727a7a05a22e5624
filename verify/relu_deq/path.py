"""The path of the gradient flow of the implicit ReLU network, observed at every checked time.

Observed are residuals, the spectrum of H and of its summands, how far the parameters went, and derivatives by
complex step.

The flow is not smooth, and not only at isolated times: a unit whose two one-sided gradients both push it
towards its kink stays there, and the flow slides along the kink (Filippov). There the H of either side
overstates the decay, and no smaller step mends that: the energy identity keeps a defect of about 1% of log
||r||^2. The defect is measured, step by step, and is part of every budget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from verify.flow import FlowError
from verify.flow.exponential import integrate
from verify.numerics.arrays import epsilon, host
from verify.numerics.quadrature import graded_times
from verify.relu_deq.model import NoEquilibriumError, ReluState
from verify.relu_deq.observer import Observer
from verify.relu_deq.probe import Probe
from verify.relu_deq.problem import LOOSEST_ACCURACY, LeastSquares, ReluProblem, residual_rounding
from verify.theorem.errors import HypothesisError

Array = NDArray[np.float64]

#: The flow is followed until this is the relative rounding error of ||r||^2.
RESIDUAL_RESOLUTION = 1e-2

#: Largest parameters stored in a record, in bytes.
STORED_BYTES = 50 * 2**20


@dataclass(frozen=True)
class ReluPath:
    """The flow and what was observed of it at the checked times, k of them.

    problem          what was followed
    last             the network at the last checked time
    fastest          the fastest time scale of the flow, 1 / lambda_max(H(0))
    evaluations      of the network, by the integrator
    sweeps           products with A and A^T at the checked times, for equilibria and adjoints
    probes           derivatives by complex step at a few times
    lost             why the path ended early, or ""
    times            (k,), flow time
    residuals        (k, n), r = yhat - y
    log_energy       (k,), and so lowest, defect, promised, steps: see `ExponentialPoint`
    kernel_spectrum  (k, n), eigenvalues of H, increasing
    part_minima      (k, blocks), smallest eigenvalue of each summand of H, one for each trained block
    gram_minimum     (k,), smallest eigenvalue of ``G = Phi^T Phi``
    kernel_error     (k,), error of the eigenvalues of H and of its summands
    gram_error       (k,), error of gram_minimum
    norms            (k, 4), spectral norms of A and W, norms of u and v
    norm_errors      (k, 2), errors of the norms of A and W
    distances        (k, 4), Frobenius distances of A, W, u and v from their start
    growth           (k,), largest ``||z_i|| / ||phi_i||`` over the samples
    rounding         (k,), rounding error of ``log ||r||^2``

    For a network without v, norms and distances have three columns.
    """

    problem: ReluProblem
    last: ReluState
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
    gram_minimum: Array
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
    def accuracy(self) -> float:
        """The accuracy of the equilibria, where it is lowest."""
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
        """``int_0^t lambda_min(H)`` (k,), never too large for the H of the steps, and its rounding error."""
        return self.lowest, self.kernel_error.max() * self.times

    @property
    def arrays(self) -> Mapping[str, Array]:
        """What `trajectory.npz` holds; parameters at the ends of the path unless they are too large."""
        problem = self.problem
        arrays = {
            "inputs": problem.model.inputs,
            "targets": problem.targets,
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
            "gram_minimum": self.gram_minimum,
            "norms": self.norms,
            "distances": self.distances,
        }
        if problem.start.theta.a.nbytes <= STORED_BYTES:
            for name, theta in (("first", problem.start.theta), ("last", self.last.theta)):
                arrays |= {f"{name}_{key}": host(value) for key, value in theta.parts.items()}
        return arrays

    @property
    def rates(self) -> Mapping[str, float]:
        """Mean rates of ``log ||r||^2`` in flow time, measured and as lambda_min(H) guarantees them."""
        if len(self.times) < 2:
            return {}
        end = float(self.times[-1])
        measured = float(self.log_decay[-1]) / end
        guaranteed = 2 * float(self.integrated_lambda[0][-1]) / end
        return {
            "measured": measured,
            "guaranteed": guaranteed,
            "tightness": measured / guaranteed,
            "by min lambda_min(H)": 2 * float(self.kernel_spectrum[:, 0].min()),
            "horizon": self.problem.horizon,
            "checked until": end,
        }

    @property
    def counts(self) -> Mapping[str, int]:
        """Work done."""
        return {
            "network_evaluations": self.evaluations,
            "integrator_steps": int(self.steps[-1]),
            "checked_sweeps": self.sweeps,
        }

    @property
    def notes(self) -> Sequence[str]:
        """How well the path is known, and where it ends early."""
        notes = []
        if len(self.times) > 1:
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


def relu_path(
    problem: ReluProblem, progress: Callable[[float], None], *, probed: bool = True, ended: str = ""
) -> ReluPath:
    """The path of the gradient flow of `problem`, observed at its checked times.

    With `probed`, derivatives are taken by complex step at the first, a middle and the last of them.
    `progress` is told the share of them that is done. Where the equilibrium is lost the path ends and says
    why. If `ended` gives a reason, the path is its start alone.
    """
    start = LeastSquares(problem.start.placed(problem.placement), problem.targets, problem.tolerance)
    fastest = 1 / float(np.linalg.eigvalsh(start.kernel(start))[-1])
    times = graded_times(problem.horizon, min(fastest, problem.horizon), problem.points)
    observe = Observer(
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
    seen = observe.finish()
    return ReluPath(
        problem,
        seen.last.at.state,
        fastest,
        seen.last.evaluations,
        seen.sweeps,
        seen.probes,
        lost,
        **seen.columns,
    )
