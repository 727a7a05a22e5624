"""The problem: data, the network at its start, and the constants that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.setting import Setting
from theorems.given_start import draw_data_for, kinked
from verify.data.parallel import moved_apart, parallel_pairs
from verify.data.start import started
from verify.losses import EPS
from verify.numerics.arrays import Placement, norm
from verify.relu_deq.features import ScaledRelu
from verify.relu_deq.kernels import angles, arc_cosine_kernel
from verify.relu_deq.model import ImplicitReLU, NoEquilibriumError
from verify.relu_deq.parameters import Parameters
from verify.relu_deq.problem import ReluProblem, default_horizon
from verify.theorem.errors import HypothesisError

Array = NDArray[np.float64]

#: Descent steps for the claims about descent, and for the search of the largest step that keeps them.
DESCENT_STEPS = 15

#: Failure probability in `m >= C (n^2/lambda_0^2) log(n/delta)`, where it enters by its logarithm.
DELTA = 0.05


@dataclass(frozen=True, kw_only=True)
class Start:
    """Data and parameters at time 0; they exist even where the equilibrium does not.

    inputs    X, (d, n), of norm 1
    angles    between the inputs, (n, n)
    phi       features Phi, (m, n)
    limit     G^inf, (n, n)
    lambda_0  smallest eigenvalue of G^inf
    norms     ``||A(0)||`` and ``||W(0)||``, spectral
    gamma     gamma~ is ``gamma / sqrt(m)``
    given     whether the parameters are those of a start file, and not drawn
    """

    inputs: Array
    angles: Array
    phi: Array
    limit: Array
    lambda_0: float
    norms: tuple[float, float]
    gamma: float
    given: bool = False

    @classmethod
    def of(cls, inputs: Array, theta: Parameters, gamma: float | None, given: bool = False) -> Start:
        """A start from inputs and parameters; gamma is the largest allowed unless one is asked for."""
        width = len(theta.a)
        norms = (float(np.linalg.norm(theta.a, 2)), float(np.linalg.norm(theta.w, 2)))
        limit = arc_cosine_kernel(inputs)
        return cls(
            inputs=inputs,
            angles=angles(inputs),
            phi=ScaledRelu(float(np.sqrt(width))).values(theta.w @ inputs),
            limit=limit,
            lambda_0=float(np.linalg.eigvalsh(limit)[0]),
            norms=norms,
            gamma=gamma or largest_gamma(max(norms) / np.sqrt(width)),
            given=given,
        )

    @property
    def width(self) -> int:
        """m."""
        return len(self.phi)

    @property
    def gram(self) -> Array:
        """``G(0) = Phi^T Phi`` (n, n)."""
        return self.phi.T @ self.phi

    @property
    def gram_error(self) -> float:
        """Error of an eigenvalue of G or G^inf: rounding of sums of m terms and of the eigensolver."""
        n, trace = len(self.limit), max(float(np.trace(self.limit)), norm(self.phi) ** 2)
        return 4 * (n + float(np.sqrt(self.width))) * EPS * trace

    @property
    def norm_constant(self) -> float:
        """c: the spectral norms of A(0) and W(0) are at most ``c sqrt(m)``."""
        return max(self.norms) / float(np.sqrt(self.width))

    @property
    def input_norm(self) -> float:
        """``||X||``, spectral."""
        return float(np.linalg.norm(self.inputs, 2))

    @property
    def parallel(self) -> tuple[int, int] | None:
        """The first two inputs that are parallel; None where none are."""
        found = parallel_pairs(self.inputs)
        return (int(found[0, 0]), int(found[0, 1])) if len(found) else None


@dataclass(frozen=True, kw_only=True)
class GaoProblem(Start, ReluProblem):
    """The network at its start, labels, and how to train it.

    step   step of descent
    steps  number of descent steps

    The other fields are those of `Start` and `ReluProblem`.
    """

    step: float
    steps: int = DESCENT_STEPS

    @property
    def effective(self) -> Mapping[str, Any]:
        """The values that the run is made with."""
        common = super().effective
        return {
            **{name: common[name] for name in "mnd"},
            "gamma": self.gamma,
            "c": self.norm_constant,
            "lambda_0": self.lambda_0,
            "T": self.horizon,
            "alpha": self.step,
            **common,
        }

    @property
    def gamma_0(self) -> float:
        """``gamma~ ||A(0)||``, the factor by which the map contracts."""
        return self.model.coupling * self.norms[0]

    @property
    def size(self) -> float:
        """``||theta(0)||``, of all parameters, of which their rounding is a part."""
        return float(np.sqrt(sum(norm(part) ** 2 for part in self.start.theta.parts.values())))

    @property
    def kernel(self) -> Array:
        """H(0) (n, n)."""
        return self.start.kernel

    @property
    def output_scale(self) -> float:
        """``c sqrt(n) ||r(0)|| / lambda_0``, the unit in which the lemmas bound how far u and v move."""
        return self.norm_constant * float(np.sqrt(self.samples)) * self.initial_residual / self.lambda_0


def printed_step(lambda_0: float, samples: int) -> float:
    """``lambda_0/n^2``, the step of Theorem 3.2 with 1 for its constant."""
    return lambda_0 / samples**2


def largest_gamma(c: float) -> float:
    """``min(1/2, 1/(4c))``."""
    return 1 / max(2.0, 4 * c)


def smaller_gamma(c: float) -> str:
    """The option that meets the condition on gamma: three decimals, rounded down so that they do."""
    return f"--gamma {np.floor(1000 * largest_gamma(c)) / 1000:g} or less"


def width_ratio(problem: Start) -> float:
    """``m / ((n^2/lambda_0^2) log(n/delta))``: the constant C that the condition of Theorem 3.1 meets."""
    n = len(problem.limit)
    return float(problem.width * problem.lambda_0**2 / (n**2 * np.log(n / DELTA)))


def lemma_ratio(problem: GaoProblem) -> float:
    """``m / (c^2 n ||X||^2 ||r(0)||^2 / lambda_0^3)``: the same for Lemma 3.5."""
    needed = problem.norm_constant**2 * problem.samples * (problem.input_norm * problem.initial_residual) ** 2
    return problem.width * problem.lambda_0**3 / needed


def apart(start: Start) -> str:
    """Assumption 2: "" where no two inputs are parallel, else a message that names two."""
    if start.parallel is None:
        return ""
    i, j = start.parallel
    return f"inputs {i} and {j} are parallel (Assumption 2): drop one, or use --perturb 0.01, for noise"


def build(setting: Setting) -> GaoProblem:
    """Data, the network at its start, and the constants that follow from them.

    InputError for unusable data and for an unusable start file. HypothesisError for parallel inputs, for a
    map that does not contract, and for an input on which every unit is zero.
    """
    setting, given = started(setting)
    placement = Placement(setting.dtype, setting.device)
    rng = np.random.default_rng(setting.seed)
    drawn = draw_data_for(setting, given, "W", rng)
    inputs, moved, notes = drawn.features, 0, tuple[str, ...]()
    if setting.perturb:
        inputs, moved = moved_apart(inputs, setting.perturb, rng, "perturbed inputs")
    if moved:
        notes = (f"noise of size {setting.perturb:g} was added to {moved} inputs parallel to others",)
    targets = drawn.targets[0]
    if given is None:
        theta = Parameters.random(setting.width, len(inputs), rng)
    else:
        theta = Parameters(*(given.parameters[name] for name in "AWuv"))
    known = Start.of(inputs, theta, setting.gamma, given is not None)
    if message := apart(known):
        raise HypothesisError(message, known)
    model = ImplicitReLU.scaled(inputs, setting.width, known.gamma)
    try:
        start = model.at(theta)
    except NoEquilibriumError:
        raise HypothesisError(
            f"no equilibrium: gamma ||A(0)||/sqrt(m) = {model.coupling * known.norms[0]:.3g}, and Lemma 2.2 "
            f"needs less than 1: use {smaller_gamma(known.norm_constant)}",
            known,
        ) from None
    dead = np.flatnonzero(~known.phi.any(axis=0))
    if len(dead):
        raise HypothesisError(
            f"input {dead[0]} excites none of the {setting.width} units, so that lambda_min(G(0)) = 0 at "
            f"time 0: {'give --start another W' if known.given else 'raise --width'}",
            known,
        )
    if message := kinked(*start.guards):
        raise HypothesisError(message, known)
    values, vectors = np.linalg.eigh(start.kernel)
    if setting.labels == "aligned":
        targets = start.output - setting.alignment * vectors[:, 0]
    return GaoProblem(
        start=start,
        targets=targets,
        horizon=setting.horizon or default_horizon(values),
        points=setting.points,
        tolerance=setting.tolerance,
        seed=setting.seed,
        placement=placement,
        described={"data": setting.data, "digest": drawn.digest, **(given.described if given else {})},
        notes=notes,
        step=setting.step or printed_step(max(known.lambda_0, EPS), len(targets)),
        **{field.name: getattr(known, field.name) for field in fields(known)},
    )
