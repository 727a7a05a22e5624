"""What the certificates of a network share at one point, enclosed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from theorems.gao_2022.problem import GaoProblem
from theorems.relu_enclosed import gram, limit_gram, relu
from verify.certificates.balls import exact
from verify.certificates.eigenvalues import Lowest, lowest_eigenvalue
from verify.certificates.exact import binaries, row
from verify.certificates.judging import Sided, enclosed, sided
from verify.relu_deq.parameters import Parameters

Array = NDArray[np.float64]

NAME = "relu-convergence"


@dataclass(frozen=True)
class Point:
    """Parameters at a point of a problem, and what certificates share there, enclosed.

    v        that of theta
    initial  whether it is the start of the problem
    kinked   how many entries of W X are neither positive nor negative for certain
    active   relu(W X) (m, n), which is sqrt(m) Phi
    limit    lambda_0
    lowest   lambda_min(G)
    """

    problem: GaoProblem
    theta: Parameters
    v: Array
    initial: bool
    inputs: arb_mat
    kinked: int
    active: arb_mat
    limit: Lowest
    lowest: Lowest

    @classmethod
    def of(cls, problem: GaoProblem, theta: Parameters, *, initial: bool) -> Point:
        """At some parameters of the problem's size."""
        inputs = exact(problem.inputs)
        before = exact(theta.w) * inputs
        active = relu(before)
        assert theta.v is not None  # this network has one
        return cls(
            problem,
            theta,
            theta.v,
            initial,
            inputs,
            sum(1 for entry in before.entries() if not (entry > 0 or entry < 0)),
            active,
            lowest_eigenvalue(limit_gram(inputs)),
            lowest_eigenvalue(gram(active) / arb(problem.width)),
        )

    @property
    def data(self) -> Mapping[str, Any]:
        """Inputs, W and the vector of lambda_0, for a certificate."""
        limit = {"limit_vector": row(self.limit.vector)}
        return {"inputs": binaries(self.problem.inputs), "W": binaries(self.theta.w), **limit}

    @property
    def lambda_0(self) -> list[str]:
        """For `found`."""
        return enclosed(self.limit.low, self.limit.high)

    @property
    def share(self) -> tuple[int, int]:
        """What lambda_min(G) must be of lambda_0: 3/4 at the start, and 1/2 later."""
        return (3, 4) if self.initial else (1, 2)

    @property
    def side(self) -> Sided:
        """Whether it is."""
        part = arb(self.share[0]) / self.share[1]
        return sided(self.lowest.low, self.lowest.high, part * self.limit.low.union(self.limit.high))

    @property
    def root(self) -> arb:
        """sqrt(m)."""
        return arb(self.problem.width).sqrt()
