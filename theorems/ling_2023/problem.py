"""The problem: data, the network at its start, and the constants of Condition 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from theorems.given_start import draw_data_for, kinked
from theorems.ling_2023.setting import Setting
from verify.data.parallel import parallel_pairs
from verify.data.start import started
from verify.losses import EPS
from verify.numerics.arrays import Placement
from verify.relu_deq.kernels import equilibrium_kernel
from verify.relu_deq.model import ImplicitReLU, NoEquilibriumError, ReluState
from verify.relu_deq.parameters import Parameters
from verify.relu_deq.problem import ReluProblem, default_horizon
from verify.theorem.errors import HypothesisError, InputError

Array = NDArray[np.float64]

#: The factor of (9): 4 is printed, 8 is what the last line of the proof needs; by how much small a meet it,
#: and any a with its delta, where there is one.
PRINTED, NEEDED, MARGIN = 4.0, 8.0, 2.0

#: Near targets and steps take these shares of what is allowed, delta at the paper's start of 1 - ||W(0)||.
NEAR, STEP, SHARE_OF_ROOM = 0.9, 0.99, 0.1

#: What mends a start file that nothing contracts.
SMALLER = "give --start a smaller W"


@dataclass(frozen=True)
class Constants:
    """delta, ``rho = norm + delta`` of W, U and a at the start (spectral), and ``||X||_F``."""

    delta: float
    w: float
    u: float
    a: float
    inputs: float

    @classmethod
    def of(cls, norms: tuple[float, float], readout: float, inputs: float, delta: float) -> Constants:
        """From the norms of W and U, that of a, and ``||X||_F``."""
        return cls(delta, norms[0] + delta, norms[1] + delta, readout + delta, inputs)

    @property
    def hidden(self) -> float:
        """``(c_w^2 + c_u^2) ||X||_F^2``."""
        c_w, c_u, _ = self.factors
        return (c_w**2 + c_u**2) * self.inputs**2

    @property
    def factors(self) -> tuple[float, float, float]:
        """c_w, c_u and c_a."""
        room = 1 - self.w
        return self.u * self.a / room**2, self.a / room, self.u / room

    def allowed(self, lambda_0: float) -> tuple[float, float]:
        """The largest ``||r_0||`` by (7) and by (8)."""
        seventh = self.delta * lambda_0 / (4 * max(self.factors) * self.inputs)
        return seventh, lambda_0**1.5 * self.a / (4 * (2 + np.sqrt(2)) * self.hidden)

    def ninth(self, lambda_0: float, factor: float = NEEDED) -> float:
        """lambda_0 over the right side of (9)."""
        return lambda_0 / (factor * self.hidden)

    def largest_step(self, lambda_0: float) -> float:
        """``min(2/lambda_0, 2 (c_w^2 + c_u^2) / ((c_w^2 + c_u^2 + c_a^2)^2 ||X||_F^2))``."""
        whole = self.hidden + (self.factors[2] * self.inputs) ** 2
        return min(2 / lambda_0, 2 * self.hidden / whole**2)


def fitting_delta(
    norms: tuple[float, float], readout: float, inputs: float, lambda_0: float, *, scaled: bool
) -> float:
    """The delta, by which a is also `scaled` if it is to be, that meets (9) with 8 by `MARGIN`.

    Where (9) leaves less than that for any delta it is met by half as much, in logarithms; where it fails for
    all of them, as at the paper's start, delta is a share of ``1 - ||W(0)||``.
    """

    def spare(log_delta: float) -> float:
        delta = float(np.exp(log_delta))
        constants = Constants.of(norms, (delta if scaled else 1.0) * readout, inputs, delta)
        return float(np.log(constants.ninth(lambda_0)))

    ends = np.log(EPS), np.log((1 - norms[0]) / 2)
    left = min(float(np.log(MARGIN)), spare(ends[0]) / 2)
    if left <= 0:
        return SHARE_OF_ROOM * (1 - norms[0])
    met = spare(ends[1]) >= left
    return float(np.exp(ends[1] if met else scipy.optimize.brentq(lambda at: spare(at) - left, *ends)))


@dataclass(frozen=True, kw_only=True)
class LingProblem(ReluProblem):
    """The network at its start, labels, and how to train it; other fields are those of `ReluProblem`.

    lambda_0, lambda_star  smallest eigenvalues of ``Z^T Z`` at the start and of K
    sigma_w, constants     of Assumption 1 and of Condition 1
    step, epochs           eta, and how many steps of descent
    whole                  the paper's own start, a of N(0, 1/m), or the start file's; the data's labels
    given                  whether the parameters are those of a start file, and not drawn
    """

    sigma_w: float
    lambda_0: float
    lambda_star: float
    constants: Constants
    step: float
    epochs: int
    whole: tuple[ReluState, Array]
    given: bool = False

    @property
    def condition(self) -> Mapping[str, float]:
        """Left over right side of each part of Condition 1, with 8 for 4 in (9)."""
        seventh, eighth = np.array(self.constants.allowed(self.lambda_0)) / self.initial_residual
        return {"(7)": float(seventh), "(8)": float(eighth), "(9)": self.constants.ninth(self.lambda_0)}

    @property
    def gram_error(self) -> float:
        """Relative error of lambda_0: of Z, and of sums of m terms."""
        relative = (
            self.start.accuracy / (1 - self.norms[0]) + (self.samples + np.sqrt(self.model.width)) * EPS
        )
        return float(4 * relative * np.trace(self.start.gram)) / self.lambda_0

    @property
    def effective(self) -> Mapping[str, Any]:
        """The values that the run is made with."""
        return {
            **super().effective,
            "lambda_0": self.lambda_0,
            "||W(0)||": self.norms[0],
            "||a(0)||": self.constants.a - self.constants.delta,
            "||r_0||": self.initial_residual,
            "eta": self.step,
        }


def build(setting: Setting) -> LingProblem:
    """Data, the network at its start, and the constants that follow.

    InputError for unusable data, for an unusable start file, and for one with --sigma-w. HypothesisError for
    parallel inputs, for a map that need not contract, and where lambda_0 is 0.
    """
    if setting.start is not None and "sigma_w" in setting.model_fields_set:
        raise InputError("--sigma-w says how W(0) is drawn, --start has it: leave one out")
    setting, given = started(setting)
    rng = np.random.default_rng(setting.seed)
    drawn = draw_data_for(setting, given, "U", rng)
    inputs = np.sqrt(len(drawn.features)) * drawn.features
    if given is None:
        theta = Parameters.gaussian(setting.width, len(inputs), rng, setting.sigma_w)
    else:
        w, u, a = (given.parameters[name] for name in "WUa")
        theta = Parameters(w, u, a, None)
    norms = float(np.linalg.norm(theta.a, 2)), float(np.linalg.norm(theta.w, 2))
    if setting.sigma_w**2 >= 1 / 8:
        found = f"sigma_w^2 = {setting.sigma_w**2:.3g} is not below 1/8 (Assumption 1), by which Lemma 1 has"
        raise HypothesisError(f"{found} ||W(0)|| < 1; here it is {norms[0]:.3g}: use --sigma-w 0.35 or less")
    if norms[0] >= 1:
        found = f"||W(0)|| = {norms[0]:.4g} is not below 1, so that nothing contracts the equilibrium"
        raise HypothesisError(f"{found}: {'raise --width, or lower --sigma-w' if given is None else SMALLER}")
    if pairs := parallel_pairs(inputs).tolist():
        found = f"inputs {pairs[0][0]} and {pairs[0][1]} are parallel (Assumption 2)"
        raise HypothesisError(f"{found}: drop one, or use --data sphere")
    model = ImplicitReLU.plain(inputs, setting.width)
    try:
        whole = model.at(theta)
    except NoEquilibriumError as slow:
        raise HypothesisError(
            f"||W(0)|| = {norms[0]:.6g}, {slow}: {'lower --sigma-w' if given is None else SMALLER}"
        ) from None
    values, vectors = np.linalg.eigh(whole.gram)
    lambda_0, readout = float(values[0]), float(np.linalg.norm(theta.u))
    if lambda_0 <= 4 * (len(values) + np.sqrt(setting.width)) * EPS * values.sum():
        mend = "raise --width" if given is None else "give --start another U, or fewer --samples"
        raise HypothesisError(f"lambda_0 is 0 to rounding, for m = {setting.width}: {mend}")
    if message := kinked(whole.guards[1]):
        raise HypothesisError(message)
    asked = given is None or "init" in setting.model_fields_set
    small, size = asked and setting.init == "small", float(np.linalg.norm(inputs))
    delta = fitting_delta(norms, readout, size, lambda_0, scaled=small)
    scale = delta if small else 1.0
    constants = Constants.of(norms, scale * readout, size, delta)
    start = model.at(replace(theta, u=scale * theta.u), (whole.z, scale * whole.p))
    targets = drawn.targets[0]
    if setting.labels == "near":
        distance = setting.distance or NEAR * min(constants.allowed(lambda_0))
        targets = start.output - distance * vectors[:, 0]
    return LingProblem(
        start=start,
        targets=targets,
        horizon=setting.horizon or default_horizon(np.asarray(np.linalg.eigvalsh(start.kernel), float)),
        points=setting.points,
        tolerance=setting.tolerance,
        seed=setting.seed,
        placement=Placement("float64", setting.device),
        described={
            "data": setting.data,
            "init": setting.init if given is None or small else "as in --start",
            "labels": setting.labels,
            "digest": drawn.digest,
            **(given.described if given else {}),
        },
        notes=() if setting.data == "sphere" else (f"inputs were scaled to norm sqrt({len(inputs)})",),
        lambda_0=lambda_0,
        lambda_star=float(np.linalg.eigvalsh(equilibrium_kernel(inputs, setting.sigma_w))[0]),
        constants=constants,
        step=setting.step or STEP * constants.largest_step(lambda_0),
        epochs=setting.epochs,
        whole=(whole, drawn.targets[0]),
        given=given is not None,
        norms=norms,
        sigma_w=setting.sigma_w,
    )
