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
from verify.flow.exponential import ExponentialPoint, integrate
from verify.losses import EPS
from verify.numerics.arrays import AnyArray, Placement, epsilon, host, norm
from verify.numerics.differentiation import directional_derivative
from verify.numerics.quadrature import graded_times
from verify.relu_deq.model import ACCURACY, ImplicitReLU, NoEquilibriumError, Parameters, State, unrolled
from verify.theorem.errors import HypothesisError

Array = NDArray[np.float64]

#: ||r||^2 is followed until rounding blurs it by this much, relatively.
RESIDUAL_RESOLUTION = 1e-2

#: Widths up to which spectral norms are computed at every checked time; beyond, Weyl's inequality
#: encloses them by the distance from the start, which a wide network hardly leaves.
EXACT_NORMS_UP_TO = 256

#: Products m^2 n up to which one BLAS thread is used. A second one saves at most a third there, and on
#: a machine with other work its waiting made a run ten times slower.
SINGLE_THREAD_UP_TO = 10**8

#: Largest parameters stored in a record, in bytes.
STORED_BYTES = 50 * 2**20

#: An unrolled network leaves ``q^k`` of its equilibrium after k sweeps, and k times that of its
#: derivative; it is unrolled until ``q^k`` is this, but no further than so many sweeps.
UNROLLED_TRUNCATION, UNROLLED_SWEEPS = 1e-11, 400

#: Length of the move by which the integrator's step is compared: short enough to stay well posed, long
#: enough for the digits of parameters of size 1.
MOVE = 1e-2

#: Error of the equilibria in units of the error that a step may make.
EQUILIBRIUM_SHARE = 1e-5

#: The loosest equilibria of a flow: H and its smallest eigenvalues are read from them.
LOOSEST_ACCURACY = 1e-9

#: Bisections of the logarithm of the largest descent step, from a factor 2: two parts in a hundred.
BISECTIONS = 5

#: Accuracy of the equilibria in the search of the largest step, where the residual doubles or halves.
SEARCH_ACCURACY = 1e-7


@dataclass(frozen=True)
class ReluProblem:
    """A network at its start, labels, and how to train it.

    `start` is of NumPy and float64; `placement` is where and how precisely the flow is computed.
    `limit` (n, n) is G^inf, `lambda_0` its smallest eigenvalue; `norms` are ``||A(0)||, ||W(0)||``;
    `horizon` is flow time; `step` is that of descent and `steps` how many of them are taken; `described`
    names the data for the record.
    """

    start: State
    targets: Array
    limit: Array
    lambda_0: float
    norms: tuple[float, float]
    horizon: float
    points: int
    tolerance: float
    step: float
    steps: int
    seed: int
    placement: Placement
    described: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def effective(self) -> Mapping[str, Any]:
        """The values that the run is made with."""
        return {
            "m": self.model.width,
            "n": self.samples,
            "d": len(self.model.inputs),
            "gamma": self.model.gamma,
            "c": self.norm_constant,
            "lambda_0": self.lambda_0,
            "T": self.horizon,
            "alpha": self.step,
            "precision": self.placement.dtype,
            **self.described,
        }

    @property
    def model(self) -> ImplicitReLU:
        return self.start.model

    @property
    def samples(self) -> int:
        return len(self.targets)

    @property
    def threads(self) -> int:
        """One BLAS thread for small networks; for large ones the products are worth all cores."""
        small = self.model.width**2 * self.samples <= SINGLE_THREAD_UP_TO
        return 1 if small else os.cpu_count() or 1

    @property
    def norm_constant(self) -> float:
        """c: the spectral norms of A(0) and W(0) are at most ``c sqrt(m)``."""
        return max(self.norms) / float(np.sqrt(self.model.width))

    @property
    def input_norm(self) -> float:
        """``||X||``, spectral."""
        return float(np.linalg.norm(self.model.inputs, 2))

    @property
    def initial_residual(self) -> float:
        """``||r(0)||``."""
        return float(np.linalg.norm(self.start.output - self.targets))


