"""A second opinion: constants and matrices of the lemmas, each by a way that shares nothing with the first.

Laws use a tiny network, of which every derivative by complex step is affordable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.initial import RANDOM_WEIGHTS
from theorems.gao_2022.path import GaoPath
from theorems.gao_2022.premises import PAPER, PREMISES
from theorems.gao_2022.problem import GaoProblem, Start, lemma_ratio, width_ratio
from theorems.gao_2022.setting import SMALL
from theorems.given_start import drawn
from verify.losses import EPS
from verify.numerics.differentiation import directional_derivative
from verify.relu_deq.kernels import angles
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters
from verify.relu_deq.probe import unrolled
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_most, equal

Array = NDArray[np.float64]

CLAIMS = Claims(f"our own, on {PAPER}")

#: Nodes of Gauss quadrature in the angle of w: its integrand is analytic, and 40 leave nothing in float64.
NODES = 40

#: Far below the angle at which an arc cosine keeps a thousandth of it, 5e-7.
SMALL_ANGLE = 1e-8

#: An identity between numbers of float64 that is known no better than this says little.
RESOLUTION = 1e-3

#: Steps of Lanczos, and what they leave of a norm: edges of Gaussian spectra are 1e-3 apart at m = 20 000.
LANCZOS_STEPS, LANCZOS_ERROR = 150, 1e-8

#: Probability with which a moment of the draws may be off by more than its error.
RARE_DRAW = 1e-9

#: Width, inputs and samples of the tiny network, and sweeps to its equilibrium: gamma_0 is below 1/2.
TINY, SWEEPS = (7, 3, 4), 120


def kernel_by_quadrature(inputs: Array) -> Array:
    """``E relu(w^T x_i) relu(w^T x_j)`` (n, n) from its definition, for unit inputs (d, n).

    In the plane of two inputs w = rho (cos f, sin f) with density rho exp(-rho^2/2)/(2 pi), whose radial part
    integrates to 2; f goes over the half-circle where w^T x_i > 0, cut where w^T x_j > 0.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    cosine = inputs.T @ inputs
    across = inputs[:, None, :] - cosine[None] * inputs[:, :, None]  # (d, i, j): x_j less its part along x_i
    sine = np.linalg.norm(across, axis=0)
    low = np.arctan2(sine, cosine) - np.pi / 2  # x_j is seen from here to pi/2 along x_i's half-circle
    half = (np.pi / 2 - low) / 2
    f = low[..., None] + half[..., None] * (nodes + 1)
    seen = np.cos(f) * (cosine[..., None] * np.cos(f) + sine[..., None] * np.sin(f))
    return np.asarray(half * (seen @ weights) / np.pi)


@CLAIMS.step(
    "G-L3.2.value",
    "lambda_0 by quadrature of the definition of G^inf, and as 1/||(G^inf)^{-1}||",
    source=f"our own, on {PAPER}, Lemma 3.2",
)
def lambda_by_quadrature(start: Start, factor: float = 1.0) -> list[Check]:
    """No closed form, no angle between inputs, no eigenvalue solver."""
    limit = kernel_by_quadrature(start.inputs)
    try:
        with np.errstate(divide="ignore", over="ignore"):
            value = 1 / float(np.linalg.norm(np.linalg.inv(limit), 2))
    except np.linalg.LinAlgError:  # of equal inputs
        value = 0.0
    n = len(limit)
    return [
        equal(
            "lambda_0, 1/||(G^inf)^{-1}||",
            start.lambda_0,
            factor * value,
            # Entries are sums of 40 terms up to 1; Weyl for the matrix.
            budget={"quadrature": 40 * EPS * n, "eigenvalue": start.gram_error},
            resolution=max(RESOLUTION * abs(value), 1e3 * EPS * n),
            advice="inputs are nearly parallel: drop some, or use --perturb",
        ),
        equal(
            "angle of two inputs that are almost parallel",
            factor * angles(np.array([[1.0, np.cos(SMALL_ANGLE)], [0.0, np.sin(SMALL_ANGLE)]]))[0, 1],
            SMALL_ANGLE,
            # Of the inputs themselves, in either direction.
            budget={"rounding": 4 * EPS},
            resolution=RESOLUTION * SMALL_ANGLE,
        ),
        equal(
            "entries of G^inf, by quadrature",
            start.limit.ravel(),
            factor * limit.ravel(),
            budget={"quadrature": 40 * EPS},
            resolution=RESOLUTION,
        ),
    ]


