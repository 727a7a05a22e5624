"""What a path says of its numbers, and of their errors: recomputed from its parameters alone.

A flow in single precision has errors that are large enough to be seen in double precision. Each number that
the path reports must then be off by no more than the error that it reports beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.setting import SMALL
from verify.losses import EPS
from verify.numerics.arrays import Placement, host
from verify.relu_deq.model import ImplicitReLU
from verify.relu_deq.parameters import Parameters
from verify.relu_deq.path import ReluPath, relu_path
from verify.relu_deq.problem import ReluProblem
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most

Array = NDArray[np.float64]

CLAIMS = Claims(f"our own, for {PAPER}")

#: Width, inputs and samples: wide enough for spectral norms to be enclosed rather than computed.
SIZES = (260, 4, 3)

#: Distance of the labels from yhat(0), and fastest time scales followed: no unit meets its kink.
LABELS, SCALES = 0.1, 3.0

#: An error estimate this much larger than the number itself would leave every claim undecided.
USELESS = 0.05


@cache
def single_flow() -> ReluPath:
    """A short flow in single precision."""
    m, d, n = SIZES
    rng = np.random.default_rng(11)
    inputs = rng.standard_normal((d, n))
    inputs /= np.linalg.norm(inputs, axis=0)
    theta = Parameters.random(m, d, rng)
    start = ImplicitReLU.scaled(inputs, m, 0.1).at(theta)
    fastest = 1 / float(np.linalg.eigvalsh(start.kernel)[-1])
    problem = ReluProblem(
        start=start,
        targets=start.output + LABELS * np.array([0.6, -0.64, 0.48]),
        norms=(float(np.linalg.norm(theta.a, 2)), float(np.linalg.norm(theta.w, 2))),
        horizon=SCALES * fastest,
        points=9,
        tolerance=1e-2,
        seed=0,
        placement=Placement("float32"),
    )
    return relu_path(problem, lambda _: None, probed=False)


def true_outputs(parts: dict[str, Array], inputs: Array, coupling: float) -> tuple[Array, Array, Array]:
    """Outputs (n,), Phi and Z (m, n) by 200 plain sweeps in double precision."""
    phi = np.maximum(parts["w"] @ inputs, 0.0) / np.sqrt(len(parts["w"]))
    z = phi
    for _ in range(200):
        z = np.maximum(coupling * (parts["a"] @ z) + phi, 0.0)
    return parts["u"] @ z + parts["v"] @ phi, phi, z


@CLAIMS.step(
    "G-T3.1.errors",
    "a path in single precision is off by no more than it says: residuals, spectra, norms, distances",
)
def within_errors(share: float = 1.0) -> Iterator[Check]:
    """Every number at the last time, and the error that is reported with it."""
    flow = single_flow()
    problem, last = flow.problem, flow.last
    parts = {name: host(part) for name, part in last.theta.parts.items()}
    first = {name: host(part) for name, part in problem.start.theta.parts.items()}
    inputs = host(last.model.inputs)
    outputs, phi, z = true_outputs(parts, inputs, problem.model.coupling)
    residual = outputs - problem.targets
    gram = float(np.linalg.svd(phi, compute_uv=False)[-1] ** 2)
    exact = last.on_host()
    summands = exact.kernel_parts(exact)
    spectrum = np.linalg.eigvalsh(summands.sum(axis=0))
    spectral = [float(np.linalg.norm(parts[name], 2)) for name in "aw"]
    # Outputs are known to rounding/2 of ||r||, as log ||r||^2 is to rounding.
    off = float(np.linalg.norm(flow.residuals[-1] - residual) / np.linalg.norm(residual))
    found = {
        "||r||": (off, flow.rounding[-1] / 2),
        "lambda_min(G)": (abs(flow.gram_minimum[-1] - gram), flow.gram_error[-1]),
        "lambda_min(H)": (abs(flow.kernel_spectrum[-1, 0] - spectrum[0]), flow.kernel_error[-1]),
        "lambda_max(H)": (abs(flow.kernel_spectrum[-1, -1] - spectrum[-1]), flow.kernel_error[-1]),
        "||A||": (abs(flow.norms[-1, 0] - spectral[0]), flow.norm_errors[-1, 0]),
        "||W||": (abs(flow.norms[-1, 1] - spectral[1]), flow.norm_errors[-1, 1]),
    }
    sizes = {"||r||": 1.0, "lambda_min(G)": gram, "lambda_min(H)": spectrum[0], "lambda_max(H)": spectrum[-1]}
    for name, (error, told) in found.items():
        yield at_most(
            f"error of {name}, as reported", error, share * told, budget={"double precision": 1e-13}
        )
        if name in sizes:
            yield at_most(
                f"reported error of {name}, relative",
                told / sizes[name],
                USELESS,
                budget={"double precision": 1e-13},
            )
    minima = [float(np.linalg.eigvalsh(summand)[0]) for summand in summands]
    vectors = [float(np.linalg.norm(parts[name])) for name in "uv"]
    moved = [float(np.linalg.norm(parts[name] - first[name])) for name in "awuv"]
    single = float(np.finfo(np.float32).eps)
    for name, seen, told in (
        ("smallest eigenvalues of the summands of H, of A, W, u, v", minima, flow.part_minima[-1]),
        ("||u||, ||v||", vectors, flow.norms[-1, 2:]),
        ("distances of A, W, u, v from their start", moved, flow.distances[-1]),
        ("largest ||z_i|| / ||phi_i||", [_growth(z, phi)], [flow.growth[-1]]),
    ):
        size = np.maximum(np.abs(seen), EPS)
        relative = np.abs(np.asarray(told) - seen) / size
        yield at_most(
            f"{name}: relative error",
            relative,
            # Of distances: every entry is rounded, m^2 of size 1 for A.
            4 * share * single * problem.model.width * np.maximum(1.0, 1 / size),
            budget={"double precision": 1e-13},
        )
    yield at_least(
        "decay of log ||r||^2 at the last time, so that all of it was put to the test",
        float(flow.log_decay[-1]),
        0.5,
        budget={"rounding": float(flow.rounding[-1] + flow.rounding[0])},
    )


def _growth(z: Array, phi: Array) -> float:
    return float((np.linalg.norm(z, axis=0) / np.linalg.norm(phi, axis=0)).max())


within_errors.false(
    "errors a thousand times smaller",
    share=1e-3,
    why="single precision is no better",
    setting=SMALL,
)