@dataclass(frozen=True)
class LeastSquares:
    """A network state with labels, as the integrator sees it.

    States that it moves to are as accurate as steps of the given `tolerance` can tell.
    """

    state: State
    targets: Array
    tolerance: float

    @property
    def residual(self) -> Array:
        return self.state.output - self.targets

    def kernel(self, other: LeastSquares) -> Array:
        return self.state.kernel_parts(other.state).sum(axis=0)

    def moved(self, *moves: tuple[LeastSquares, Array]) -> LeastSquares:
        state = self.state
        # An error eps ||Phi|| of Z is one of eps ||Phi|| ||u|| of the outputs.
        output = float(np.linalg.norm(state.phi)) * float(np.linalg.norm(state.theta.u))
        wanted = EQUILIBRIUM_SHARE * self.tolerance * float(np.linalg.norm(self.residual)) / output
        accuracy = min(max(wanted, ACCURACY), LOOSEST_ACCURACY)
        return replace(self, state=state.moved(*((at.state, c) for at, c in moves), accuracy=accuracy))


@dataclass(frozen=True)
class Probe:
    """Derivatives by complex step through the unrolled network at one time, against closed forms.

    `velocity` (n,) is d yhat/dt along ``-grad L``; `derivative` that along a random direction w of all
    parameters, `closed` the same by Lemma 2.3; `pairing` is ``<w, theta' - theta> / ||J^T c||`` for the
    move by ``J^T c`` that the integrator makes, `paired` what it must be, by the complex step; `parts`
    (4, n, n) and `residual` (n,) make -H r; `rounding` is the relative error of the derivatives.
    """

    time: float
    velocity: Array
    residual: Array
    parts: Array
    derivative: Array
    closed: Array
    pairing: float
    paired: float
    rounding: float

    def gap(self, parts: Array) -> float:
        """``||d yhat/dt + H r|| / ||d yhat/dt||`` for H the sum of `parts` (k, n, n)."""
        difference = self.velocity + parts.sum(axis=0) @ self.residual
        size = self._terms / self.cancellation
        return float(np.linalg.norm(difference)) / size if size > 0 else 0.0

    @property
    def cancellation(self) -> float:
        """``||H|| ||r|| / ||d yhat/dt||``: large where r is close to the null space of H; 1e6 at most."""
        speed = float(np.linalg.norm(self.velocity))
        return min(self._terms / speed, 1e6) if speed > 0 else 1e6

    @cached_property
    def _terms(self) -> float:
        return float(np.linalg.norm(self.parts.sum(axis=0), 2) * np.linalg.norm(self.residual))


def probe(state: State, targets: Array, contraction: float, time: float, rng: np.random.Generator) -> Probe:
    """Derivatives at `state`, of NumPy and float64, whose map contracts by `contraction`."""
    model, theta = state.model, state.theta
    residual = state.output - targets
    rate = np.log(max(contraction, 0.01))
    sweeps = min(
        UNROLLED_SWEEPS, int(np.ceil(np.log(UNROLLED_TRUNCATION) / rate)) + 4 if rate < 0 else UNROLLED_SWEEPS
    )
    truncation = sweeps * contraction ** (sweeps - 1)

    def outputs(a: Array, w: Array, u: Array, v: Array) -> NDArray[np.complex128]:
        return unrolled(model.inputs, model.gamma, a, w, u, v, sweeps)

    def along(change: Parameters) -> Array:
        here = (theta.a, theta.w, theta.u, theta.v)
        return directional_derivative(outputs, here, (change.a, change.w, change.u, change.v))

    direction = Parameters.random(model.width, len(model.inputs), rng)
    conditioning = 1 / max(1 - contraction, EPS)
    # Closed forms inherit the accuracy of Z and of P, and each is a sum of m terms or m^2.
    rounding = truncation + (10 * state.accuracy + 100 * EPS * np.sqrt(model.width)) * conditioning**2
    derivative = along(direction)
    weights = rng.standard_normal(len(residual))
    change = state.gradients(weights)
    scale = MOVE / np.sqrt(sum(norm(part) ** 2 for part in vars(change).values()))
    after = state.moved((state, scale * weights)).theta
    moves = zip(vars(after).values(), vars(theta).values(), vars(direction).values(), strict=True)
    return Probe(
        time,
        along(state.gradients(-residual)),
        residual,
        state.kernel_parts(state),
        derivative,
        state.directional(direction),
        sum(float(np.vdot(new - old, w)) for new, old, w in moves) / MOVE,
        float(scale / MOVE * (weights @ derivative)),
        rounding,
    )


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


