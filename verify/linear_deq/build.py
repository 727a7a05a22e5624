"""Settings of the deep equilibrium linear model, and the problem that each describes.

Shared by every theorem about that model: data, loss, initial parameters, horizon.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from verify.data import samples as datasets
from verify.linear_deq.cost import LinearSizes
from verify.linear_deq.model import DeepEquilibriumLinear, State
from verify.linear_deq.path import Integrator, LinearProblem, LinearStart, largest_map_norm
from verify.linear_deq.spectrum import FlowOperator
from verify.losses import ShallowObjective
from verify.losses.cross_entropy import CrossEntropyObjective
from verify.losses.hinge import HingeObjective
from verify.losses.logistic import LogisticObjective
from verify.losses.square import SquareObjective
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.settings import BaseSetting

Array = NDArray[np.float64]

Radius = Literal["auto"] | Annotated[float, Field(gt=0, le=1e6)]

Loss = Literal["square", "logistic", "cross-entropy", "hinge"]

#: The default horizon lets the guaranteed bound fall by exp(-BOUND_EXPONENT) ...
BOUND_EXPONENT = 12.0

#: ... but is no longer than this many times the initial decay time of the loss.
LONGEST_HORIZON = 1e9

#: The automatic radius, relative to the largest norm seen on the path: above any peak between the points
#: that were looked at.
RADIUS_MARGIN = 1 + 1e-4

#: Radius, relative to that of the start, within which the path for the automatic radius is sought.
PROVISIONAL_RADIUS = 50.0

#: A PL constant below this is none: quotients of rates would overflow.
LEAST_CONSTANT = 1e-200

DEFAULT_TAU = 0.1

#: Entries of the best map, from a start of size 1: D then has eigenvalues that span their squares, and the
#: flow has so stiff a way to go that 1e5 takes hours and 1e9 breaks the preconditioner.
LARGEST_MAP = 1e4

#: An rtol looser than the default is one that leaves a step error, amplified by the spread of curvatures,
#: below this. Tried: 200 makes the energy identity fail, 7 does not.
LARGEST_AMPLIFIED = 10.0

DEFAULT_RTOL = 1e-10


class LinearSetting(BaseSetting):
    """What can be varied; the theorems ask for nothing but 0 < gamma < 1."""

    GROUPS: ClassVar[Mapping[str, Sequence[str]]] = {
        "Network and data": ("width", "gamma", "data", "samples", "outputs", "labels", "alignment", "seed"),
        "Loss": ("loss", "tau", "radius"),
        "Flow": ("horizon", "points", "integrator", "rtol"),
    }

    width: int = Field(
        32, ge=1, le=4096, examples=[64], description="width m: number of features and of hidden units"
    )
    samples: int | None = Field(
        None,
        ge=2,
        le=1_000_000,
        examples=[100],
        description="samples n; default 100 (hinge: half the width), or all rows of a file",
    )
    outputs: int | None = Field(
        None,
        ge=1,
        le=1000,
        examples=[10],
        description="outputs m_y; default 10 (logistic, hinge: 1), or as many as a file has",
    )
    gamma: float = Field(
        0.8, gt=0, lt=1, examples=[0.9], description="contraction factor of the equilibrium map"
    )
    loss: Loss = Field("square", description="loss function")
    tau: float | None = Field(
        None,
        ge=0,
        le=1e6,
        examples=[DEFAULT_TAU],
        description=f"weight of tau ||q||^2 in logistic and cross-entropy; default {DEFAULT_TAU}",
    )
    data: str = Field(
        "digits", examples=["mine.npz"], description="data set: digits, synthetic, or a file FILE.npz"
    )
    horizon: float | None = Field(
        None,
        gt=0,
        le=1e12,
        examples=[10],
        description="flow time T; default: until the bound fell by exp(-12)",
    )
    points: int = Field(
        61, ge=9, le=10_000, examples=[121], description="times at which everything is checked"
    )
    integrator: Integrator = Field("cvode", description="how the flow is approximated")
    rtol: float = Field(
        DEFAULT_RTOL,
        ge=1e-12,
        le=1e-3,
        examples=[1e-8],
        description="relative tolerance of the integrator",
    )

    @model_validator(mode="after")
    def _fits_the_loss(self) -> LinearSetting:
        if self.loss in ("logistic", "hinge") and self.outputs not in (None, 1):
            raise ValueError(
                f"--loss {self.loss} is for one output: use --outputs 1, or --loss square or cross-entropy"
            )
        if self.loss == "cross-entropy" and self.outputs == 1:
            raise ValueError(
                "--loss cross-entropy needs two outputs or more: use --outputs 2 or --loss logistic"
            )
        if self.tau is not None and self.loss in ("square", "hinge"):
            raise ValueError(
                f"--tau belongs to --loss logistic and cross-entropy: leave it out for {self.loss}"
            )
        return self

    @property
    def outputs_drawn(self) -> int:
        """Outputs of data sets that leave them open."""
        return self.outputs or (1 if self.loss in ("logistic", "hinge") else 10)

    @property
    def tau_used(self) -> float | None:
        """tau of the losses that have one."""
        if self.loss in ("square", "hinge"):
            return None
        return DEFAULT_TAU if self.tau is None else self.tau

    @property
    def samples_drawn(self) -> int:
        """Samples of data sets that leave them open."""
        return self.samples or (max(2, self.width // 2) if self.loss == "hinge" else 100)


#: (features, initial state, slowest eigenvector of D as (m_y, m)) -> features and targets in their place.
Relabel = Callable[[Array, State, Array], tuple[Array, Array]]


def linear_problem(
    setting: LinearSetting, relabel: Relabel | None = None, radius: Radius | None = None
) -> LinearProblem:
    """Data and initial parameters, A_0 ~ N(0, 1) and B_0 ~ N(0, 1/m).

    `radius` is that of the logistic loss; without one it is so wide that no path will leave it.
    Raises InputError for unusable data and HypothesisError where PL has no positive constant.
    """
    rng = np.random.default_rng(setting.seed)
    drawn = _draw(setting, rng)
    features, targets = drawn.features, drawn.targets
    width, outputs = features.shape[0], targets.shape[0]
    model = DeepEquilibriumLinear(width, outputs, setting.gamma)
    theta = model.pack(
        rng.standard_normal((width, width)), rng.standard_normal((outputs, width)) / np.sqrt(width)
    )
    state = model.at(theta)
    slowest = FlowOperator(state).smallest_eigenvalue(rng.standard_normal((width, outputs)))
    if relabel is not None:
        features, targets = relabel(features, state, slowest.vector.T)

    try:
        objective = _objective(setting, features, targets, float(np.abs(state.q).max()), radius)
    except HypothesisError as broken:
        anyway = _without_hypothesis(setting, features, targets)
        broken.start = LinearStart(model, anyway, features, targets, theta, setting.seed)
        raise
    _require_followable(setting, objective)
    first = LinearProblem(
        model=model,
        objective=objective,
        features=features,
        targets=targets,
        theta=theta,
        horizon=setting.horizon or _horizon(objective, state, slowest.value),
        points=setting.points,
        rtol=setting.rtol,
        integrator=setting.integrator,
        seed=setting.seed,
        described={
            "loss": setting.loss,
            "tau": setting.tau_used,
            "data": setting.data,
            "digest": drawn.digest,
        },
        notes=(drawn.note,) if drawn.note else (),
    )
    if isinstance(objective, LogisticObjective) and radius == "auto":
        largest, end = largest_map_norm(first)
        try:
            within = _positive(objective.within(RADIUS_MARGIN * largest))
        except HypothesisError as broken:
            broken.start = first
            raise
        return replace(first, objective=within, horizon=end or first.horizon)
    return first


def _without_hypothesis(setting: LinearSetting, features: Array, targets: Array) -> ShallowObjective | None:
    """The objective where the hypothesis that failed is the radius; without the others there is none."""
    if setting.loss != "logistic":
        return None
    return LogisticObjective(features, targets, setting.tau_used or 0.0, PROVISIONAL_RADIUS)


def _require_followable(setting: LinearSetting, objective: ShallowObjective) -> None:
    """Raise InputError where the flow has too far to go, or too stiff a way for its tolerance."""
    best = float(np.abs(objective.minimiser).max())
    if best > LARGEST_MAP:
        raise InputError(
            f"{setting.data}: the best map has entries up to {best:.1g}, too far from a start of size 1 "
            f"({LARGEST_MAP:g} at most): divide `y` or multiply `x` by {best:.0e}, or lower --width"
        )
    sigma = objective.singular_values
    spread = float(sigma[0] / sigma[-1]) ** 2
    if setting.rtol > max(DEFAULT_RTOL, LARGEST_AMPLIFIED / spread):
        raise InputError(
            f"--rtol {setting.rtol:g} is too loose for features with singular values from {sigma[-1]:.2g} to "
            f"{sigma[0]:.2g}: use --rtol {max(DEFAULT_RTOL, LARGEST_AMPLIFIED / spread):.0e} or less"
        )


def _horizon(objective: ShallowObjective, state: State, slowest: float) -> float:
    """The flow time in which the bound falls by exp(-12), unless that is out of all proportion."""
    excess, g = objective.excess_and_gradient(state.q)
    squared = sum(float(np.vdot(d, d)) for d in state.gradients(g))
    longest = LONGEST_HORIZON * excess / squared if squared > 0 else 1.0
    rate = 2 * objective.pl_constant * slowest
    return BOUND_EXPONENT / rate if rate * longest > BOUND_EXPONENT else longest


def _objective(
    setting: LinearSetting, features: Array, targets: Array, start: float, radius: Radius | None
) -> ShallowObjective:
    """The objective; for a radius yet to be found that of one wide enough. `start` is ||Q_0||_1."""
    if setting.loss == "square":
        return SquareObjective(features, targets)
    if setting.loss == "hinge":
        return HingeObjective(features, targets)
    tau = setting.tau_used or 0.0
    if setting.loss == "cross-entropy":
        if tau == 0:
            raise HypothesisError(
                "cross-entropy without tau has no PL constant, kappa = 2 tau sigma_min^2 = 0: use --tau 0.1"
            )
        return CrossEntropyObjective(features, targets, tau)
    if radius in ("auto", None):
        return LogisticObjective(features, targets, tau, PROVISIONAL_RADIUS * max(start, 1.0))
    assert isinstance(radius, float)
    if start >= radius:
        raise HypothesisError(
            f"the path starts outside the radius, ||Q_0||_1 = {start:.4g} >= R = {radius:.4g}: use "
            f"--radius {1.1 * start:.2g} or more, or --radius auto"
        )
    return _positive(LogisticObjective(features, targets, tau, radius))


def _positive(objective: LogisticObjective) -> LogisticObjective:
    if objective.pl_constant > LEAST_CONSTANT:
        return objective
    raise HypothesisError(
        f"within R = {objective.radius:.4g} the logistic curvature rho(R) is "
        f"next to nothing, kappa = {objective.pl_constant:.1g}: use --tau 0.01, say, or smaller features"
    )


def sizes(setting: LinearSetting) -> LinearSizes:
    """What the cost of a setting depends on; InputError for data that are unusable, which are read here."""
    outputs, samples = setting.outputs_drawn, setting.samples_drawn
    if setting.data != "synthetic":
        # Of width 1, so that nothing large is made.
        drawn = _draw(setting.model_copy(update={"width": 1}), np.random.default_rng(setting.seed))
        outputs, samples = drawn.targets.shape
    smooth = setting.loss in ("logistic", "cross-entropy")
    return LinearSizes(setting.width, outputs, samples, setting.points, setting.rtol, smooth)


def _draw(setting: LinearSetting, rng: np.random.Generator) -> datasets.Data:
    """The data of a setting; InputError for those that its loss or its outputs do not go with."""
    width, outputs, samples = setting.width, setting.outputs_drawn, setting.samples_drawn
    if setting.data == "digits":
        drawn = datasets.digits(width, outputs, samples, rng)
    elif setting.data == "synthetic":
        drawn = datasets.synthetic(width, outputs, samples, rng, classes=setting.loss != "square")
    else:
        drawn = datasets.from_file(Path(setting.data), width, setting.samples, rng)
    targets = drawn.targets
    if not drawn.features.any():
        raise InputError("all features are zero: give data with a feature that is not")
    if setting.outputs is not None and setting.outputs != len(targets):
        raise InputError(
            f"--outputs {setting.outputs}: {setting.data} has {len(targets)}; leave the option out"
        )
    if setting.loss == "cross-entropy":
        one_hot = np.all((targets == 0) | (targets == 1)) and np.all(targets.sum(axis=0) == 1)
        _require(len(targets) > 1 and bool(one_hot), "one-hot targets of two classes or more", setting)
    elif setting.loss != "square":
        signs = len(targets) == 1 and bool(np.all(np.abs(targets) == 1))
        _require(signs, "labels +1 and -1 of one output", setting)
    return drawn


def _require(met: bool, what: str, setting: LinearSetting) -> None:
    if not met:
        raise InputError(f"--loss {setting.loss} needs {what}, {setting.data} has others: use --loss square")