lambda_by_quadrature.false(
    "lambda_0 is 0.1% larger", factor=1.001, why="the quadrature is exact to 1e-14", setting=SMALL
)


@CLAIMS.step(
    "G-A1",
    "A(0) and W(0) have the moments of N(0, 1), and u(0) and v(0) are of signs",
    source=f"{PAPER}, Assumption 1",
    only=drawn,
)
def drawn_as_assumed(problem: GaoProblem, size: float = 1.0) -> Iterator[Check]:
    """The start, by its entries: a mean of N of them is N(0, 1/N), and one of squares chi^2 over N.

    ``P(|chi^2_N/N - 1| > 2 sqrt(x/N) + 2 x/N) <= 2 exp(-x)`` (Laurent and Massart 2000).
    """
    theta = problem.start.theta
    for name in "uv":
        yield equal(
            f"|{name}_j|", np.abs(theta.parts[name]), size, budget={"rounding": EPS}, resolution=RESOLUTION
        )
    x = np.log(2 / RARE_DRAW)
    for name, matrix in (("A", theta.a), ("W", theta.w)):
        count = matrix.size
        for moment, value, error in (
            ("mean", 0.0, np.sqrt(2 * x / count)),
            ("mean square", 1.0, 2 * np.sqrt(x / count) + 2 * x / count),
        ):
            yield equal(
                f"{moment} of the entries of {name}",
                float(np.mean(matrix if value == 0 else matrix**2)),
                value,
                budget={"sampling": error},
                resolution=np.finfo(float).max,  # as sharp as so many draws allow, however few
            )


drawn_as_assumed.false("signs times 1.001", size=1.001, why="they are signs", setting=SMALL)


@CLAIMS.step(
    "G-L2.1.norms",
    "||A(0)||, ||W(0)||, ||X||, c and gamma_0 by Lanczos; the C that the width meets",
    source=f"our own, on {PAPER}, Lemmas 2.1 and 2.2",
)
def norms_by_lanczos(problem: GaoProblem, factor: float = 1.0) -> Check:
    """Singular values by eigenvalues of M M^T, from products alone."""
    theta, m = problem.start.theta, problem.width
    a, w, x = (_lanczos_norm(matrix) for matrix in (theta.a, theta.w, problem.inputs))
    c = max(a, w) / np.sqrt(m)
    return equal(
        "||A(0)||, ||W(0)||, ||X||, c, gamma_0",
        [*problem.norms, problem.input_norm, problem.norm_constant, problem.gamma_0],
        factor * np.array([a, w, x, c, problem.gamma / np.sqrt(m) * a]),
        budget={"Lanczos": LANCZOS_ERROR * np.array([a, w, x, c, 1.0])},
        resolution=RESOLUTION,
    )


def _lanczos_norm(matrix: Array) -> float:
    """The spectral norm, by Lanczos on M M^T with full reorthogonalisation."""
    flat = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    start = np.linspace(1.0, 2.0, len(flat))
    basis, images = [start / np.linalg.norm(start)], list[Array]()
    for _ in range(min(len(flat), LANCZOS_STEPS)):
        image = flat @ (flat.T @ basis[-1])
        images.append(image)
        rest, known = image, np.array(basis)
        for _ in range(2):
            rest = rest - known.T @ (known @ rest)
        if np.linalg.norm(rest) <= LANCZOS_ERROR * np.linalg.norm(image):
            break
        basis.append(rest / np.linalg.norm(rest))
    projected = np.array(basis[: len(images)]) @ np.array(images).T
    return float(np.sqrt(np.linalg.eigvalsh((projected + projected.T) / 2)[-1]))


