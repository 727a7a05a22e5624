"""Global convergence of over-parametrised implicit ReLU networks.

Gao, Liu, Liu, Rajan and Gao, "A global convergence theory for deep ReLU implicit networks via
over-parameterization", ICLR 2022 (arXiv 2110.05645), Theorems 3.1 and 3.2 with their lemmas.

Setting. Inputs X (d, n), ||x_i|| = 1, no two parallel; labels y (n,). With gamma~ = gamma / sqrt(m),

    z_i = relu(gamma~ A z_i + phi_i),  phi_i = relu(W x_i) / sqrt(m),  yhat_i = u^T z_i + v^T phi_i,

A (m, m) and W (m, d) of N(0, 1), u and v of signs; L = 1/2 ||r||^2, r = yhat - y, follows gradient flow
(or descent) in all of A, W, u, v. Write ||A(0)||, ||W(0)|| <= c sqrt(m).

Lemmas. 2.1: ||A|| <= C K (2 sqrt(m) + t) with probability 1 - 2 exp(-t^2). 2.2: for gamma = min(gamma_0,
gamma_0/c) the map contracts by gamma_0 and ||z^l|| <= ||phi|| / (1 - gamma_0). 2.3: I - gamma~ D A is
invertible, and the gradients are in closed form. 3.1: dyhat/dt = -H r, with

    H = gamma~^2 (P^T P) o (Z^T Z) + (C^T C) o (X^T X) + Z^T Z + Phi^T Phi.

3.2: lambda_0 = lambda_min(G^inf) > 0, G^inf_ij = E relu(w^T x_i) relu(w^T x_j). 3.3: for m >= C (n^2 /
lambda_0^2) log(n/delta), ||G(0) - G^inf|| <= lambda_0/4, G = Phi^T Phi. 3.4: lambda_min(G(0)) >= 3/4
lambda_0 and ||W - W(0)||_F <= R = sqrt(m) lambda_0 / (16 c ||X||^2) give lambda_min(G) >= lambda_0/2.

Statement. Let gamma <= min(1/2, 1/(4c)). Theorem 3.1: for m >= C (n^2/lambda_0^2) log(n/delta), flow has

    ||r(t)||^2 <= exp(-lambda_0 t) ||r(0)||^2    with probability 1 - delta.

Lemma 3.5: for m >= C c^2 n ||X||^2 ||r(0)||^2 / lambda_0^3 and lambda_min(G(0)) >= 3/4 lambda_0, also
(i) lambda_min(G(t)) >= lambda_0/2, (ii) ||u(t)|| <= (16 c sqrt(n)/lambda_0) ||r(0)||, (iii) ||v(t)|| <=
(8 c sqrt(n)/lambda_0) ||r(0)||, (iv), (v) ||W||, ||A|| <= 2 c sqrt(m). Theorem 3.2 and Lemma 3.6: descent
with step alpha = O(lambda_0/n^2) has ||r(k)||^2 <= (1 - alpha lambda_0/2)^k ||r(0)||^2.

Errata. Lemma 3.1 is printed with the identity where H has the all-ones matrix: (gamma~^2 P^T P + I) o
Z^T Z. Lemma 3.5 (ii) and (iii) as printed fail at t = 0, where ||u|| = ||v|| = sqrt(m), once m exceeds
256 c^2 n ||r(0)||^2/lambda_0^2 and 64 of the same; they hold for ||u(t) - u(0)|| and ||v(t) - v(0)||,
with half the constants; the items on u and v of Lemma 3.6, with twice the constants, likewise. Lemma 3.4
is false with the spectral norm of W - W(0) in place of Frobenius'; 256 orthonormal inputs and a W at
that distance have lambda_min(G) = 0.41 lambda_0. The printed proof of Theorem 3.2 needs lambda_0/2 >= C
c^2 n, which no lambda_0 <= 1/2 meets.

Constants. C is nowhere given: an instance in which the conclusion fails refutes only C <= m/(...), so
it is NOT_APPLICABLE, with that ratio. Not in the paper, ours: the sharp chain ||r(t)||^2 = ||r(0)||^2
exp(-2 int r^T H r/||r||^2), H >= G >= (lambda_0/2) I, whose links show where the theorem is loose. A ReLU
flow slides along kinks, where H is set-valued; the measured defect of the identity is in the budgets.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from pydantic import Field, field_validator

from verify import plots
from verify.data import samples as datasets
from verify.losses import EPS
from verify.numerics.arrays import Placement
from verify.numerics.statistics import STANDARD_ERRORS, PowerLaw, power_law
from verify.relu_deq.cost import relu_cost
from verify.relu_deq.kernels import angles, arc_cosine_kernel, sampled_kernel
from verify.relu_deq.model import ImplicitReLU, NoEquilibriumError, Parameters
from verify.relu_deq.path import (
    MOVE,
    Descent,
    LeastSquares,
    Probe,
    ReluProblem,
    ReluTrajectory,
    descend,
    largest_step,
    probe,
    residual_rounding,
    train,
)
from verify.theorem.cost import Cost
from verify.theorem.claims import Claim, Planted
from verify.theorem.compare import Check, at_least, at_most, equal, not_applicable
from verify.theorem.errors import HypothesisError
from verify.theorem.presets import Presets, Variant
from verify.theorem.protocol import Progress, silent
from verify.theorem.settings import BaseSetting
from verify.theorem.verdicts import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "relu-convergence"
TITLE = "Global convergence of over-parametrised implicit ReLU networks"
STATEMENT = (__doc__ or "").split("\n\n", 1)[1]
SOURCES = ("Gao et al., ICLR 2022, arXiv 2110.05645, Theorems 3.1 and 3.2",)
FORMULAS = (
    (
        "the network",
        (
            r"z_i = \operatorname{relu}(\tilde\gamma A z_i + \phi_i)",
            r"\phi_i = \tfrac{1}{\sqrt m} \operatorname{relu}(W x_i)",
            r"\hat y_i = u^T z_i + v^T \phi_i",
            r"\tilde\gamma = \gamma / \sqrt m",
        ),
    ),
    (
        "Lemma 3.1, as it holds",
        (
            r"\frac{d \hat y}{d t} = -H r",
            r"H = \tilde\gamma^2 (P^T P) \circ (Z^T Z) + (C^T C) \circ (X^T X) + Z^T Z + \Phi^T \Phi",
        ),
    ),
    (
        "Theorem 3.1, flow",
        (
            r"\|r(t)\|^2 \le e^{-\lambda_0 t}\,\|r(0)\|^2",
            r"\gamma \le \min\bigl(\tfrac12, \tfrac{1}{4c}\bigr)",
            r"m \ge C\,\frac{n^2}{\lambda_0^2} \log\frac{n}{\delta}",
        ),
    ),
    (
        "Theorem 3.2, descent",
        (
            r"\|r(k)\|^2 \le \Bigl(1 - \frac{\alpha \lambda_0}{2}\Bigr)^{k} \|r(0)\|^2",
            r"\alpha = O\Bigl(\frac{\lambda_0}{n^2}\Bigr)",
        ),
    ),
)

PAPER = "Gao et al. 2022"

CLAIMS = (
    Claim("G-A2", "inputs have norm 1 and no two are parallel", f"{PAPER}, Assumption 2", "hypothesis"),
    Claim("G-gamma", "gamma <= min(1/2, 1/(4c))", f"{PAPER}, Theorem 3.1", "hypothesis"),
    Claim("G-start", "lambda_min(G(0)) >= 3/4 lambda_0", f"{PAPER}, Lemma 3.5", "hypothesis"),
    Claim("G-L2.1", "||A|| <= 2 sqrt(m) + t, and grows as sqrt(m)", f"{PAPER}, Lemma 2.1", "step"),
    Claim("G-L2.2", "the equilibrium exists: contraction by gamma_0", f"{PAPER}, Lemma 2.2", "step"),
    Claim("G-L2.3", "I - gamma~ D A is invertible; gradients", f"{PAPER}, Lemma 2.3", "step"),
    Claim(
        "G-L3.1",
        "dyhat/dt = -H r with the all-ones matrix; false with the printed identity matrix",
        f"{PAPER}, Lemma 3.1",
        "erratum",
    ),
    Claim("G-L3.2", "lambda_0 = lambda_min(G^inf) > 0, closed form of G^inf", f"{PAPER}, Lemma 3.2", "step"),
    Claim(
        "G-L3.3",
        "||G(0) - G^inf|| <= lambda_0/4 for m >= C (n^2/lambda_0^2) log(n/delta)",
        f"{PAPER}, Lemma 3.3",
        "step",
        required=False,
    ),
    Claim("G-L3.3.law", "||G(0) - G^inf|| falls as m^(-1/2)", f"{PAPER}, proof of Lemma 3.3", "step"),
    Claim("G-L3.4", "||W - W(0)||_F <= R gives lambda_min(G) >= lambda_0/2", f"{PAPER}, Lemma 3.4", "step"),
    Claim(
        "G-L3.4.norm",
        "false with the spectral norm: ||W - W(0)|| <= R does not give lambda_min(G) >= lambda_0/2",
        f"our own, on {PAPER}, Lemma 3.4",
        "erratum",
        required=False,
    ),
    Claim("G-L3.5.i", "flow: lambda_min(G(t)) >= lambda_0/2", f"{PAPER}, Lemma 3.5 (i)", "step"),
    Claim(
        "G-L3.5.ii",
        "flow: ||u(t) - u(0)|| <= (8 c sqrt(n)/lambda_0) ||r(0)||; false as printed, for ||u(t)||",
        f"{PAPER}, Lemma 3.5 (ii), repaired",
        "erratum",
    ),
    Claim(
        "G-L3.5.iii",
        "flow: ||v(t) - v(0)|| <= (4 c sqrt(n)/lambda_0) ||r(0)||; false as printed, for ||v(t)||",
        f"{PAPER}, Lemma 3.5 (iii), repaired",
        "erratum",
    ),
    Claim("G-L3.5.iv", "flow: ||W(t)|| <= 2 c sqrt(m)", f"{PAPER}, Lemma 3.5 (iv)", "step"),
    Claim("G-L3.5.v", "flow: ||A(t)|| <= 2 c sqrt(m)", f"{PAPER}, Lemma 3.5 (v)", "step"),
    Claim("G-T3.1.chain", "H >= G along the flow", f"{PAPER}, proof of Theorem 3.1", "step"),
    Claim(
        "G-T3.1.sharp",
        "d||r||^2/dt = -2 r^T H r, integrated, and <= -2 lambda_min(H) ||r||^2; off slides along kinks",
        "our own, from the proof of Theorem 3.1",
        "step",
        required=False,
    ),
    Claim("G-T3.1", "flow: ||r(t)||^2 <= exp(-lambda_0 t) ||r(0)||^2", f"{PAPER}, Theorem 3.1", "conclusion"),
    Claim(
        "G-T3.1.law",
        "m >= C (n^2/lambda_0^2) log(n/delta) gives lambda_min(G(0)) >= 3/4 lambda_0, one C for all n",
        f"{PAPER}, Theorem 3.1",
        "step",
        required=False,
    ),
    Claim(
        "G-L3.6",
        "descent: lambda_min(G(k)) >= lambda_0/2 and ||A(k)||, ||W(k)|| <= 2 c sqrt(m)",
        f"{PAPER}, Lemma 3.6",
        "step",
    ),
    Claim(
        "G-L3.6.u",
        "descent: ||u(k) - u(0)|| <= (16 c sqrt(n)/lambda_0) ||r(0)||; false as printed, for ||u(k)||",
        f"{PAPER}, Lemma 3.6, repaired",
        "erratum",
    ),
    Claim(
        "G-L3.6.v",
        "descent: ||v(k) - v(0)|| <= (8 c sqrt(n)/lambda_0) ||r(0)||; false as printed, for ||v(k)||",
        f"{PAPER}, Lemma 3.6, repaired",
        "erratum",
    ),
    Claim(
        "G-T3.2",
        "descent: ||r(k)||^2 <= (1 - alpha lambda_0/2)^k ||r(0)||^2",
        f"{PAPER}, Theorem 3.2",
        "conclusion",
    ),
)

#: Claims about flow and descent, which are not followed where a premise fails at time 0.
FOLLOWED = tuple(
    claim.id
    for claim in CLAIMS
    if claim.id.startswith(("G-L3.5", "G-L3.6", "G-T3")) and claim.id != "G-T3.1.law"
)

Array = NDArray[np.float64]

#: The default horizon lets exp(-2 lambda_min(H(0)) t) fall by exp(-HORIZON_EXPONENT).
HORIZON_EXPONENT = 6.0

#: Descent steps for the claims about descent, and for the search of the largest step that keeps them.
DESCENT_STEPS = 15

#: Inputs closer to parallel than this have a lambda_0 ~ angle^2/4 below the rounding of G^inf.
PARALLEL_ANGLE = 1e-7

#: Closer targets equal the outputs to the accuracy of equilibria, 1e-9 of them along the flow.
LEAST_ALIGNMENT = 1e-6

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
IDENTITY_RESOLUTION = 1e-3

#: The energy identity may not be vaguer than a tenth of what it measures.
ENERGY_RESOLUTION = 0.1

#: A slope known no better than this could not tell -1/2 from -1.
SLOPE_RESOLUTION = 0.2

#: Failure probability in `m >= C (n^2/lambda_0^2) log(n/delta)`, where it enters by its logarithm.
DELTA = 0.05

#: Chance of a random matrix beyond a bound that is called safe here.
RARE = 1e-6

#: Widths and repetitions of the scaling laws.
NORM_WIDTHS, NORM_REPEATS = (64, 128, 256), 12
GRAM_WIDTHS, GRAM_REPEATS = (128, 512, 2048, 8192), 60

#: ||A|| / (2 sqrt(m)) = 1 - TRACY_WIDOM m^(-2/3): the mean edge of a square Gaussian matrix.
TRACY_WIDOM = 0.38

#: Random features of the Monte-Carlo check of G^inf, in batches for a standard error.
MONTE_CARLO_BATCHES, MONTE_CARLO_WIDTH = 40, 5000

#: Matrices W on the sphere of Lemma 3.4, and ascents towards a bad one.
RANDOM_WEIGHTS, ASCENTS = 8, 12

#: Samples and width at which Lemma 3.4 with the spectral norm fails; the first is the smallest power of
#: two that leaves room.
COUNTEREXAMPLE = (256, 16_000)

#: Samples, draws, and widths tried in the law of the width that the data need.
LAW_SAMPLES, LAW_REPEATS, LAW_STEP, LAW_STEPS = (8, 16, 32, 64), 12, 32, 120

#: Sweeps from z = 0 in the check of the contraction.
CONTRACTION_SWEEPS = 12

#: Times at which the companion flow from labels near yhat(0) is checked.
NEAR_POINTS = 9


class Setting(BaseSetting):
    """What can be varied."""

    GROUPS: ClassVar[Mapping[str, Sequence[str]]] = {
        "Network": ("width", "gamma", "seed"),
        "Data": ("data", "samples", "classes", "perturb", "labels", "alignment"),
        "Flow": ("horizon", "points", "tolerance", "dtype", "device"),
        "Descent": ("step",),
    }

    width: int = Field(1000, ge=2, le=20_000, examples=[400], description="width m: number of hidden units")
    samples: int | None = Field(
        None, ge=2, le=5000, examples=[50], description="samples n; default 50, or all rows of a file"
    )
    data: str = Field(
        "digits", examples=["sphere"], description="data set: digits, sphere, or a file FILE.npz"
    )
    classes: str = Field(
        "0,1", examples=["3,8"], description="the two classes of digits or of a file, coded -1 and +1"
    )
    gamma: float | None = Field(
        None,
        gt=0,
        lt=1,
        examples=[0.1],
        description="scale of A; default min(1/2, 1/(4c)) with c = max(||A(0)||, ||W(0)||)/sqrt(m)",
    )
    labels: Literal["data", "aligned"] = Field(
        "data",
        description="targets: those of the data, or at a distance from yhat(0) along the slowest "
        "direction of H(0), where the sharp bound is tight",
    )
    alignment: float = Field(
        0.1,
        ge=LEAST_ALIGNMENT,
        le=1,
        examples=[0.01],
        description="distance of aligned targets from the initial outputs",
    )
    horizon: float | None = Field(
        None, gt=0, le=1e12, examples=[10], description="flow time T; default 3/lambda_min(H(0))"
    )
    points: int = Field(
        41, ge=9, le=10_000, examples=[81], description="times at which everything is checked"
    )
    tolerance: float = Field(
        1e-2,
        ge=1e-6,
        le=0.1,
        examples=[1e-3],
        description="relative error of the residual that a step may make",
    )
    step: float | None = Field(
        None, gt=0, le=1e6, examples=[1e-6], description="step of descent; default lambda_0/n^2"
    )
    dtype: Literal["float64", "float32"] = Field(
        "float64", description="precision of the flow; descent and derivatives are in float64 always"
    )
    device: Literal["cpu", "cuda"] = Field("cpu", description="where flow and descent are computed")
    perturb: float = Field(
        0.0,
        ge=0,
        le=1,
        examples=[0.01],
        description="noise, relative to norm 1, added to inputs that are parallel to others",
    )

    @field_validator("classes")
    @classmethod
    def _two_classes(cls, text: str) -> str:
        words = text.split(",")
        if len(words) != 2 or not all(word.strip().lstrip("-").isdigit() for word in words):
            raise ValueError("it should be two whole numbers with a comma between")
        if int(words[0]) == int(words[1]):
            raise ValueError("the two classes should differ")
        return text


def build(setting: Setting) -> ReluProblem:
    """Data, the network at its start, lambda_0 and the constants that the data set.

    InputError for unusable data; HypothesisError for parallel inputs and where nothing contracts.
    """
    placement = Placement(setting.dtype, setting.device)
    rng = np.random.default_rng(setting.seed)
    drawn = _draw(setting, rng)
    inputs, notes = _without_parallels(drawn.features, setting.perturb, rng)
    targets = drawn.targets[0]
    limit = arc_cosine_kernel(inputs)
    lambda_0 = float(np.linalg.eigvalsh(limit)[0])
    theta = Parameters.random(setting.width, len(inputs), rng)
    norms = (float(np.linalg.norm(theta.a, 2)), float(np.linalg.norm(theta.w, 2)))
    c = max(norms) / np.sqrt(setting.width)
    model = ImplicitReLU(inputs, setting.width, setting.gamma or min(0.5, 1 / (4 * c)))
    try:
        start = model.at(theta)
    except NoEquilibriumError:
        raise HypothesisError(
            f"no equilibrium: gamma ||A(0)||/sqrt(m) = {model.coupling * norms[0]:.3g}, and Lemma 2.2 needs "
            f"less than 1: use --gamma {0.5 / c:.2g} or less"
        ) from None
    dead = np.flatnonzero(~start.phi.any(axis=0))
    if len(dead):
        raise HypothesisError(
            f"input {dead[0]} excites none of the {setting.width} units, so that lambda_min(G(0)) = 0 at "
            "time 0: raise --width"
        )
    values, vectors = np.linalg.eigh(start.kernel_parts(start).sum(axis=0))
    if setting.labels == "aligned":
        targets = start.output - setting.alignment * vectors[:, 0]
    return ReluProblem(
        start,
        targets,
        limit,
        lambda_0,
        norms,
        setting.horizon or HORIZON_EXPONENT / (2 * float(max(values[0], EPS * values[-1]))),
        setting.points,
        setting.tolerance,
        setting.step or max(lambda_0, EPS) / len(targets) ** 2,
        DESCENT_STEPS,
        setting.seed,
        placement,
        {"data": setting.data, "digest": drawn.digest},
        notes,
    )


def cost(setting: Setting) -> Cost:
    """What a run will take, about; InputError for unusable data, which are read here."""
    samples = setting.samples or 50
    if setting.data != "sphere":
        samples = _draw(setting, np.random.default_rng(setting.seed)).samples
    return relu_cost(setting.width, samples, setting.points, single=setting.dtype == "float32")


def _draw(setting: Setting, rng: np.random.Generator) -> datasets.Data:
    first, second = (int(word) for word in setting.classes.split(","))
    if setting.data == "digits":
        return datasets.unit_digits((first, second), setting.samples or 50, rng)
    if setting.data == "sphere":
        return datasets.sphere(setting.samples or 50, rng)
    return datasets.unit_file(Path(setting.data), (first, second), setting.samples, rng)


def _without_parallels(
    inputs: Array, noise: float, rng: np.random.Generator
) -> tuple[Array, tuple[str, ...]]:
    """Inputs with noise on those parallel to an earlier one; HypothesisError without noise."""
    angle = angles(inputs)
    parallel = np.triu(np.minimum(angle, np.pi - angle) <= PARALLEL_ANGLE, 1)
    if not parallel.any():
        return inputs, ()
    i, j = np.argwhere(parallel)[0]
    if noise == 0:
        raise HypothesisError(
            f"inputs {i} and {j} are parallel (Assumption 2): drop one, or use --perturb 0.01, for noise"
        )
    later = parallel.any(axis=0)
    inputs = inputs.copy()
    shape = (len(inputs), int(later.sum()))
    inputs[:, later] += noise * rng.standard_normal(shape) / np.sqrt(len(inputs))
    inputs = datasets.unit_columns(inputs, "perturbed inputs")
    return inputs, (f"noise of size {noise:g} was added to {later.sum()} inputs parallel to others",)


def integrate(problem: ReluProblem, progress: Progress) -> ReluTrajectory:
    """Gradient flow in (A, W, u, v), observed at every checked time; at 0 alone where nothing is promised."""
    broken = [check.claim for check in premises(problem) if check.verdict is Verdict.NOT_APPLICABLE]
    return train(
        problem,
        lambda share: progress("gradient flow", share, 1.0),
        # Without a contraction nothing is known of the derivatives either.
        probed=not broken or problem.model.coupling * problem.norms[0] < 1,
        ended=f"{' and '.join(broken)} does not hold at time 0" if broken else "",
    )


def check(problem: ReluProblem, path: ReluTrajectory) -> Iterator[Check]:
    """The hypotheses, every lemma, both theorems and their errata."""
    yield from hypotheses(problem)
    yield from initial_norm(problem)
    yield from contraction(problem, path)
    yield from gradients(path)
    yield from dynamics(path)
    yield from limit_kernel(problem)
    yield gram_at_start(problem)
    yield gram_law(gram_deviations(problem))
    yield weights_near_start(problem)
    yield from spectral_counterexample()
    yield width_law(problem.seed)
    if len(path.times) < 2:
        message = f"not followed from time 0: {path.lost}"
        yield from (not_applicable(claim, "along flow and descent", message) for claim in FOLLOWED)
        return
    near = near_labels(problem)
    descent = descend(problem, problem.step, problem.steps)
    yield from along_flow(problem, path)
    yield from output_weights(problem, path, near)
    yield from (_sliding(path, check) for check in sharp_chain(path))
    yield conclusion(problem, path)
    yield from along_descent(problem, descent)
    yield from output_weights_descent(problem, descent, near)
    yield from descent_conclusion(problem, descent)


def hypotheses(problem: ReluProblem) -> list[Check]:
    """Assumption 2, the condition on gamma, and the premise of Lemmas 3.4 to 3.6."""
    norms = np.linalg.norm(problem.model.inputs, axis=0)
    angle = angles(problem.model.inputs)
    np.fill_diagonal(angle, np.pi / 2)
    rounding = {"rounding": EPS * len(problem.model.inputs)}
    return [
        equal("G-A2", "||x_i||", norms, 1.0, budget=rounding),
        at_least(
            "G-A2",
            "smallest angle of two inputs, modulo pi",
            float(np.minimum(angle, np.pi - angle).min()),
            PARALLEL_ANGLE,
            budget=rounding,
        ),
        *premises(problem),
    ]


def premises(problem: ReluProblem) -> list[Check]:
    """The hypotheses of both theorems that a setting may break, and that are known at time 0."""
    return [gamma_condition(problem), premise_at_start(problem)]


def gamma_condition(problem: ReluProblem) -> Check:
    """gamma <= min(1/2, 1/(4c)); the default is the largest allowed, which meets it with equality."""
    gamma, largest = problem.model.gamma, min(0.5, 1 / (4 * problem.norm_constant))
    compare = equal if abs(gamma - largest) <= 4 * EPS else at_most
    return _hypothesis(
        compare("G-gamma", "gamma, min(1/2, 1/(4c))", gamma, largest, budget={"rounding": 4 * EPS}),
        f"gamma exceeds min(1/2, 1/(4c)), c = {problem.norm_constant:.4g}: use --gamma {largest:.3g} or less",
    )


def premise_at_start(problem: ReluProblem) -> Check:
    """``lambda_min(G(0)) >= 3/4 lambda_0``, stated sharply and tested so."""
    relative = float(np.linalg.eigvalsh(problem.start.gram)[0]) / problem.lambda_0
    return _hypothesis(
        at_least(
            "G-start",
            "lambda_min(G(0)) / lambda_0",
            relative,
            0.75,
            budget={"eigenvalue": _gram_error(problem) / abs(problem.lambda_0)},
            advice="lambda_0 is of the size of rounding: drop inputs that are nearly parallel",
        ),
        f"lambda_min(G(0)) = {relative:.3g} lambda_0 is below 3/4 lambda_0 at time 0: C in "
        f"m >= C (n^2/lambda_0^2) log(n/delta) must exceed {_width_ratio(problem):.2g}; raise --width",
    )


def _hypothesis(check: Check, message: str) -> Check:
    """A hypothesis that does not hold is no violation: the theorem is silent."""
    if check.verdict is not Verdict.VIOLATED:
        return check
    return replace(check, verdict=Verdict.NOT_APPLICABLE, message=message)


def _gram_error(problem: ReluProblem) -> float:
    """Error of an eigenvalue of G or G^inf: rounding of sums of m terms and of the eigensolver."""
    n = problem.samples
    return 4 * (n + float(np.sqrt(problem.model.width))) * EPS * float(np.trace(problem.limit))


def _width_ratio(problem: ReluProblem) -> float:
    """``m / ((n^2/lambda_0^2) log(n/delta))``: the constant C that the condition of Theorem 3.1 meets."""
    n = problem.samples
    return float(problem.model.width * problem.lambda_0**2 / (n**2 * np.log(n / DELTA)))


def _lemma_ratio(problem: ReluProblem) -> float:
    """``m / (c^2 n ||X||^2 ||r(0)||^2 / lambda_0^3)``: the same for Lemma 3.5."""
    needed = problem.norm_constant**2 * problem.samples * (problem.input_norm * problem.initial_residual) ** 2
    return problem.model.width * problem.lambda_0**3 / needed


def _promised(problem: ReluProblem, check: Check, ratio: float | None) -> Check:
    """What a statement with an unspecified constant says of one instance.

    Where a hypothesis fails it says nothing. Where all hold but the conclusion fails, the constant C
    of the width exceeds `ratio`, and that is all that is refuted.
    """
    broken = [
        hypothesis.claim for hypothesis in premises(problem) if hypothesis.verdict is Verdict.NOT_APPLICABLE
    ]
    if broken:
        here = "holds here all the same" if check.verdict is Verdict.VERIFIED else f"here {check.verdict}"
        message = f"promised only under {' and '.join(broken)}; {here}"
        return replace(check, verdict=Verdict.NOT_APPLICABLE, message=message)
    if check.verdict is not Verdict.VIOLATED or ratio is None:
        return check
    at = ", ".join(f"{name} {value:.4g}" for name, value in check.where.items())
    message = f"fails at {at}: C in the condition on the width must exceed {ratio:.2g}; raise --width"
    return replace(check, verdict=Verdict.NOT_APPLICABLE, message=message)


def initial_norm(problem: ReluProblem, factor: float = 2.0, slope: float = 0.5) -> list[Check]:
    """Lemma 2.1 for this A(0), with the sharp Gaussian constants, and as a law over m.

    ``P(||A|| > 2 sqrt(m) + t) <= exp(-t^2/2)`` (Davidson and Szarek 2001).
    """
    t = np.sqrt(2 * np.log(1 / RARE))
    width = problem.model.width
    rng = np.random.default_rng(problem.seed)
    samples = np.array(
        [
            [np.linalg.norm(rng.standard_normal((size, size)), 2) for _ in range(NORM_REPEATS)]
            for size in NORM_WIDTHS
        ]
    )
    law = power_law(NORM_WIDTHS, samples)
    finite = TRACY_WIDOM * NORM_WIDTHS[0] ** (-2 / 3) / np.log(NORM_WIDTHS[-1] / NORM_WIDTHS[0])
    return [
        at_most(
            "G-L2.1",
            f"||A(0)||, {factor:g} sqrt(m) + {t:.3g}",
            problem.norms[0],
            factor * np.sqrt(width) + t,
            budget={"rounding": width * EPS * problem.norms[0]},
        ),
        equal(
            "G-L2.1",
            f"slope of log ||A|| over log m, {len(NORM_WIDTHS)} widths",
            law.slope,
            slope,
            budget={"sampling": law.half_width, "finite width": finite},
            resolution=SLOPE_RESOLUTION,
        ),
    ]


def contraction(problem: ReluProblem, path: ReluTrajectory, power: float = 1.0) -> list[Check]:
    """Lemma 2.2: sweeps from z = 0 contract by gamma_0 = gamma~ ||A||, and z stays below its bound.

    gamma~ ||A(t)|| < 1 is what keeps the network well posed along the flow.
    """
    model, theta, phi = problem.model, problem.start.theta, problem.start.phi
    gamma_0 = model.coupling * problem.norms[0]
    sweeps = [np.zeros_like(phi)]
    for _ in range(CONTRACTION_SWEEPS):
        sweeps.append(np.maximum(model.coupling * (theta.a @ sweeps[-1]) + phi, 0.0))
    changes = np.linalg.norm(np.diff(sweeps, axis=0), axis=1)
    sizes = np.linalg.norm(phi, axis=0)
    # Below this, rounding of z is a tenth of a percent of a change.
    kept = changes[:-1] > 1e3 * np.sqrt(model.width) * EPS * sizes
    ratios = changes[1:][kept] / changes[:-1][kept]
    norm_bounds = np.linalg.norm(sweeps[1:], axis=1) / sizes
    bound = 1 / np.maximum(1 - path.contraction, EPS)
    along = [
        at_most(
            "G-L2.2",
            "||z|| / ||phi|| along the flow, 1/(1 - gamma~ ||A(t)||)",
            path.growth,
            bound,
            budget={
                "accuracy": path.accuracy * np.sqrt(problem.samples) * bound,
                "norm": model.coupling * path.norm_errors[:, 0] * bound**2,
            },
            where={"time": path.times},
        ),
        at_most(
            "G-L2.2",
            "gamma~ ||A(t)||, well posed below 1",
            path.contraction,
            1.0,
            budget={"norm": model.coupling * path.norm_errors[:, 0]},
            where={"time": path.times},
            advice="the path moved far from its start: lower --gamma or raise --width",
        ),
    ]
    return [
        at_most(
            "G-L2.2",
            "||z^(l+1) - z^l|| / ||z^l - z^(l-1)||, gamma_0",
            ratios,
            gamma_0**power,
            budget={"rounding": 2e-3 * ratios},
        ),
        at_most(
            "G-L2.2",
            "||z^l|| / ||phi|| at time 0, 1/(1 - gamma_0)",
            norm_bounds.max(),
            1 / (1 - gamma_0) if gamma_0 < 1 else np.inf,
            budget={"rounding": model.width * EPS},
        ),
        *(_well_posed(path, check) for check in along),
    ]


def _well_posed(path: ReluTrajectory, check: Check) -> Check:
    """Where gamma~ ||A(t)|| reaches 1 the lemma says nothing more, whatever the network still does."""
    lost = np.flatnonzero(path.contraction >= 1)
    if not len(lost):
        return check
    message = f"gamma~ ||A(t)|| reaches 1 at time {path.times[lost[0]]:.4g}: lower --gamma or raise --width"
    return replace(check, verdict=Verdict.NOT_APPLICABLE, message=message)


def gradients(path: ReluTrajectory) -> list[Check]:
    """Lemma 2.3: I - gamma~ D A stays away from singular, and the closed forms are the derivatives."""
    state = path.problem.start
    matrix = np.eye(state.model.width) - state.model.coupling * (state.z[:, :1] > 0) * state.theta.a
    smallest = 1 / float(np.linalg.norm(np.linalg.inv(matrix), 2))
    gamma_0 = float(path.contraction[0])
    return [
        at_least(
            "G-L2.3",
            "sigma_min(I - gamma~ D A), sample 0, 1 - gamma_0",
            smallest,
            1 - gamma_0,
            budget={"rounding": state.model.width * EPS},
        ),
        *(gradient_match(at) for at in path.probes),
        *(move_match(at, state.model.width) for at in path.probes),
        *_unprobed(path, "G-L2.3"),
    ]


def _unprobed(path: ReluTrajectory, claim: str) -> list[Check]:
    """What a claim about derivatives is where nothing contracts, so that none were taken."""
    if path.probes:
        return []
    message = f"gamma~ ||A(0)|| = {path.contraction[0]:.3g} is not below 1: lower --gamma"
    return [not_applicable(claim, "derivatives by complex step", message)]


def gradient_match(at: Probe) -> Check:
    """Directional derivatives of the outputs in closed form against complex steps."""
    return equal(
        "G-L2.3",
        f"J w, closed form against complex step, t = {at.time:.3g}",
        float(np.linalg.norm(at.closed - at.derivative) / np.linalg.norm(at.derivative)),
        0.0,
        budget={"rounding": at.rounding},
        where={"time": at.time},
        resolution=IDENTITY_RESOLUTION,
        advice="gamma~ ||A|| is close to 1: lower --gamma",
    )


def move_match(at: Probe, width: int) -> Check:
    """The move that the integrator makes is along J^T c: its product with w is that of c with J w.

    w is of size 1 in each of some m^2 entries, and so is what rounds in the parameters.
    """
    return equal(
        "G-L2.3",
        f"<w, J^T c> as the flow moves, <J w, c> by complex step, t = {at.time:.3g}",
        at.pairing,
        at.paired,
        budget={
            "rounding of the move": 10 * EPS * width / MOVE,
            "derivative": at.rounding * float(np.linalg.norm(at.derivative)),
        },
        where={"time": at.time},
        resolution=IDENTITY_RESOLUTION,
        advice="gamma~ ||A|| is close to 1: lower --gamma",
    )


def dynamics(path: ReluTrajectory) -> list[Check]:
    """Lemma 3.1 in both forms: the all-ones matrix holds, the printed identity matrix is refuted."""
    if not path.probes:
        return _unprobed(path, "G-L3.1")
    worst = max(path.probes, key=lambda at: at.gap(_printed(at.parts)))
    return [
        *(kernel_match(at, at.parts, "11^T") for at in path.probes),
        at_least(
            "G-L3.1",
            "erratum: ||dyhat/dt + H r|| / ||dyhat/dt||, printed with I_n, is not 0",
            worst.gap(_printed(worst.parts)),
            0.0,
            budget={"rounding": worst.rounding * worst.cancellation},
            where={"time": worst.time},
            advice="the two forms agree here",
        ),
    ]


def kernel_match(at: Probe, parts: Array, form: str) -> Check:
    """``dyhat/dt = -H r`` at one time, H the sum of `parts`, dyhat/dt by complex step."""
    return equal(
        "G-L3.1",
        f"||dyhat/dt + H r|| / ||dyhat/dt||, H with {form}, t = {at.time:.3g}",
        at.gap(parts),
        0.0,
        budget={"rounding": at.rounding * at.cancellation},
        where={"time": at.time},
        resolution=IDENTITY_RESOLUTION,
        advice="gamma~ ||A|| is close to 1: lower --gamma",
    )


def _printed(parts: Array) -> Array:
    """The parts of H as Lemma 3.1 prints them: I_n o Z^T Z for Z^T Z."""
    printed = parts.copy()
    printed[2] = np.diag(np.diag(parts[2]))
    return printed


def limit_kernel(problem: ReluProblem) -> list[Check]:
    """Lemma 3.2: lambda_0 > 0, G^inf against Monte Carlo, and what becomes of lambda_0 as inputs meet."""
    return [
        at_least(
            "G-L3.2",
            "lambda_0 = lambda_min(G^inf)",
            problem.lambda_0,
            0.0,
            budget={"eigenvalue": _gram_error(problem)},
            advice="inputs are nearly parallel: drop some, or use --perturb",
        ),
        monte_carlo(problem, problem.limit),
        *(closing_inputs(angle) for angle in (1e-1, 1e-3)),
    ]


def monte_carlo(problem: ReluProblem, kernel: Array) -> Check:
    """A kernel claimed to be G^inf against the mean over random features, entry by entry together."""
    rng = np.random.default_rng(problem.seed)
    batches = np.array(
        [
            sampled_kernel(problem.model.inputs, MONTE_CARLO_WIDTH, rng) - kernel
            for _ in range(MONTE_CARLO_BATCHES)
        ]
    )
    size = float(np.linalg.norm(kernel))
    error = float(np.linalg.norm(batches.std(axis=0, ddof=1))) / np.sqrt(MONTE_CARLO_BATCHES)
    return equal(
        "G-L3.2",
        "||G^inf - Monte Carlo||_F / ||G^inf||_F",
        float(np.linalg.norm(batches.mean(axis=0))) / size,
        0.0,
        budget={"sampling": STANDARD_ERRORS * error / size},
        resolution=0.1,
    )


def closing_inputs(angle: float, limit: float = 0.25) -> Check:
    """Two inputs at a small angle t: ``lambda_0 / t^2 = 1/4 - t/(6 pi) + O(t^2)``."""
    pair = np.array([[1.0, np.cos(angle)], [0.0, np.sin(angle)]])
    smallest = float(np.linalg.eigvalsh(arc_cosine_kernel(pair))[0])
    return equal(
        "G-L3.2",
        f"lambda_0 / t^2 of two inputs at angle t = {angle:g}",
        smallest / angle**2,
        limit - angle / (6 * np.pi),
        budget={"next order": angle**2, "rounding": 4 * EPS / angle**2},
    )


def gram_at_start(problem: ReluProblem) -> Check:
    """Lemma 3.3 in this instance; lambda_min(G(0)) >= 3/4 lambda_0 is what the rest needs of it."""
    check = at_most(
        "G-L3.3",
        "||G(0) - G^inf|| / lambda_0",
        float(np.linalg.norm(problem.start.gram - problem.limit, 2)) / problem.lambda_0,
        0.25,
        budget={"rounding": _gram_error(problem) / abs(problem.lambda_0)},
    )
    return _hypothesis(
        check, f"C in m >= C (n^2/lambda_0^2) log(n/delta) must exceed {_width_ratio(problem):.2g}"
    )


def gram_deviations(problem: ReluProblem) -> PowerLaw:
    """Mean square of ``||G(0) - G^inf||_F`` over widths, which is exactly proportional to 1/m."""
    rng = np.random.default_rng(problem.seed)
    squares = [
        [
            np.sum((sampled_kernel(problem.model.inputs, size, rng) - problem.limit) ** 2)
            for _ in range(GRAM_REPEATS)
        ]
        for size in GRAM_WIDTHS
    ]
    return power_law(GRAM_WIDTHS, np.array(squares))


def gram_law(squares: PowerLaw, slope: float = -0.5) -> Check:
    """``(E ||G(0) - G^inf||_F^2)^(1/2)`` falls as ``m^slope``."""
    return equal(
        "G-L3.3.law",
        f"slope of log ||G(0) - G^inf||_F over log m, {len(GRAM_WIDTHS)} widths",
        squares.slope / 2,
        slope,
        budget={"sampling": squares.half_width / 2},
        resolution=SLOPE_RESOLUTION,
    )


def weights_near_start(problem: ReluProblem) -> Check:
    """Lemma 3.4 on the sphere ``||W - W(0)||_F = R``: random W, and W that ascend to a small eigenvalue.

    The gradient of ``lambda_min(G) = ||Phi q||^2`` in W is ``(2/sqrt(m)) sum_i (E_i Phi q) q_i x_i^T``.
    """
    radius = (
        np.sqrt(problem.model.width) * problem.lambda_0 / (16 * problem.norm_constant * problem.input_norm**2)
    )
    rng = np.random.default_rng(problem.seed)
    lowest = [
        _smallest_gram(problem, radius, rng.standard_normal(problem.start.theta.w.shape))[0]
        for _ in range(RANDOM_WEIGHTS)
    ]
    direction = -_smallest_gram(problem, 0.0, np.ones_like(problem.start.theta.w))[1]
    for _ in range(ASCENTS):
        value, gradient = _smallest_gram(problem, radius, direction)
        lowest.append(value)
        direction = -gradient
    check = at_least(
        "G-L3.4",
        f"lambda_min(G) / lambda_0, {RANDOM_WEIGHTS} random and {ASCENTS} adversarial W at distance R",
        np.array(lowest) / problem.lambda_0,
        0.5,
        budget={"eigenvalue": _gram_error(problem) / abs(problem.lambda_0)},
        advice="lambda_0 is of the size of rounding: drop inputs that are nearly parallel",
    )
    return _promised(problem, check, None)


def _smallest_gram(problem: ReluProblem, radius: float, direction: Array) -> tuple[float, Array]:
    """``lambda_min(G)`` and its gradient at ``W(0) + radius direction / ||direction||_F``."""
    inputs, width = problem.model.inputs, problem.model.width
    size = float(np.linalg.norm(direction))  # 0 where the eigenvalue is at its minimum, 0
    w = problem.start.theta.w + (radius / size if size > 0 else 0.0) * direction
    phi = np.maximum(w @ inputs, 0.0) / np.sqrt(width)
    values, vectors = np.linalg.eigh(phi.T @ phi)
    q = vectors[:, 0]
    gradient = ((phi > 0) * (phi @ q)[:, None] * q) @ inputs.T
    return float(values[0]), gradient


@functools.cache
def spectral_counterexample(factor: float = 1.0) -> tuple[Check, Check]:
    """Lemma 3.4 read with the spectral norm of W - W(0) is false: orthonormal inputs, c = ||W(0)||/sqrt(m).

    ``Phi q`` shrinks most, to first order, by ``-R`` times the polar factor of ``E o (Phi q) q^T``, whose
    singular values are all 1: its Frobenius norm is sqrt(n) times what the lemma's proof allows.
    """
    n, width = COUNTEREXAMPLE
    start = np.random.default_rng(0).standard_normal((width, n))
    lambda_0 = float(np.linalg.eigvalsh(arc_cosine_kernel(np.eye(n)))[0])
    c = float(np.linalg.norm(start, 2)) / np.sqrt(width)
    radius = factor * np.sqrt(width) * lambda_0 / (16 * c)
    phi = np.maximum(start, 0.0) / np.sqrt(width)
    values, vectors = np.linalg.eigh(phi.T @ phi)
    q = vectors[:, 0]
    polar, _ = scipy.linalg.polar((phi > 0) * np.outer(phi @ q, q))
    moved = np.maximum(start - radius * polar, 0.0) / np.sqrt(width)
    lowest = float(np.linalg.eigvalsh(moved.T @ moved)[0])
    budget = {"eigenvalue": 4 * (n + float(np.sqrt(width))) * EPS * n}
    setting = f"m = {width}, n = {n}, x_i orthonormal"
    return (
        at_least(
            "G-L3.4.norm",
            f"premise: lambda_min(G(0)) / lambda_0, {setting}",
            float(values[0]) / lambda_0,
            0.75,
            budget=budget,
        ),
        at_most(
            "G-L3.4.norm",
            f"erratum: lambda_min(G) / lambda_0 at spectral distance {factor:g} R, {setting}",
            lowest / lambda_0,
            0.5,
            budget=budget,
        ),
    )


@functools.cache
def width_law(seed: int, of_samples: float = 2.0, of_lambda: float = 2.0) -> Check:
    """How the C of ``m >= C (n^2/lambda_0^2) log(n/delta)`` that the data need goes with n.

    The width needed is the first beyond which ``lambda_min(G(0)) >= 3/4 lambda_0`` for good, in the mean
    over draws of data and W. A C that grows would refute the condition for every C; one that falls says
    that less is enough. `of_samples` and `of_lambda` are the powers of n and of 1/lambda_0.
    """
    rng = np.random.default_rng(seed)
    constants = np.array(
        [
            [
                width * lambda_0**of_lambda / (n**of_samples * np.log(n / DELTA))
                for width, lambda_0 in (_needed_width(n, rng) for _ in range(LAW_REPEATS))
            ]
            for n in LAW_SAMPLES
        ]
    )
    law = power_law(LAW_SAMPLES, constants)
    return at_most(
        "G-T3.1.law",
        f"slope of log C over log n, n = {LAW_SAMPLES[0]} to {LAW_SAMPLES[-1]}",
        law.slope,
        0.0,
        budget={"sampling": law.half_width},
        resolution=1.0,
    )


def _needed_width(samples: int, rng: np.random.Generator) -> tuple[float, float]:
    """The width that one draw of the sphere data and of W needs, to LAW_STEP, and its lambda_0."""
    inputs = datasets.sphere(samples, rng).features
    lambda_0 = float(np.linalg.eigvalsh(arc_cosine_kernel(inputs))[0])
    widths = LAW_STEP * np.arange(1, LAW_STEPS + 1)
    blocks = (LAW_STEP * sampled_kernel(inputs, LAW_STEP, rng) for _ in widths)
    lowest = [np.linalg.eigvalsh(total / m)[0] for total, m in zip(accumulate(blocks), widths, strict=True)]
    below = np.flatnonzero(np.array(lowest) < 0.75 * lambda_0)
    return float(widths[below[-1] + 1 if len(below) else 0]), lambda_0


def along_flow(problem: ReluProblem, path: ReluTrajectory) -> list[Check]:
    """Lemma 3.5 (i), (iv), (v)."""
    ratio = _lemma_ratio(problem)
    bound = 2 * problem.norm_constant * np.sqrt(problem.model.width)
    where = {"time": path.times}
    gram = at_least(
        "G-L3.5.i",
        "lambda_min(G(t)) / lambda_0",
        path.gram_minimum / problem.lambda_0,
        0.5,
        budget={"eigenvalue": path.gram_error / abs(problem.lambda_0)},
        where=where,
        advice="lambda_0 is of the size of rounding: drop inputs that are nearly parallel",
    )
    norms = [
        at_most(
            f"G-L3.5.{item}",
            f"||{name}(t)||, 2 c sqrt(m)",
            path.norms[:, column],
            bound,
            budget={"norm": path.norm_errors[:, column]},
            where=where,
        )
        for item, name, column in (("iv", "W", 1), ("v", "A", 0))
    ]
    return [_promised(problem, check, ratio) for check in (gram, *norms)]


def near_labels(problem: ReluProblem) -> ReluTrajectory:
    """The flow from labels so close to yhat(0) that the bounds of u and v as printed fail at its start.

    Half the distance at which the loosest of them, that of u in Lemma 3.6, begins to fail, and no further
    than the width condition of the lemma allows with C = 1, so that its premise is met.
    """
    c, n, width = problem.norm_constant, problem.samples, problem.model.width
    fails_at = np.sqrt(width) * problem.lambda_0 / (32 * c * np.sqrt(n))
    condition = np.sqrt(width * problem.lambda_0**3 / n) / (c * problem.input_norm)
    distance = min(0.5 * fails_at, condition)
    away = problem.start.output - problem.targets
    targets = problem.start.output - distance * away / np.linalg.norm(away)
    return train(replace(problem, targets=targets, points=NEAR_POINTS), lambda _: None, probed=False)


def output_weights(problem: ReluProblem, path: ReluTrajectory, near: ReluTrajectory) -> list[Check]:
    """Lemma 3.5 (ii) and (iii): refuted as printed at the start of `near`, repaired on both paths."""
    checks = []
    for item, name, column, constant in (("ii", "u", 2, 16.0), ("iii", "v", 3, 8.0)):
        claim = f"G-L3.5.{item}"
        checks.append(printed_refuted(claim, name, near, column, constant))
        for along, labels in ((path, "given labels"), (near, "near labels")):
            check = at_most(
                claim,
                f"repaired: ||{name}(t) - {name}(0)||, {labels}",
                along.distances[:, column],
                0.5 * constant * _output_scale(along.problem),
                budget={"rounding": 4 * along.precision * np.sqrt(problem.model.width) * (1 + along.steps)},
                where={"time": along.times},
            )
            checks.append(_promised(along.problem, check, _lemma_ratio(along.problem)))
    return checks


def printed_refuted(claim: str, name: str, near: ReluTrajectory, column: int, constant: float) -> Check:
    """The printed bound of ``||u(0)||`` or ``||v(0)||`` lies below it, so that (ii) or (iii) is false.

    For the labels at hand it is false from the width in the message on.
    """
    problem = near.problem
    return at_least(
        claim,
        f"erratum: ||{name}(0)||, labels {problem.initial_residual:.2g} from yhat(0), exceeds its bound",
        near.norms[0, column],
        constant * _output_scale(problem),
        budget={"rounding": problem.model.width * EPS * near.norms[0, column]},
        where={"time": 0.0},
    )


def printed_bound(near: ReluTrajectory, item: Literal["ii", "iii"]) -> Check:
    """Lemma 3.5 (ii) or (iii) as printed, along a path."""
    column, constant = {"ii": (2, 16.0), "iii": (3, 8.0)}[item]
    return at_most(
        f"G-L3.5.{item}",
        f"as printed: norm along the flow, {constant:g} c sqrt(n)/lambda_0 ||r(0)||",
        near.norms[:, column],
        constant * _output_scale(near.problem),
        budget={"rounding": near.problem.model.width * EPS * near.norms[:, column]},
        where={"time": near.times},
    )


def _output_scale(problem: ReluProblem) -> float:
    """``c sqrt(n) ||r(0)|| / lambda_0``."""
    return (
        problem.norm_constant * float(np.sqrt(problem.samples)) * problem.initial_residual / problem.lambda_0
    )


def sharp_chain(path: ReluTrajectory, factor: float = 2.0) -> list[Check]:
    """The links between what happens and lambda_0: the energy identity, lambda_min(H), H >= G."""
    later = slice(1, None)
    where = {"time": path.times}
    integral, rounding = path.integrated_lambda
    return [
        equal(
            "G-T3.1.sharp",
            "log ||r(0)||^2/||r(t)||^2, int 2 r^T H r/||r||^2",
            path.log_decay,
            0.5 * factor * path.log_energy,
            budget={"step errors": path.promised, "rounding": path.rounding + path.rounding[0]},
            where=where,
            resolution=ENERGY_RESOLUTION * float(path.log_decay[-1]),
            advice="tighten --tolerance or shorten --horizon",
        ),
        at_most(
            "G-T3.1.sharp",
            f"log ||r||^2/||r(0)||^2, -{factor:g} int lambda_min(H)",
            -path.log_decay[later],
            -factor * integral[later],
            budget={
                "integration and kinks": path.defect[later],
                "eigenvalue": factor * rounding[later],
                "rounding": (path.rounding + path.rounding[0])[later],
            },
            where={"time": path.times[later]},
            # Both sides start at 0: a point may stay undecided until the bound has fallen by 1/e.
            undecided=(factor * integral < 1)[later],
            advice="tighten --tolerance, add --points, or shorten --horizon",
        ),
        at_least(
            "G-T3.1.chain",
            "lambda_min(H), lambda_min(G)",
            path.kernel_spectrum[:, 0],
            path.gram_minimum,
            budget={"eigenvalue": path.kernel_error + path.gram_error},
            where=where,
            advice="both are of the size of rounding: drop inputs that are nearly parallel",
        ),
    ]


def _sliding(path: ReluTrajectory, check: Check) -> Check:
    """The chain is silent where outputs are not differentiable along the path, on slides along kinks.

    There H is set-valued and its one-sided values overstate the decay, by no more than the defect that
    was summed up step by step: a larger difference is a violation. What H is elsewhere has been checked
    at points, by Lemma 3.1.
    """
    if check.verdict is not Verdict.VIOLATED or -(check.slack or 0.0) > path.defect[-1] + (
        check.budget or 0.0
    ):
        return check
    message = (
        f"the path slides along kinks of its units, where dyhat/dt = -H r has no meaning: the energy "
        f"identity is {path.defect[-1]:.2g} off; raise --width"
    )
    return replace(check, verdict=Verdict.NOT_APPLICABLE, message=message)


def conclusion(problem: ReluProblem, path: ReluTrajectory) -> Check:
    """Theorem 3.1, which is Lemma 3.5 (vi), for this width."""
    return _promised(problem, decay(path, problem.lambda_0), _width_ratio(problem))


def decay(path: ReluTrajectory, rate: float) -> Check:
    """log ||r||^2 falls at `rate` at least; Theorem 3.1 has lambda_0.

    The defect of the energy identity is in the budget: the comparison is about the path at hand.
    """
    later = slice(1, None)
    return at_most(
        "G-T3.1",
        "log ||r||^2/||r(0)||^2, -lambda_0 t",
        -path.log_decay[later],
        -rate * path.times[later],
        budget={
            "integration and kinks": path.defect[later],
            "rounding": (path.rounding + path.rounding[0])[later],
        },
        where={"time": path.times[later]},
        advice="tighten --tolerance",
    )


def along_descent(problem: ReluProblem, descent: Descent) -> list[Check]:
    """Lemma 3.6 but for the items on u and v."""
    where = {"step": np.arange(len(descent.residuals))}
    bound = 2 * problem.norm_constant * np.sqrt(problem.model.width)
    checks = [
        at_least(
            "G-L3.6",
            "lambda_min(G(k)) / lambda_0",
            descent.gram_minimum / problem.lambda_0,
            0.5,
            budget={"eigenvalue": _gram_error(problem) / abs(problem.lambda_0)},
            where=where,
        ),
        *(
            at_most(
                "G-L3.6",
                f"||{name}(0)|| + ||{name}(k) - {name}(0)||_F, 2 c sqrt(m)",
                problem.norms[column] + descent.distances[:, column],
                bound,
                budget={"rounding": problem.model.width * EPS * bound},
                where=where,
            )
            for column, name in enumerate("AW")
        ),
    ]
    return [_promised(problem, check, _lemma_ratio(problem)) for check in checks]


def output_weights_descent(problem: ReluProblem, descent: Descent, near: ReluTrajectory) -> list[Check]:
    """Lemma 3.6 on u and v, with twice the constants of Lemma 3.5: refuted as printed, repaired."""
    nearby = descend(near.problem, near.problem.step, near.problem.steps)
    checks = []
    for name, column, constant in (("u", 2, 32.0), ("v", 3, 16.0)):
        claim = f"G-L3.6.{name}"
        checks.append(printed_refuted(claim, name, near, column, constant))
        for along, labels in ((descent, "given labels"), (nearby, "near labels")):
            check = at_most(
                claim,
                f"repaired: ||{name}(k) - {name}(0)||, {labels}",
                along.distances[:, column],
                0.5 * constant * _output_scale(along.problem),
                budget={"rounding": 4 * EPS * np.sqrt(problem.model.width) * (1 + problem.steps)},
                where={"step": np.arange(len(along.residuals))},
            )
            checks.append(_promised(along.problem, check, _lemma_ratio(along.problem)))
    return checks


def descent_conclusion(problem: ReluProblem, descent: Descent) -> list[Check]:
    """Theorem 3.2 at the step at hand, and how much larger a step could be."""
    small = problem.lambda_0 / problem.samples**2
    top = float(np.linalg.eigvalsh(problem.start.kernel_parts(problem.start).sum(axis=0))[-1])
    low, high = largest_step(problem, problem.steps, 2 / top)
    room = at_least(
        "G-T3.2",
        f"largest step that keeps the rate for {problem.steps} steps, lambda_0/n^2",
        low,
        small,
        budget={"bisection": high - low},
    )
    room = _promised(problem, room, _width_ratio(problem))
    message = f"2/lambda_max(H(0)) = {2 / top:.3g}" + (f"; {room.message}" if room.message else "")
    rate = descent_rate(problem, descent, problem.lambda_0)
    checked = _promised(problem, rate, _width_ratio(problem))
    if checked.verdict is Verdict.NOT_APPLICABLE and rate.verdict is Verdict.VIOLATED:
        ratio = descent.step / small
        checked = replace(checked, message=f"{checked.message}, or lower --step, {ratio:.3g} lambda_0/n^2")
    return [checked, replace(room, message=message)]


def descent_rate(problem: ReluProblem, descent: Descent, rate: float) -> Check:
    """``||r(k)||^2 <= (1 - alpha rate/2)^k ||r(0)||^2``; Theorem 3.2 has rate lambda_0."""
    later = slice(1, None)
    k = np.arange(len(descent.residuals))
    rounding = residual_rounding(problem, LeastSquares(problem.start, problem.targets, problem.tolerance))
    growth = descent.residuals[0] / descent.residuals
    return at_most(
        "G-T3.2",
        f"log ||r(k)||^2/||r(0)||^2, k log(1 - alpha lambda_0/2), alpha = {descent.step:.3g}",
        descent.log_change[later],
        (k * np.log1p(-min(descent.step * rate / 2, 1 - EPS)))[later],
        budget={"rounding": rounding * (1 + growth[later])},
        where={"step": k[later]},
        advice="a step changes less than rounding: use a larger --step",
    )


def planted() -> list[Planted]:
    """False claims, each in a setting where it really is false.

    "tight" has labels along the slowest direction of H(0), where nothing decays faster than it must.
    """
    settings: dict[str, dict[str, object]] = {
        "digits": {"width": 200, "samples": 10, "points": 9, "horizon": 1.0},
        "tight": {"width": 200, "samples": 10, "points": 21, "labels": "aligned", "data": "sphere"},
    }
    problems = {name: build(Setting.model_validate(options)) for name, options in settings.items()}
    paths = {name: integrate(problem, silent) for name, problem in problems.items()}
    digits, tight = problems["digits"], problems["tight"]
    first = paths["digits"].probes[0]
    near = near_labels(digits)
    top_gram = float(np.linalg.eigvalsh(tight.limit)[-1])
    top_kernel = float(paths["tight"].kernel_spectrum[0, -1])
    descent = descend(tight, tight.step, tight.steps)
    without_w = first.parts[[0, 2, 3]]
    angle = angles(digits.model.inputs)
    truncated = np.sin(angle) / (2 * np.pi)
    return [
        Planted(
            "G-L2.1",
            "||A|| <= sqrt(m) + t",
            "||A|| / sqrt(m) tends to 2",
            initial_norm(digits, factor=1.0)[0],
        ),
        Planted(
            "G-L2.2",
            "contraction by gamma_0^2",
            "half of the units pass a change on: a sweep contracts by about gamma/sqrt(2) > gamma_0^2",
            contraction(digits, paths["digits"], power=2.0)[0],
        ),
        Planted(
            "G-L2.3",
            "the adjoint equilibrium without its mask",
            "units at 0 pass no derivative on",
            gradient_match(_unmasked_probe(digits)),
        ),
        Planted(
            "G-L3.1",
            "I_n for 11^T, as printed",
            "Z^T Z is not diagonal",
            kernel_match(first, _printed(first.parts), "I_n"),
        ),
        Planted(
            "G-L3.1",
            "H without (C^T C) o (X^T X)",
            "W is trained too",
            kernel_match(first, without_w, "no part of W"),
        ),
        Planted(
            "G-L3.2",
            "G^inf without its (pi - t) cos t term",
            "its diagonal, E relu(w^T x)^2 = 1/2, would be 0",
            monte_carlo(digits, truncated),
        ),
        Planted(
            "G-L3.2",
            "lambda_0 ~ t^2/2 for two inputs at a small angle t",
            "the expansion of G^inf gives t^2/4",
            closing_inputs(1e-3, limit=0.5),
        ),
        Planted(
            "G-L3.3.law",
            "||G(0) - G^inf|| falls as 1/m",
            "G(0) is a mean of m independent matrices",
            gram_law(gram_deviations(digits), slope=-1.0),
        ),
        Planted(
            "G-L3.4.norm",
            "at a tenth of R the spectral norm breaks it too",
            "Weyl: singular values of Phi move by no more than the distance times sqrt(n/m)",
            spectral_counterexample(factor=0.1)[1],
        ),
        Planted(
            "G-T3.1.law",
            "m >= C log(n/delta), whatever n and lambda_0",
            "G(0) has rank m at most: the width needed is n at least",
            width_law(0, of_samples=0.0, of_lambda=0.0),
        ),
        Planted(
            "G-L3.5.ii",
            "the bound of ||u(t) - u(0)|| for ||u(t)||, as printed",
            "labels near yhat(0) make it smaller than ||u(0)|| = sqrt(m)",
            printed_bound(near, "ii"),
        ),
        Planted(
            "G-L3.5.iii",
            "the bound of ||v(t) - v(0)|| for ||v(t)||, as printed",
            "labels near yhat(0) make it smaller than ||v(0)|| = sqrt(m)",
            printed_bound(near, "iii"),
        ),
        Planted(
            "G-T3.1.sharp",
            "d log ||r||^2/dt = -2.02 r^T H r/||r||^2",
            "the factor is 2",
            sharp_chain(paths["tight"], factor=2.02)[0],
        ),
        Planted(
            "G-T3.1.sharp",
            "||r||^2 <= exp(-2.02 int lambda_min(H)) ||r(0)||^2",
            "r stays close to the slowest direction of H",
            sharp_chain(paths["tight"], factor=2.02)[1],
        ),
        Planted(
            "G-T3.1",
            "rate lambda_max(G^inf) for lambda_0",
            "r decays along the slowest direction, at 2 lambda_min(H) < lambda_max(G^inf)",
            decay(paths["tight"], top_gram),
        ),
        Planted(
            "G-T3.2",
            "rate lambda_max(H(0)) for lambda_0",
            "r decays along the slowest direction, by 2 alpha lambda_min(H) a step",
            descent_rate(tight, descent, top_kernel),
        ),
    ]


def _unmasked_probe(problem: ReluProblem) -> Probe:
    """Derivatives at the start by an adjoint ``(I - gamma~ A^T D)^{-1} u`` that lost its mask."""
    state, coupling = problem.start, problem.model.coupling
    columns = [
        np.linalg.solve(np.eye(len(z)) - coupling * state.theta.a.T * (z > 0), state.theta.u)
        for z in state.z.T
    ]
    rng = np.random.default_rng(problem.seed)
    wrong = replace(state, p=np.column_stack(columns))
    return probe(wrong, problem.targets, coupling * problem.norms[0], 0.0, rng)


def figures(problem: ReluProblem, path: ReluTrajectory) -> dict[str, Figure]:
    """The loss under its bounds, the spectra, the Gram matrix against the width, the norms."""
    if len(path.times) < 2:
        return {"gram": gram_figure(problem)}
    return {
        "loss": loss_figure(problem, path),
        "spectrum": spectrum_figure(problem, path),
        "gram": gram_figure(problem),
        "norms": norms_figure(problem, path),
    }


def loss_figure(problem: ReluProblem, path: ReluTrajectory) -> Figure:
    """The squared residual against the bounds from sharp to printed."""
    figure, axes = plots.single(
        f"Theorem 3.1: residual and bounds, $m={problem.model.width}$, $n={problem.samples}$",
        "gradient-flow time $t$",
        r"$\|r(t)\|^2 \,/\, \|r(0)\|^2$",
    )
    curves = {
        "measured": path.log_decay,
        r"$\exp(-2\int_0^t \lambda_{\min}(H))$": 2 * path.integrated_lambda[0],
        r"$\exp(-2\,t\,\min\,\lambda_{\min}(G))$": 2 * np.minimum.accumulate(path.gram_minimum) * path.times,
        r"printed: $\exp(-\lambda_0 t)$": problem.lambda_0 * path.times,
    }
    for curve, (label, exponent) in zip(plots.CURVES, curves.items(), strict=False):
        axes.semilogy(path.times, np.exp(-exponent), label=label, **curve)
    axes.legend(loc="best")
    return figure


def spectrum_figure(problem: ReluProblem, path: ReluTrajectory) -> Figure:
    """Smallest eigenvalues of H and of its parts along the path; the part of v is G."""
    figure, axes = plots.single(
        r"Smallest eigenvalues of $H$ and of its four parts, $G$ among them",
        "gradient-flow time $t$",
        r"$\lambda_{\min}$",
        height=3.6,
    )
    curves = {
        "$H$": path.kernel_spectrum[:, 0],
        r"of $A$: $\tilde\gamma^2 P^TP\circ Z^TZ$": path.part_minima[:, 0],
        r"of $W$: $C^TC\circ X^TX$": path.part_minima[:, 1],
        r"of $u$: $Z^TZ$": path.part_minima[:, 2],
        r"of $v$: $G=\Phi^T\Phi$": path.gram_minimum,
    }
    for curve, (label, values) in zip(plots.CURVES, curves.items(), strict=True):
        axes.plot(path.times, values, label=label, **curve)
    axes.axhline(problem.lambda_0 / 2, color="0.5", linewidth=1.0, label=r"$\lambda_0/2$")
    axes.set_yscale("log")
    axes.set_xscale("symlog", linthresh=path.fastest)
    axes.set_xlim(0, path.times[-1])
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def gram_figure(problem: ReluProblem) -> Figure:
    """Distance of G(0) to its limit against the width, and what Lemma 3.3 asks for."""
    figure, axes = plots.single(
        r"Lemma 3.3: $G(0)$ approaches $G^\infty$ as $m^{-1/2}$",
        "width $m$",
        r"$\|G(0) - G^\infty\|_F$",
    )
    law = gram_deviations(problem)
    sizes = np.sqrt(law.means)
    axes.loglog(law.sizes, sizes, marker="o", label="root mean square", **plots.CURVES[0])
    slope = sizes[0] * np.sqrt(law.sizes[0] / law.sizes)
    axes.loglog(law.sizes, slope, label="slope $-1/2$", **plots.CURVES[1])
    axes.axhline(problem.lambda_0 / 4, label=r"asked for: $\lambda_0/4$", **plots.CURVES[2])
    axes.legend(loc="best")
    return figure


def norms_figure(problem: ReluProblem, path: ReluTrajectory) -> Figure:
    """How far A, W, u and v went, relative to their bounds."""
    figure, axes = plots.single(
        "Lemma 3.5: norms relative to their bounds", "gradient-flow time $t$", "norm / bound", height=3.6
    )
    bound = 2 * problem.norm_constant * np.sqrt(problem.model.width)
    scale = _output_scale(problem)
    later = slice(1, None)
    curves = {
        r"$\|A(t)\|$": path.norms[:, 0] / bound,
        r"$\|W(t)\|$": path.norms[:, 1] / bound,
        r"$\|u(t)-u(0)\|$, repaired": path.distances[:, 2] / (8 * scale),
        r"$\|v(t)-v(0)\|$, repaired": path.distances[:, 3] / (4 * scale),
        r"$\|u(t)\|$, printed": path.norms[:, 2] / (16 * scale),
    }
    for curve, (label, values) in zip(plots.CURVES, curves.items(), strict=True):
        axes.loglog(path.times[later], values[later], label=label, **curve)
    axes.axhline(1.0, color="0.5", linewidth=1.0, label="bound")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


#: Nearly no slide along kinks, and the sharp bound attained to 1e-7.
TIGHT = {"data": "sphere", "labels": "aligned", "alignment": 1e-3, "tolerance": 1e-3, "samples": 10}

PRESETS: Presets = {
    "quick": (
        Variant("digits", {"width": 400, "samples": 20, "points": 31}),
        Variant("tight", {**TIGHT, "width": 200, "points": 21}),
    ),
    "standard": (
        Variant("digits"),
        Variant("tight", {**TIGHT, "width": 400}),
        Variant("sphere", {"data": "sphere"}),
    ),
    "thorough": (
        Variant("digits", seeds=5),
        Variant("tight", {**TIGHT, "width": 400}, seeds=10),
        Variant("sphere", {"data": "sphere"}, seeds=5),
        Variant("wide", {"width": 2000, "data": "sphere"}),
    ),
}
