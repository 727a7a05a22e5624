"""Exponential Runge-Kutta of order 2 for least squares, in function space.

Gradient flow of ``1/2 ||r(theta)||^2`` is ``d theta/dt = -J^T r``. Its stiff part is the Gauss-Newton
matrix ``-J^T J``, which acts in the n dimensions of r through ``H = J J^T = V Lambda V^T``. A step of
size h from theta is

    stage        theta_a = theta - J^T c,   c = V h phi_1(-h Lambda) V^T r
    correction   w = J^T (r - H c) - J_a^T r_a
                 theta_1 = theta_a + (h/2) w + h J^T V g(Lambda) V^T J w,   g(s) = -h phi_3(-h s),

exact where J is constant, so that a wide network takes huge steps; a right-hand side that jumps, as
that of a ReLU network does, costs accuracy in proportion to the jump and no more. All parameters move
by combinations ``J^T c``, hence an integrator needs only residuals and kernels ``J J_other^T``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from verify.flow import Array, FlowError

#: Growth and fall of the step between two attempts, and the safety factor on it.
LARGEST_GROWTH, LARGEST_FALL, SAFETY = 4.0, 0.1, 0.9

#: The stage is of first order, so its distance to the result falls with the square of the step.
STEP_EXPONENT = 0.5

#: Gauss points of the energy integral over a step, in the logarithm of time over the fastest scale.
#: An integrand that decays from scale to scale is smooth there: 32 points leave about 1e-10 of it.
ENERGY_NODES = 32

#: Error of log ||r||^2 over the estimate of the step error: 2 for the logarithm of a square, and twice that
#: because a kink in the second half of a step shows only half its effect in the stage.
LOG_STEP_ERROR = 4

#: Steps after which the integrator is taken to be stuck.
MAXIMUM_STEPS = 20_000

#: Below this |z| the phi functions are summed as series: their closed forms cancel.
SERIES_BELOW = 1.0


class Linearisation(Protocol):
    """A least-squares problem at one parameter point, with J = dr/d theta."""

    @property
    def residual(self) -> Array:
        """r (n,)."""

    def kernel(self, other: Self) -> Array:
        """``J J_other^T`` (n, n)."""

    def moved(self, *moves: tuple[Self, Array]) -> Self:
        """The problem at ``theta + sum_k J_k^T c_k`` for moves (point k, c_k (n,))."""


P = TypeVar("P", bound=Linearisation)


def phi(order: int, z: Array) -> Array:
    """``phi_k(z) = sum_j z^j / (j + k)!`` for z <= 0 and order k in 1, 2, 3."""
    series = np.zeros_like(z)
    for j in reversed(range(20)):
        series = series * z + 1 / factorial(j + order)
    far = np.where(np.abs(z) < SERIES_BELOW, -1.0, z)
    closed = np.expm1(far)
    for j in range(1, order):
        closed = closed - far**j / factorial(j)
    return np.where(np.abs(z) < SERIES_BELOW, series, closed / far**order)


@dataclass(frozen=True)
class Spectrum:
    """A point with its kernel and the eigendecomposition of it.

    kernel   H, (n, n)
    values   eigenvalues of H, (n,), increasing
    vectors  eigenvectors of H, (n, n)
    """

    kernel: Array
    values: Array
    vectors: Array

    @classmethod
    def of(cls, point: Linearisation) -> Spectrum:
        kernel = point.kernel(point)
        values, vectors = np.linalg.eigh(kernel)
        return cls(kernel, values, vectors)

    def function(self, of_values: Array, vector: Array) -> Array:
        """``V diag(of_values) V^T vector``."""
        return self.vectors @ (of_values * (self.vectors.T @ vector))


def step(point: P, spectrum: Spectrum, size: float) -> tuple[P, float]:
    """The point one step of `size` later, and the estimate ``||r_1 - r_a|| / ||r_1||`` of its error."""
    r, z = point.residual, -size * spectrum.values
    c = spectrum.function(size * phi(1, z), r)
    stage = point.moved((point, -c))
    left = r - spectrum.kernel @ c
    image = spectrum.kernel @ left - point.kernel(stage) @ stage.residual
    e = spectrum.function(-size * phi(3, z), image)
    after = point.moved((point, 0.5 * size * left - c + size * e), (stage, -0.5 * size * stage.residual))
    norm = float(np.linalg.norm(after.residual))
    apart = float(np.linalg.norm(after.residual - stage.residual))
    return after, apart / norm if norm > 0 else 0.0


def log_energy(before: Array, spectrum: Spectrum, after: Array, kernel_after: Array, size: float) -> float:
    """``int 2 r^T H r / ||r||^2`` over a step, along an interpolant of r between its ends.

    The interpolant is ``exp(-s H) r_0`` plus a term linear in s that makes it meet r_1; H is linear between
    its two ends. Along exact flow the integral is ``log ||r_0||^2 / ||r_1||^2``. Here the two differ by the
    integrated defect ``2 r^T (dr/ds + H r) / ||r||^2`` of the step.
    """
    x, weight = np.polynomial.legendre.leggauss(ENERGY_NODES)
    fastest = 1 / max(float(spectrum.values[-1]), 1 / size)
    span = np.log1p(size / fastest)
    s = fastest * np.expm1(span * (x + 1) / 2)
    weight = weight * (span / 2) * (s + fastest)
    v = spectrum.vectors
    start = v.T @ before
    decayed = np.exp(-np.outer(spectrum.values, s)) * start[:, None]
    rest = v.T @ after - np.exp(-size * spectrum.values) * start
    path = decayed + rest[:, None] * (s / size)
    change = v.T @ (kernel_after - spectrum.kernel) @ v
    form = spectrum.values @ path**2 + np.einsum("ik,ik->k", path, change @ path) * (s / size)
    return float(weight @ (2 * form / np.sum(path**2, axis=0)))


@dataclass(frozen=True)
class ExponentialPoint(Generic[P]):
    """The flow at one time, and what is known of its error.

    time          flow time
    at            the least-squares problem at the parameters of that time
    kernel        H, (n, n)
    eigenvalues   of H, (n,), increasing
    eigenvectors  of H, (n, n)
    log_energy    ``int 2 r^T H r / ||r||^2``
    lowest        ``int lambda_min(H)``, by the trapezoidal rule over the steps: never more than the integral
                  for an H that is linear between the ends of a step, since lambda_min is concave
    defect        sum over the steps of the distance between log_energy and ``log ||r||^2``
    promised      sum of the step errors that the tolerance let pass, in units of ``log ||r||^2``
    steps         steps accepted
    evaluations   of the network
    """

    time: float
    at: P
    kernel: Array
    eigenvalues: Array
    eigenvectors: Array
    log_energy: float
    lowest: float
    defect: float
    promised: float
    steps: int
    evaluations: int


def integrate(
    start: P, times: Sequence[float] | Array, tolerance: float, stop: Callable[[P], bool]
) -> Iterator[ExponentialPoint[P]]:
    """The flow from `start` at each of `times` (increasing, first one 0), by adaptive steps.

    A step is accepted when its error estimate is at most `tolerance`. The path ends early, with a
    last point, where `stop` says so. Raises FlowError when stuck; what `moved` raises passes through.
    """
    point, spectrum = start, Spectrum.of(start)
    now, energy, lowest, defect, promised = 0.0, 0.0, 0.0, 0.0, 0.0
    steps, evaluations = 0, 1

    def here() -> ExponentialPoint[P]:
        return ExponentialPoint(
            now,
            point,
            spectrum.kernel,
            spectrum.values,
            spectrum.vectors,
            energy,
            lowest,
            defect,
            promised,
            steps,
            evaluations,
        )

    yield here()
    shown = now
    planned = 1 / max(float(spectrum.values[-1]), 1 / float(times[-1]))
    for time in map(float, times[1:]):
        while now < time:
            if stop(point):
                if now > shown:
                    yield here()
                return
            last = time - now <= planned * (1 + 1e-9)
            size = time - now if last else planned
            after, error = step(point, spectrum, size)
            evaluations += 2
            factor = SAFETY * (tolerance / max(error, tolerance * 1e-6)) ** STEP_EXPONENT
            if not error <= tolerance:
                planned = size * (max(factor, LARGEST_FALL) if np.isfinite(error) else LARGEST_FALL)
                if now + planned == now or evaluations > 2 * MAXIMUM_STEPS:
                    raise FlowError(f"the integrator is stuck at time {now:.4g}: loosen --tolerance")
                continue
            reached = Spectrum.of(after)
            gained = log_energy(point.residual, spectrum, after.residual, reached.kernel, size)
            fell = 2 * float(np.log(np.linalg.norm(point.residual) / np.linalg.norm(after.residual)))
            energy, defect, promised = (
                energy + gained,
                defect + abs(fell - gained),
                promised + LOG_STEP_ERROR * error,
            )
            lowest += size * float(spectrum.values[0] + reached.values[0]) / 2
            point, spectrum, steps = after, reached, steps + 1
            now = time if last else now + size
            planned = max(planned if last else 0.0, size * min(factor, LARGEST_GROWTH))
        yield here()
        shown = now