@norms_by_lanczos.also()
def widths_from_constants(problem: GaoProblem, power: float = 2.0) -> Check:
    """The width again, from the constants C that it is said to meet, and the open conditions solved for m."""
    n, r = problem.samples, float(np.linalg.norm(problem.start.output - problem.targets))
    theorem = np.log(width_ratio(problem)) - power * np.log(problem.lambda_0 / n) + np.log(np.log(n / 0.05))
    lemma = (
        np.log(lemma_ratio(problem) * n)
        - 3 * np.log(problem.lambda_0)
        + 2 * np.log(problem.norm_constant * problem.input_norm * r)
    )
    return equal(
        "log m, from the C of Theorem 3.1 and from that of Lemma 3.5",
        [theorem, lemma],
        np.log(problem.width),
        budget={"rounding": 1e3 * EPS * np.log(problem.width)},
        resolution=RESOLUTION,
    )


norms_by_lanczos.false(
    "m >= C (n/lambda_0) log(n/delta)", power=1.0, why="both are squared in Theorem 3.1", setting=SMALL
)
norms_by_lanczos.false("a c 0.1% larger", factor=1.001, why="Lanczos is exact to 1e-10", setting=SMALL)


@CLAIMS.step(
    "G-L3.4.adversary",
    "the adversary of Lemma 3.4 goes the distance R straight down the slope of lambda_min(G)",
    source=f"our own, on {PAPER}, Lemma 3.4",
    given=PREMISES,
)
def adversary(problem: GaoProblem, path: GaoPath, distance: float = 1.0) -> Iterator[Check]:
    """Its first W, by singular vectors p, q of Phi(0): ``d sigma_min = p^T dPhi q``, dPhi = E o (dW X) /
    sqrt(m).

    lambda_min(G) has come down to no less than 0.99 lambda_min(G(0)) in all settings tried, while the lemma
    needs it above 2/3 of that: no W at distance R is known that comes near its bound.
    """
    m, c, x = problem.width, problem.norm_constant, problem.input_norm
    radius = distance * problem.lambda_0 * np.sqrt(m) / (16 * c * x * x)
    left, _, right = np.linalg.svd(problem.phi, full_matrices=False)
    uphill = ((problem.phi > 0) * np.outer(left[:, -1], right[-1])) @ problem.inputs.T
    size = float(np.linalg.norm(uphill))  # 0 for fewer units than samples, where G is singular
    w = problem.start.theta.w - (radius / size if size > 0 else 0.0) * uphill
    phi = np.maximum(w @ problem.inputs, 0.0) / np.sqrt(m)
    reached = float(np.linalg.svd(phi, compute_uv=False)[-1] ** 2)
    seen = path.initial.neighbours / problem.lambda_0
    start = float(np.linalg.svd(problem.phi, compute_uv=False)[-1] ** 2) / problem.lambda_0
    budget = {"eigenvalue": 4 * problem.gram_error / problem.lambda_0}
    yield equal(
        "fall of lambda_min(G) / lambda_0 over R, straight downhill",
        start - seen[RANDOM_WEIGHTS],
        start - reached / problem.lambda_0,
        budget=budget,
        resolution=RESOLUTION,
        advice="lambda_0 is of the size of rounding: drop inputs that are nearly parallel",
    )
    # Of the steps after the first: where two eigenvalues change places, not each of them goes down.
    yield at_most(
        "least lambda_min(G) / lambda_0 of the adversary's later W, of random W",
        seen[RANDOM_WEIGHTS + 1 :].min(),
        seen[:RANDOM_WEIGHTS].min(),
        budget=budget,
        attained=RESOLUTION,
    )


def halting(path: GaoPath) -> GaoPath:
    """The path with an adversary that turns round after its first step."""
    back = path.initial.neighbours.copy()
    back[RANDOM_WEIGHTS + 1 :] = 2 * back[:RANDOM_WEIGHTS].mean() - back[RANDOM_WEIGHTS + 1 :]
    return replace(path, initial=replace(path.initial, neighbours=back))


