"""Observations at time 0 and of random draws: what the lemmas about initialisation need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.problem import GaoProblem
from verify.relu_deq.kernels import sampled_kernel

Array = NDArray[np.float64]

#: Widths and repetitions of the scaling laws.
NORM_WIDTHS, NORM_REPEATS = (64, 128, 256), 12
GRAM_WIDTHS, GRAM_REPEATS = (128, 512, 2048, 8192), 60

#: Random features of the Monte-Carlo check of G^inf, in batches for a standard error.
MONTE_CARLO_BATCHES, MONTE_CARLO_WIDTH = 40, 5000

#: Matrices W on the sphere of Lemma 3.4, and ascents towards a bad one.
RANDOM_WEIGHTS, ASCENTS = 8, 12

#: Sweeps from z = 0 in the check of the contraction.
CONTRACTION_SWEEPS = 12


@dataclass(frozen=True)
class Initial:
    """Observations at time 0, and of draws with the seed of the run.

    matrix_norms    (widths, repeats), ``||A||`` of Gaussian matrices
    gram_squares    (widths, repeats), ``||G(0) - G^inf||_F^2``
    sampled_kernel  (n, n), mean of ``relu(w^T x_i) relu(w^T x_j)`` over draws of w
    sampling_error  (n, n), standard error of sampled_kernel
    neighbours      (k,), ``lambda_min(G)`` at weights W as far from W(0) as Lemma 3.4 allows; random W first,
                    then W that were moved to make it small
    sweep_changes   (sweeps, n), ``||z^(l+1) - z^l||`` from z = 0 on
    sweep_sizes     (sweeps, n), ``||z^(l+1)||``
    least_singular  ``sigma_min(I - gamma~ D A)`` of sample 0
    """

    matrix_norms: Array
    gram_squares: Array
    sampled_kernel: Array
    sampling_error: Array
    neighbours: Array
    sweep_changes: Array
    sweep_sizes: Array
    least_singular: float

    @property
    def arrays(self) -> Mapping[str, Array]:
        """All of it, for the record."""
        return {f"initial_{name}": np.asarray(value) for name, value in vars(self).items()}


def observe_start(problem: GaoProblem) -> Initial:
    """Every observation that needs no training."""
    mean, error = _monte_carlo(problem)
    changes, sizes = _sweeps(problem)
    return Initial(
        _matrix_norms(problem.seed),
        _gram_squares(problem),
        mean,
        error,
        neighbouring_grams(problem),
        changes,
        sizes,
        _least_singular(problem),
    )


def _matrix_norms(seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return np.array(
        [
            [np.linalg.norm(rng.standard_normal((size, size)), 2) for _ in range(NORM_REPEATS)]
            for size in NORM_WIDTHS
        ]
    )


def _gram_squares(problem: GaoProblem) -> Array:
    """``||G(0) - G^inf||_F^2``, whose mean is exactly proportional to 1/m."""
    rng = np.random.default_rng(problem.seed)
    return np.array(
        [
            [
                np.sum((sampled_kernel(problem.inputs, size, rng) - problem.limit) ** 2)
                for _ in range(GRAM_REPEATS)
            ]
            for size in GRAM_WIDTHS
        ]
    )


def _monte_carlo(problem: GaoProblem) -> tuple[Array, Array]:
    """Mean and standard error of every entry. Distances to G^inf are summed, so that nothing cancels."""
    rng = np.random.default_rng(problem.seed)
    total, squares = np.zeros_like(problem.limit), np.zeros_like(problem.limit)
    for _ in range(MONTE_CARLO_BATCHES):
        apart = sampled_kernel(problem.inputs, MONTE_CARLO_WIDTH, rng) - problem.limit
        total += apart
        squares += apart**2
    mean = total / MONTE_CARLO_BATCHES
    variance = np.maximum(squares - MONTE_CARLO_BATCHES * mean**2, 0.0) / (MONTE_CARLO_BATCHES - 1)
    return problem.limit + mean, np.sqrt(variance / MONTE_CARLO_BATCHES)


def neighbouring_grams(problem: GaoProblem, farther: float = 1.0) -> Array:
    """``lambda_min(G)`` on the sphere ``||W - W(0)||_F = R``, at random W and at W moved to make it small.

    The gradient of ``lambda_min(G) = ||Phi q||^2`` in W is ``(2/sqrt(m)) sum_i (E_i Phi q) q_i x_i^T``.
    """
    lemma = np.sqrt(problem.width) * problem.lambda_0 / (16 * problem.norm_constant * problem.input_norm**2)
    radius = farther * lemma
    rng = np.random.default_rng(problem.seed)
    w = problem.start.theta.w
    lowest = [_smallest_gram(problem, radius, rng.standard_normal(w.shape))[0] for _ in range(RANDOM_WEIGHTS)]
    direction = -_smallest_gram(problem, 0.0, np.ones_like(w))[1]
    for _ in range(ASCENTS):
        value, gradient = _smallest_gram(problem, radius, direction)
        lowest.append(value)
        direction = -gradient
    return np.array(lowest)


def _smallest_gram(problem: GaoProblem, radius: float, direction: Array) -> tuple[float, Array]:
    """``lambda_min(G)`` and its gradient at ``W(0) + radius direction / ||direction||_F``."""
    size = float(np.linalg.norm(direction))  # 0 where the eigenvalue is at its minimum, 0
    w = problem.start.theta.w + (radius / size if size > 0 else 0.0) * direction
    phi = problem.model.features.values(w @ problem.inputs)
    values, vectors = np.linalg.eigh(phi.T @ phi)
    q = vectors[:, 0]
    gradient = ((phi > 0) * (phi @ q)[:, None] * q) @ problem.inputs.T
    return float(values[0]), gradient


def _sweeps(problem: GaoProblem) -> tuple[Array, Array]:
    """Sizes of the changes of z by sweeps from z = 0, and of z after them."""
    a, z = problem.start.theta.a, np.zeros_like(problem.phi)
    changes, sizes = [], []
    for _ in range(CONTRACTION_SWEEPS):
        z, before = np.maximum(problem.model.coupling * (a @ z) + problem.phi, 0.0), z
        changes.append(np.linalg.norm(z - before, axis=0))
        sizes.append(np.linalg.norm(z, axis=0))
    return np.array(changes), np.array(sizes)


def _least_singular(problem: GaoProblem) -> float:
    state = problem.start
    matrix = np.eye(problem.width) - state.model.coupling * (state.z[:, :1] > 0) * state.theta.a
    return 1 / float(np.linalg.norm(np.linalg.inv(matrix), 2))