def residual_rounding(problem: ReluProblem, point: LeastSquares) -> float:
    """Relative error of ``||r||^2``, through that of the equilibria and of the float64 sums of m terms."""
    state, size = point.state, float(np.linalg.norm(point.residual))
    slack = max(1 - problem.model.coupling * problem.norms[0], 0.01)
    of_output = norm(state.theta.u) * (
        state.accuracy * norm(state.phi) / slack + 4 * EPS * np.sqrt(state.model.width) * norm(state.z)
    )
    return 2 * of_output / size if size > 0 else np.inf


class _Observer:
    """Turns points of the flow into the columns of a `ReluTrajectory`."""

    def __init__(self, problem: ReluProblem, start: State, probed: Set[int]) -> None:
        self._problem = problem
        self._start = start
        self._probed = probed
        self._rng = np.random.default_rng(problem.seed)
        self._rows: list[dict[str, object]] = []
        self._probes: list[Probe] = []
        self._last: ExponentialPoint[LeastSquares] | None = None
        self._sweeps = 0

    def __call__(self, point: ExponentialPoint[LeastSquares]) -> None:
        problem, state = self._problem, point.at.state
        width, n = problem.model.width, problem.samples
        parts = state.kernel_parts(state)
        distances = state.theta.distances(self._start.theta)
        norms, errors = self._spectral_norms(state, distances)
        contraction = problem.model.coupling * norms[0]
        trace = float(np.trace(parts.sum(axis=0)))
        slack = max(1 - contraction, 0.01)
        minima = [float(np.linalg.eigvalsh(part)[0]) for part in parts]
        # Singular values of Phi move by no more than the rounding of W X.
        feature_error = 4 * epsilon(state.phi) * norm(state.phi)
        self._rows.append(
            {
                "times": point.time,
                "residuals": point.at.residual,
                "log_energy": point.log_energy,
                "lowest": point.lowest,
                "defect": point.defect,
                "promised": point.promised,
                "steps": point.steps,
                "kernel_spectrum": point.eigenvalues,
                "part_minima": minima,
                # Weyl: an eigenvalue moves by the norm of the change; a Gram matrix changes by twice
                # the relative error of its factors, of which H has products of two.
                "kernel_error": (4 * state.accuracy / slack + n * EPS) * trace,
                "gram_error": 4 * (n + np.sqrt(width)) * EPS * float(np.trace(parts[3]))
                + 2 * feature_error * np.sqrt(max(minima[3], 0.0))
                + feature_error**2,
                "norms": [*norms, norm(state.theta.u), norm(state.theta.v)],
                "norm_errors": errors,
                "distances": distances,
                "growth": _largest_ratio(state.z, state.phi),
                "rounding": residual_rounding(problem, point.at),
            }
        )
        if len(self._rows) - 1 in self._probed:
            self._probe(point)
        self._sweeps += state.sweeps + state.adjoint_sweeps
        self._last = point

    def __len__(self) -> int:
        return len(self._rows)

    def _probe(self, point: ExponentialPoint[LeastSquares]) -> None:
        norms = self._rows[-1]["norms"]
        contraction = self._problem.model.coupling * norms[0]  # type: ignore[index]
        self._probes.append(
            probe(point.at.state.on_host(), self._problem.targets, contraction, point.time, self._rng)
        )

    def _spectral_norms(
        self, state: State, distances: tuple[float, float, float, float]
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        if state.model.width <= EXACT_NORMS_UP_TO:
            norms = (
                float(np.linalg.norm(host(state.theta.a), 2)),
                float(np.linalg.norm(host(state.theta.w), 2)),
            )
            return norms, (norms[0] * state.model.width * EPS, norms[1] * state.model.width * EPS)
        # A and W are rounded entry by entry, which moves their spectral norm by no more than so much.
        rounding = epsilon(state.theta.a) * np.sqrt(state.model.width)
        a, w = self._problem.norms
        return (a, w), (distances[0] + rounding * a, distances[1] + rounding * w)

    def trajectory(self, fastest: float, lost: str) -> ReluTrajectory:
        assert self._last is not None
        if self._probes and self._probes[-1].time < self._last.time:
            self._probe(self._last)
        columns = {name: np.array([row[name] for row in self._rows]) for name in self._rows[0]}
        return ReluTrajectory(
            self._problem,
            self._last.at.state,
            fastest,
            self._last.evaluations,
            self._sweeps,
            self._probes,
            lost,
            **columns,
        )


def _largest_ratio(z: AnyArray, phi: AnyArray) -> float:
    """Largest ``||z_i|| / ||phi_i||`` over the samples whose features are not zero."""
    of_z, of_phi = (np.sqrt(host((array * array).sum(axis=0))) for array in (z, phi))
    return float(np.max(of_z[of_phi > 0] / of_phi[of_phi > 0], initial=0.0))


@dataclass(frozen=True)
class Descent:
    """Gradient descent with a fixed step: residual norms (k,), ``lambda_min(G)`` (k,) and distances (k, 4)
    of A, W, u, v from their start; k is steps + 1, fewer where it diverged or broke."""

    problem: ReluProblem
    step: float
    residuals: Array
    gram_minimum: Array
    distances: Array

    @property
    def log_change(self) -> Array:
        """``log ||r(k)||^2 / ||r(0)||^2``."""
        return 2 * np.log(self.residuals / self.residuals[0])


def descend(problem: ReluProblem, step: float, steps: int, *, observe: bool = True) -> Descent:
    """`steps` steps of size `step` from the start; it stops early once the residual has grown tenfold."""
    # In float64 at any rate: a step of the theorem's size moves less than single precision holds.
    start = problem.start.placed(replace(problem.placement, dtype="float64"))
    before = point = LeastSquares(start, problem.targets, problem.tolerance)
    rows: list[tuple[float, ...]] = []
    for taken in range(steps + 1):
        state, size = point.state, float(np.linalg.norm(point.residual))
        distances = state.theta.distances(start.theta) if observe else (0.0,) * 4
        gram = float(np.linalg.eigvalsh(state.gram)[0]) if observe else 0.0
        rows.append((size, gram, *distances))
        if taken == steps or not size <= 10 * rows[0][0]:
            break
        guess = state.extrapolated(before.state)
        try:
            moved = state.moved((state, -step * point.residual), guess=guess)
        except NoEquilibriumError:
            rows.append((np.inf, *rows[-1][1:]))
            break
        before, point = point, replace(point, state=moved)
    table = np.array(rows)
    return Descent(problem, step, table[:, 0], table[:, 1], table[:, 2:])


def keeps_rate(problem: ReluProblem, step: float, steps: int) -> bool:
    """Whether ``||r(k)||^2 <= (1 - step lambda_0 / 2)^k ||r(0)||^2`` for every k up to `steps`."""
    decay = step * problem.lambda_0 / 2
    if decay >= 1:
        return False
    change = descend(problem, step, steps, observe=False).log_change
    return bool(np.all(change <= np.arange(len(change)) * np.log1p(-decay)))


def largest_step(problem: ReluProblem, steps: int, scale: float) -> tuple[float, float]:
    """Steps between which the descent claim stops holding, by bisection from around `scale`.

    The first keeps the rate for `steps` steps, the second does not; the first is 0 when no step down
    to ``scale / 2^20`` keeps it.
    """
    problem = replace(problem, start=replace(problem.start, accuracy=SEARCH_ACCURACY))
    low = high = scale
    if keeps_rate(problem, scale, steps):
        while keeps_rate(problem, high := 2 * high, steps):
            low = high
    else:
        while not keeps_rate(problem, low := low / 2, steps):
            high = low
            if low < scale / 2**20:
                return 0.0, low
    for _ in range(BISECTIONS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if keeps_rate(problem, middle, steps) else (low, middle)
    return low, high
