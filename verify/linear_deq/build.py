"""From a setting to its problem: data and initial parameters drawn, the objective, the horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verify.data import samples as datasets
from verify.data.images import OPENML, Images
from verify.data.start import FEATURES, TARGETS, Start, sized, started
from verify.linear_deq.cost import LinearSizes
from verify.linear_deq.model import DeepEquilibriumLinear, LinearState, one_norm
from verify.linear_deq.problem import LinearProblem, LinearStart
from verify.linear_deq.setting import LinearSetting
from verify.linear_deq.spectrum import Eigenvalue, FlowOperator
from verify.losses import ShallowObjective
from verify.losses.cross_entropy import CrossEntropyObjective
from verify.losses.hinge import HingeObjective
from verify.losses.logistic import LogisticObjective
from verify.losses.square import SquareObjective
from verify.theorem.errors import InputError

Array = NDArray[np.float64]

#: The default horizon lets the guaranteed bound fall by exp(-BOUND_EXPONENT) ...
BOUND_EXPONENT = 12.0

#: ... but is no longer than this many times the initial decay time of the loss.
LONGEST_HORIZON = 1e9

#: Default radius of the logistic loss over max(||Q(0)||_1, 1): so wide that no path leaves it.
WIDE_RADIUS = 50.0

#: Largest entries of the best map, for a start of size 1. The eigenvalues of D span the square of this: with
#: 1e5 the flow is so stiff that it takes hours, and 1e9 breaks the preconditioner.
LARGEST_MAP = 1e4


@dataclass(frozen=True)
class Drawn:
    """What the seed of a setting draws, or its start file has.

    start      model, parameters and data, without an objective
    state      the model at those parameters
    slowest    the smallest eigenvalue of D there, and its direction
    data       the data, with their digest
    described  names data and start file for the record
    """

    start: LinearStart
    state: LinearState
    slowest: Eigenvalue
    data: datasets.Data
    described: Mapping[str, str]


def draw_start(setting: LinearSetting) -> Drawn:
    """Data and initial parameters, A_0 ~ N(0, 1) and B_0 ~ N(0, 1/m), or those of the start file.

    InputError for unusable data, and for an unusable start file.
    """
    setting, given = started(setting)
    rng = np.random.default_rng(setting.seed)
    data = draw_data(setting, given, rng)
    width, outputs = data.features.shape[0], data.targets.shape[0]
    model = DeepEquilibriumLinear(width, outputs, setting.gamma)
    # Drawn beside a start file, too: what is drawn after them is then the same.
    theta = model.pack(
        rng.standard_normal((width, width)), rng.standard_normal((outputs, width)) / np.sqrt(width)
    )
    if given is not None:
        theta = model.pack(given.parameters["A"], given.parameters["B"])
    state = model.at(theta)
    slowest = FlowOperator(state).smallest_eigenvalue(rng.standard_normal((width, outputs)))
    start = LinearStart(model, None, data.features, data.targets, theta, setting.seed)
    described = {"data": setting.data, "digest": data.digest, **(given.described if given else {})}
    return Drawn(start, state, slowest, data, described)


def shallow_objective(setting: LinearSetting, drawn: Drawn, radius: float | None = None) -> ShallowObjective:
    """The objective of the setting's loss; the logistic one needs a radius, by default a wide one.

    HypothesisError where PL has no positive constant.
    """
    wide = WIDE_RADIUS * max(one_norm(drawn.state.q), 1.0)
    return objective_on(setting, drawn.start.features, drawn.start.targets, radius or wide)


def objective_on(setting: LinearSetting, features: Array, targets: Array, radius: float) -> ShallowObjective:
    """The objective of the setting's loss on features (m, n) and targets (m_y, n).

    Only the logistic loss has a radius. HypothesisError where PL has no positive constant.
    """
    tau = setting.tau_used or 0.0
    if setting.loss == "square":
        return SquareObjective(features, targets)
    if setting.loss == "hinge":
        return HingeObjective(features, targets)
    if setting.loss == "cross-entropy":
        return CrossEntropyObjective(features, targets, tau)
    return LogisticObjective(features, targets, tau, radius)


def linear_problem(setting: LinearSetting, drawn: Drawn, objective: ShallowObjective) -> LinearProblem:
    """The problem of following the flow of an objective; InputError where it has too far to go."""
    _require_followable(drawn, objective)
    return LinearProblem(
        model=drawn.start.model,
        objective=objective,
        features=drawn.start.features,
        targets=drawn.start.targets,
        theta=drawn.start.theta,
        horizon=setting.horizon or _horizon(objective, drawn),
        points=setting.points,
        rtol=setting.rtol,
        integrator=setting.integrator,
        seed=setting.seed,
        described={"loss": setting.loss, "tau": setting.tau_used, **drawn.described},
        notes=(drawn.data.note,) if drawn.data.note else (),
    )


def _require_followable(drawn: Drawn, objective: ShallowObjective) -> None:
    """Raise InputError where the flow has too far to go."""
    best = float(np.abs(objective.minimiser).max())
    if best > LARGEST_MAP:
        raise InputError(
            f"{drawn.described['data']}: the best map has entries up to {best:.1g}, too far from a start of "
            f"size 1 ({LARGEST_MAP:g} at most): divide `y` or multiply `x` by {best:.0e}, or lower --width"
        )


def _horizon(objective: ShallowObjective, drawn: Drawn) -> float:
    """The flow time in which the guaranteed bound falls by exp(-12), within reason."""
    excess, g = objective.excess_and_gradient(drawn.state.q)
    squared = sum(float(np.vdot(d, d)) for d in drawn.state.gradients(g))
    longest = LONGEST_HORIZON * excess / squared if squared > 0 else 1.0
    rate = 2 * objective.pl_constant * drawn.slowest.value
    return BOUND_EXPONENT / rate if rate * longest > BOUND_EXPONENT else longest


def sizes(setting: LinearSetting) -> LinearSizes:
    """What the cost of a setting depends on. Reads the data; InputError where they are unusable."""
    setting, brings_data = sized(setting)
    outputs, samples = setting.outputs_drawn, setting.samples_drawn
    if setting.data != "synthetic" and not brings_data:
        # Of width 1, so that nothing large is made.
        alone = setting.model_copy(update={"width": 1})
        drawn = draw_data(alone, None, np.random.default_rng(setting.seed))
        outputs, samples = drawn.targets.shape
    smooth = setting.loss in ("logistic", "cross-entropy")
    return LinearSizes(setting.width, outputs, samples, setting.points, setting.rtol, smooth)


def draw_data(setting: LinearSetting, given: Start | None, rng: np.random.Generator) -> datasets.Data:
    """The data of a setting, or those of its start file where that has some.

    InputError where its loss or its outputs do not suit them.
    """
    width, outputs, samples = setting.width, setting.outputs_drawn, setting.samples_drawn
    if given is not None and given.data:
        features, targets = given.data[FEATURES], given.data[TARGETS]
        drawn = datasets.Data(features, targets, datasets.digest_of(features, targets))
    elif setting.data == "digits":
        drawn = datasets.digits(width, outputs, samples, rng)
    elif setting.data == "synthetic":
        drawn = datasets.synthetic(width, outputs, samples, rng, classes=setting.loss != "square")
    elif setting.data in OPENML:
        pixels, labels = Images(setting.data, setting.data_home).loaded
        drawn = datasets.labelled(pixels, labels, setting.data, width, outputs, samples, rng)
    else:
        drawn = datasets.from_file(Path(setting.data), width, setting.samples, rng)
    targets = drawn.targets
    if not drawn.features.any():
        raise InputError("all features are zero: give data with a feature that is not")
    if setting.outputs is not None and setting.outputs != len(targets):
        asked, mend = f"--outputs {setting.outputs}", "leave the option out"
        if setting.start is not None:
            asked = f"--start {setting.start} has {setting.outputs} outputs"
            mend = "give a start with as many, or other --data"
        raise InputError(f"{asked}: {setting.data} has {len(targets)}; {mend}")
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
