"""The assumptions, Lemmas 1 to 3, the kernel K, and Theorems 2 to 5: all that is said of the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from theorems.decays import above_gram
from theorems.given_start import drawn
from theorems.ling_2023.path import LingPath
from theorems.ling_2023.problem import LingProblem
from theorems.ling_2023.setting import SMALL
from verify.data.samples import SPHERE_DIMENSION, sphere
from verify.losses import EPS
from verify.numerics.random_matrices import gaussian_norms
from verify.numerics.statistics import STANDARD_ERRORS, power_law, proportion_interval
from verify.relu_deq.kernels import equilibrium_kernel, layer_kernels
from verify.relu_deq.model import ImplicitReLU
from verify.relu_deq.parameters import Parameters
from verify.theorem.claims import Claims, Constant
from verify.theorem.compare import Check, at_least, at_most, equal

Array = NDArray[np.float64]

PAPER = "Ling et al. 2023"

CLAIMS = Claims(PAPER)

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
RESOLUTION = 1e-3

#: Of the laws, which no setting changes: sigma_w^2 and inputs; widths and draws of Lemma 1 and of Theorem 4;
#: draws of the Monte Carlo, and sweeps.
SHARE, SAMPLES = 0.08, 4
EDGE_WIDTHS, EDGE_DRAWS = np.array([100, 10_000]), 600
WIDTHS, DRAWS = (40, 160, 640), 16
MONTE_CARLO, LAYERS = 200_000, 8

#: How improbable it is that the repaired Lemma 1 fails in a run, and t of Theorem 2.
IMPROBABLE, FAILURE = 1e-9, 0.05


def law_inputs(samples: int = SAMPLES) -> tuple[Array, np.random.Generator]:
    """The inputs of laws, (20, n) of norm sqrt(20)."""
    rng = np.random.default_rng(0)
    return np.sqrt(SPHERE_DIMENSION) * sphere(samples, rng).features, rng


@CLAIMS.hypothesis("L-A1", "sigma_w^2 < 1/8", source=f"{PAPER}, Assumption 1", only=drawn)
def small_sigma(problem: LingProblem, largest: float = 1 / 8) -> Check:
    """Both sides are exact."""
    return at_most("sigma_w^2", problem.sigma_w**2, largest, budget={})


small_sigma.false("sigma_w^2 < 0.07", largest=0.07, why="it is 0.08 here", setting=SMALL)
small_sigma.broken("sigma_w = 0.4", why="its square is 0.16", setting={**SMALL, "sigma_w": 0.4})


@CLAIMS.hypothesis("L-A2", "||x_i|| = sqrt(d), no two parallel", source=f"{PAPER}, Assumption 2")
def inputs(problem: LingProblem, size: float = 1.0) -> Iterator[Check]:
    """By norms and by cosines."""
    x = problem.model.inputs / np.sqrt(len(problem.model.inputs))
    norms, known = np.linalg.norm(x, axis=0), {"rounding": EPS * (4 + len(x))}
    yield equal("||x_i||/sqrt(d)", norms, size, budget=known, resolution=1e-8)
    yield at_most("largest |cos| of two", np.abs(np.triu(x.T @ x, 1)).max(), 1.0, budget=known)


inputs.false("||x_i|| = 1", size=SPHERE_DIMENSION**-0.5, why="it is sqrt(d)", setting=SMALL)
inputs.broken(
    "two parallel inputs",
    why="x_2 = 2 x_0",
    setting={"width": 20, "samples": 4},
    data={"x": [[1.0, 2.0], [0.0, 1.0], [2.0, 4.0], [1.0, 0.0]], "y": [0, 1, 0, 1]},
)


@CLAIMS.erratum(
    "L-1",
    "||W(0)|| <= (1+e) 2 sqrt(2) sigma_w with probability 1 - exp(-2 m e^2); false with e = 0, as printed",
    source=f"{PAPER}, Lemma 1",
)
def edge(share: float = 1.0) -> Iterator[Check]:
    """The printed bound is the edge of the spectrum, which ||W(0)|| exceeds more often as m grows.

    Printed is a failure probability exp(-Omega(m)); it tends to 0.17, by Tracy and Widom. Repaired by
    Davidson and Szarek: an m x m matrix of N(0, 1) exceeds 2 sqrt(m) + t with probability exp(-t^2/2).
    """
    rng, size = np.random.default_rng(0), 2 * share * np.sqrt(EDGE_WIDTHS)
    drawn = np.array([gaussian_norms(int(m), EDGE_DRAWS, rng) for m in EDGE_WIDTHS]) / size[:, None]
    (_, most), (least, _) = (proportion_interval(int(np.sum(of > 1)), EDGE_DRAWS) for of in drawn)
    narrow, wide = EDGE_WIDTHS
    what = f"P(||W(0)|| > edge), m = {wide}, at least; half of it, m = {narrow}, at most"
    yield at_least(f"erratum: {what}", least, most / 2, budget={})
    beyond = np.mean(drawn > 1.05, axis=1)
    yield at_most("P(||W(0)|| > 1.05 edge)", beyond, np.exp(-2 * 0.05**2 * EDGE_WIDTHS), budget={})


edge.false("an edge at 1.9 sqrt(2) sigma_w", share=0.95, why="any ||W(0)|| is beyond it", setting=SMALL)


@CLAIMS.step("L-1.here", "the repaired Lemma 1 in this draw", source=f"{PAPER}, Lemma 1", only=drawn)
def edge_here(problem: LingProblem, share: float = 1.0) -> Check:
    """With an e so large that it fails once in 1e9 draws."""
    beyond = np.sqrt(-np.log(IMPROBABLE) / (2 * problem.model.width))
    bound = share * 2 * np.sqrt(2) * problem.sigma_w * (1 + beyond)
    known = {"rounding": problem.model.width * EPS * bound}
    return at_most(f"||W(0)||, 2 sqrt(2) sigma_w (1 + {beyond:.2g})", problem.norms[0], bound, budget=known)


edge_here.false("half of that", share=0.5, why="||W(0)|| is nearly 2 sqrt(2) sigma_w", setting=SMALL)


@CLAIMS.step("L-2", "the gradients, by the adjoint equilibrium", source=f"{PAPER}, Lemma 2")
def gradients(path: LingPath, factor: float = 1.0) -> Iterator[Check]:
    """Derivatives of the outputs, and dyhat/dt = -H r, in closed form against complex steps."""
    for at in path.flow.probes:
        gap = float(np.linalg.norm(factor * at.closed - at.derivative) / np.linalg.norm(at.derivative))
        blur = {"rounding": at.rounding}
        yield equal(f"J v, gap at t = {at.time:.3g}", gap, 0.0, budget=blur, resolution=RESOLUTION)
        gap, blur = at.gap(factor * at.parts), {"rounding": at.rounding * at.cancellation}
        yield equal(f"dyhat/dt + H r at t = {at.time:.3g}", gap, 0.0, budget=blur, resolution=RESOLUTION)


gradients.false("gradients 1e-6 too large", factor=1 + 1e-6, why="they are exact", setting=SMALL)


@CLAIMS.step("L-H", "H >= G = Z^T Z: ||grad Phi||^2 >= 2 lambda_tau Phi", source=f"{PAPER}, section 3")
def kernel_above_gram(path: LingPath, factor: float = 1.0) -> Check:
    """G is the summand of H that belongs to a."""
    return above_gram(path.flow, factor)


kernel_above_gram.false(
    "H >= 1.001 Z^T Z",
    factor=1.001,
    why="with so small an a the other summands are 1e-6 of it",
    setting=SMALL,
)

#: Makes K of inputs and sigma_w.
Kernel = Callable[[Array, float], Array]


@CLAIMS.step("L-3", "K = Q(cos)/(1 - sigma_w^2) at its fixed point", source=f"{PAPER}, Lemma 3")
def limit_kernel(kernel: Kernel = equilibrium_kernel, rate: float = 1.0) -> Iterator[Check]:
    """K against the recursion that defines it, by Monte Carlo; and how fast that converges.

    In the largest entry a sweep contracts by sigma_w^2, as E relu relu has derivatives of 1/2 in all in the
    covariance. So ||K - K^(l)||_F <= n sigma_w^(2l)/(1 - sigma_w^2), without the l that is printed.
    """
    (x, rng), sigma = law_inputs(), np.sqrt(SHARE)
    exact, drawn, errors = kernel(x, sigma), np.zeros((SAMPLES, SAMPLES)), np.zeros((SAMPLES, SAMPLES))
    for _ in range(LAYERS):
        root = np.linalg.cholesky(2 * SHARE * drawn + 2 * x.T @ x / len(x))
        z = np.maximum(root @ rng.standard_normal((SAMPLES, MONTE_CARLO)), 0.0)
        drawn, squares = z @ z.T / MONTE_CARLO, z**2 @ (z**2).T / MONTE_CARLO
        errors = SHARE * errors + STANDARD_ERRORS * np.sqrt((squares - drawn**2) / MONTE_CARLO)
    entries = [part[np.triu_indices(SAMPLES)] for part in (exact, drawn, errors)]
    yield equal("K by Monte Carlo", *entries[:2], budget={"sampling": entries[2]}, resolution=0.1)
    sweeps = np.arange(1, LAYERS + 1)
    gaps = np.linalg.norm(exact - layer_kernels(x, sigma, LAYERS), axis=(1, 2)) / SAMPLES
    bound, known = SHARE ** (rate * sweeps) / (1 - SHARE), {"rounding": 10 * EPS}
    yield at_most("||K - K^(l)||_F/n, sigma_w^(2l)/(1 - sigma_w^2)", gaps, bound, budget=known)


limit_kernel.false(
    "K without its factor 1/(1 - sigma_w^2)",
    why="its diagonal solves K = sigma_w^2 K + 1",
    setting=SMALL,
    kernel=lambda x, sigma: (1 - sigma**2) * equilibrium_kernel(x, sigma),
)
limit_kernel.false("a rate sigma_w^(2.4 l)", rate=1.2, why="the diagonal falls by sigma_w^2", setting=SMALL)


@CLAIMS.step("L-T3", "lambda_* = lambda_min(K) > 0", source=f"{PAPER}, Theorem 3")
def positive(problem: LingProblem, least: float = 0.0) -> Check:
    """Here."""
    return at_least(
        "lambda_*", problem.lambda_star, least, budget={"rounding": 10 * EPS * problem.samples**2}
    )


positive.false("lambda_* >= 1", least=1.0, why="K_ii = 1/(1 - sigma_w^2) is hardly more", setting=SMALL)


@CLAIMS.step(
    "L-T4",
    "||Z^T Z/m - K||_F falls as m^(-1/2), and lambda_0 >= (m/2) lambda_*",
    source=f"{PAPER}, Theorems 2, 4, 5",
)
def concentration(slope: float = -0.5, share: float = 0.5) -> Iterator[Check]:
    """At three widths, in sixteen draws of the parameters each; the eigenvalue at the largest width."""
    (x, rng), sigma = law_inputs(), np.sqrt(SHARE)
    limit = equilibrium_kernel(x, sigma)

    def drawn(m: int) -> Array:
        theta = Parameters.gaussian(m, len(x), rng, sigma)
        return ImplicitReLU.plain(x, m).at(theta, accuracy=1e-8).gram / m

    grams = np.array([[drawn(m) for _ in range(DRAWS)] for m in WIDTHS])
    law = power_law(WIDTHS, np.sum((grams - limit) ** 2, axis=(2, 3)))
    what, known = "slope of log ||Z^T Z/m - K||_F over log m", {"sampling": law.half_width / 2}
    yield equal(what, law.slope / 2, slope, budget=known, resolution=0.4)
    lowest = np.linalg.eigvalsh(grams[-1])[:, 0] / np.linalg.eigvalsh(limit)[0]
    yield at_least("lambda_0/(m lambda_*), every draw", lowest, share, budget={"rounding": 1e-6})


concentration.false("it falls as 1/m", slope=-1.0, why="Z^T Z/m is a mean over m units", setting=SMALL)
concentration.false("lambda_0 >= m lambda_*", share=1.0, why="half of the draws are below", setting=SMALL)


def width_ratio(problem: LingProblem) -> float:
    """``m / ((n^2/lambda_*^2) log(n/(lambda_* t)))``: the constant that the width meets."""
    share = problem.lambda_star / problem.samples
    return -problem.model.width * share**2 / float(np.log(share * FAILURE))


@CLAIMS.conclusion(
    "L-T2",
    "lambda_0 >= (m/2) lambda_* for m >= C (n^2/lambda_*^2) log(n/(lambda_* t))",
    source=f"{PAPER}, Theorem 2",
    constant=Constant(width_ratio, "m >= C (n^2/lambda_*^2) log(n/(lambda_* t))"),
    only=drawn,
)
def initial_gram(problem: LingProblem, share: float = 0.5) -> Check:
    """Theorem 2 in this instance."""
    ratio = problem.lambda_0 / (problem.model.width * problem.lambda_star)
    return at_least("lambda_0/(m lambda_*)", ratio, share, budget={"eigenvalue": problem.gram_error * ratio})


initial_gram.false("lambda_0 >= m lambda_*", share=1.0, why="it is less in this draw", setting=SMALL)
