"""The path of the gradient flow of the implicit ReLU network, observed at every checked time.

Observed are residuals, the spectrum of H and of its summands, how far the parameters went, and derivatives by
complex step.

The flow is not smooth: it slides along kinks of its units (`verify.relu_deq.slides`), and there H is ``J P
J^T``, with the normals of these kinks projected out. With it ``dyhat/dt = -H r`` holds on slides, too. How
far the computed path is from the flow is told by a second one, followed with a tolerance `COARSER` times as
large.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from verify.flow import FlowError
from verify.flow.adaptive import integrate
from verify.numerics.arrays import epsilon, host, norm
from verify.numerics.quadrature import graded_times
from verify.numerics.spectral_norm import spectral_norm
from verify.relu_deq.model import NoEquilibriumError, ReluState
from verify.relu_deq.observer import Observer
from verify.relu_deq.probe import Probe
from verify.relu_deq.problem import LOOSEST_ACCURACY, LeastSquares, ReluProblem, residual_rounding
from verify.theorem.errors import HypothesisError

Array = NDArray[np.float64]

#: The flow is followed until this is the relative rounding error of ||r||^2.
RESIDUAL_RESOLUTION = 1e-2

#: The tolerance of the path that tells the error, over that of the path itself, and the error over the
#: distance of the two. The steps of the first are 1.6 times as long (the error of a step goes with its third
#: power): where the error goes with the step, as at kinks, the distance is 0.6 errors of the second, and 1.5
#: where with its square.
COARSER, ERROR_OVER_DISTANCE = 4.0, 2.0

#: What ends a path early.
LOST = (NoEquilibriumError, FlowError)

#: Share of the work that the coarser path takes.
COARSE_SHARE = 0.35

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
    well_posed       whether that is not because the equilibrium, or what guarantees it, was lost
    times            (k,), flow time
    residuals        (k, n), r = yhat - y
    log_energy       (k,), and so lowest and steps: see `ExponentialPoint`
    log_error        (k,), error of ``log ||r||^2``: what steps estimate, and the distance of a coarser path
    energy_error     (k,), error of log_energy, likewise
    lowest_error     (k,), error of lowest, likewise
    held             (k,), kinks that the path slides along
    sides            (k, 3), how far H from one side of them is from that from the other: see `sides_apart`
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
    imbalance        (k, 4), norms over the units j, whose parameters went lengths l_j: of the change of
                     `Units.balance`; of ``2 |theta_j| l_j``, what it could be; of ``2 l_j^2``; of what
                     rounding adds in a step

    For a network without v, norms and distances have three columns.
    """

    problem: ReluProblem
    last: ReluState
    fastest: float
    evaluations: int
    sweeps: int
    probes: Sequence[Probe]
    lost: str
    well_posed: bool
    times: Array
    residuals: Array
    log_energy: Array
    lowest: Array
    steps: Array
    held: Array
    sides: Array
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
    imbalance: Array
    log_error: Array
    energy_error: Array
    lowest_error: Array

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
        """``int_0^t lambda_min(H)`` (k,), and its error."""
        return self.lowest, self.lowest_error + self.kernel_error.max() * self.times

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
            "log_error": self.log_error,
            "energy_error": self.energy_error,
            "held": self.held,
            "sides": self.sides,
            "integrated_lambda_min": self.lowest,
            "kernel_error": self.kernel_error,
            "gram_error": self.gram_error,
            "norm_errors": self.norm_errors,
            "growth": self.growth,
            "rounding": self.rounding,
            "imbalance": self.imbalance,
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
                f"log ||r||^2 fell by {self.log_decay[-1]:.4g}, known to {self.log_error[-1]:.2g}; the path "
                f"slides along up to {int(self.held.max())} kinks at a time"
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
    `progress` is told the share of them that is done. Where a contraction is lost (`require_contraction`) the
    path ends and says why. If `ended` gives a reason, the path is its start alone.
    """
    start = LeastSquares(problem.start.placed(problem.placement), problem.targets, problem.tolerance)
    fastest = 1 / float(np.linalg.eigvalsh(start.kernel(start))[-1])
    times = graded_times(problem.horizon, min(fastest, problem.horizon), problem.points)
    observe = Observer(
        problem, start.state, {0, problem.points // 2, problem.points - 1} if probed else set()
    )

    def ends(point: LeastSquares) -> bool:
        require_contraction(problem, start.state, point.state)
        return residual_rounding(problem, point) >= RESIDUAL_RESOLUTION

    coarse: list[tuple[float, ...]] = []
    cause: Exception | None = None
    try:
        tolerance = COARSER * problem.tolerance
        rough = integrate(replace(start, tolerance=tolerance), times, tolerance, ends)
        for k, point in enumerate(islice(rough, 1 if ended else None)):
            size = float(np.linalg.norm(point.at.residual))
            coarse.append((point.time, 2 * float(np.log(size)), point.log_energy, point.lowest))
            progress(COARSE_SHARE * (k + 1) / problem.points)
    except LOST as broken:
        cause = broken
    # Where the coarser path met the floor of rounding, or was lost, the path ends, too.
    reached = np.array([time for time, *_ in coarse])
    try:
        flow = integrate(start, reached if len(reached) > 1 else times, problem.tolerance, ends)
        for time, point in zip(reached, flow, strict=False):
            if point.time != time:  # it met the floor first, at a time of which the other one tells nothing
                break
            observe(point)
            progress(COARSE_SHARE + (1 - COARSE_SHARE) * len(observe) / problem.points)
    except LOST as broken:
        cause = broken
    lost = str(cause) if cause else ended
    if cause and len(observe) < 2:
        raise HypothesisError(
            f"the flow ends before its first checked time, {times[1]:.3g} ({lost}): raise --width, or "
            f"give labels smaller than {np.abs(problem.targets).max():.2g}"
        ) from cause
    seen = observe.finish()
    columns = dict(seen.columns)
    sizes = 2 * np.log(np.linalg.norm(columns["residuals"], axis=1))
    fine = np.stack([sizes, columns["log_energy"], columns["lowest"]], axis=1)
    apart = np.maximum.accumulate(np.abs(np.array(coarse)[: len(fine), 1:] - fine), axis=0)
    for name, distance in zip(("log_error", "energy_error", "lowest_error"), apart.T, strict=True):
        columns[name] = columns[name] + ERROR_OVER_DISTANCE * distance
    return ReluPath(
        problem,
        seen.last.at.state,
        fastest,
        seen.last.evaluations,
        seen.sweeps,
        seen.probes,
        lost,
        not isinstance(cause, NoEquilibriumError),
        **columns,
    )


def require_contraction(problem: ReluProblem, start: ReluState, state: ReluState) -> None:
    """Raise NoEquilibriumError where ``gamma~ ||A||`` has reached 1, from below.

    Beyond, nothing promises an equilibrium, or that the iterations to it come to an end.
    """
    coupling, at_start = problem.model.coupling, problem.norms[0]
    moved = norm(state.theta.a - start.theta.a)
    if not coupling * at_start < 1 <= coupling * (at_start + moved):
        return
    if coupling * spectral_norm(state.theta.a, np.ones(problem.model.width))[0] >= 1:
        raise NoEquilibriumError("gamma~ ||A(t)|| reaches 1")