adversary.false(
    "downhill once, then uphill",
    path=halting,
    why="the next steps of the adversary end where lambda_min(G) is larger",
    setting=SMALL,
)
adversary.false("uphill", distance=-1.0, why="lambda_min(G) grows along its gradient", setting=SMALL)
adversary.false(
    "R with ||X|| for ||X||^2",
    distance=1.53,
    why="||X|| = 1.53 here, and the fall is proportional to the distance",
    setting=SMALL,
)


@cache
def tiny() -> tuple[ReluState, Mapping[str, Array]]:
    """A tiny network at equilibrium, and the Jacobian (n, parameters) of its outputs in each block, by name.

    By complex step through the unrolled network: no equilibrium, no adjoint, no formula of the paper.
    """
    m, d, n = TINY
    rng = np.random.default_rng(5)
    inputs = rng.standard_normal((d, n))
    inputs /= np.linalg.norm(inputs, axis=0)
    theta = Parameters.random(m, d, rng)
    # Of several sizes, so that none of them can be taken for another.
    theta = replace(theta, u=theta.u * np.linspace(0.5, 2.0, m), v=rng.standard_normal(m))
    model = ImplicitReLU.scaled(inputs, m, 0.2)
    parts = dict(theta.parts)

    def outputs(*values: NDArray[np.complex128]) -> NDArray[np.complex128]:
        return np.asarray(unrolled(model, dict(zip(parts, values, strict=True)), SWEEPS))

    jacobians = {}
    for name, part in parts.items():
        columns = []
        for entry in np.ndindex(part.shape):
            change = {other: np.zeros_like(value) for other, value in parts.items()}
            change[name][entry] = 1.0
            columns.append(directional_derivative(outputs, tuple(parts.values()), tuple(change.values())))
        jacobians[name] = np.array(columns).T
    return model.at(theta), jacobians


def in_order(parts: Array) -> Array:
    """The summands of H as they are."""
    return parts


def swapped(parts: Array) -> Array:
    """The summands of H with those of u and v swapped."""
    return parts[[0, 1, 3, 2]]


@CLAIMS.step(
    "G-L3.1.blocks",
    "the summands of H are those of A, W, u, v, and that of v is G: each by its own Jacobian",
    source=f"our own, on {PAPER}, Lemma 3.1",
)
def blocks(order: Callable[[Array], Array] = in_order, of_gram: str = "v") -> Iterator[Check]:
    """H, G, J^T r and J w, block by block, on a tiny network."""
    state, jacobians = tiny()
    parts = order(state.kernel_parts(state))
    weights = np.linspace(-1.0, 2.0, len(state.output))
    gradients = state.gradients(weights).parts
    for part, (name, jacobian) in zip(parts, jacobians.items(), strict=True):
        expected = jacobian @ jacobian.T
        size = float(np.linalg.norm(expected))
        rounding = {"rounding": 1e3 * EPS}
        yield equal(
            f"||H_{name} - J_{name} J_{name}^T|| / ||H_{name}||, complex step",
            float(np.linalg.norm(part - expected)) / size,
            0.0,
            budget=rounding,
            resolution=RESOLUTION,
        )
        slope = jacobian.T @ weights
        yield equal(
            f"||J_{name}^T r - gradient in {name}|| / ||J_{name}^T r||, complex step",
            float(np.linalg.norm(gradients[name].ravel() - slope) / np.linalg.norm(slope)),
            0.0,
            budget=rounding,
            resolution=RESOLUTION,
        )
    named = jacobians[of_gram]
    yield equal(
        "||G - J_v J_v^T|| / ||G||, complex step",
        float(np.linalg.norm(state.gram - named @ named.T) / np.linalg.norm(state.gram)),
        0.0,
        budget={"rounding": 1e3 * EPS},
        resolution=RESOLUTION,
    )


blocks.false("u and v swapped in H", order=swapped, why="Z is not Phi", setting=SMALL)
blocks.false("G = Z^T Z", of_gram="u", why="Z is not Phi", setting=SMALL)
