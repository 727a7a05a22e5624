"""Where the constants of Lemmas 3.5 and 3.6 come from: a network in which each step of their proof is
attained."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from theorems.gao_2022.output_weights import DESCENT_U, DESCENT_V, FLOW_U, FLOW_V
from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.setting import SMALL
from verify.numerics.arrays import norm
from verify.relu_deq.model import ImplicitReLU
from verify.relu_deq.parameters import Parameters
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, equal

CLAIMS = Claims(f"our own, on {PAPER}, Lemmas 3.5 and 3.6")

#: Width, samples, c, lambda_0 and a small step of descent.
WIDTH, SAMPLES, C, LAMBDA, STEP = 5, 3, 1.7, 0.3, 1e-6


@CLAIMS.step(
    "G-L3.5.constants",
    "8, 4, 16 and 8 c sqrt(n) ||r(0)||/lambda_0 are what the proof gives for u and v, no more and no less",
)
def constants_attained(factor: float = 1.0) -> Iterator[Check]:
    """Equal inputs, W and A of one positive direction, at their bounds ||W|| = 2 c sqrt(m), gamma~ ||A|| =
    1/2.

    Then Phi^T r and Z^T r are as large as they can be, and ||r|| decays as slowly as it may: with
    exp(-lambda_0 t/2) along flow, whose integral is 2/lambda_0, and with sqrt(1 - alpha lambda_0/2) a step of
    descent, whose sum times alpha tends to 4/lambda_0.
    """
    side = np.full(WIDTH, 1 / np.sqrt(WIDTH))
    inputs = np.zeros((2, SAMPLES))
    inputs[0] = 1.0
    gamma = 0.1
    theta = Parameters(
        a=np.outer(side, side) * 0.5 * np.sqrt(WIDTH) / gamma,
        w=np.outer(side, [1.0, 0.0]) * 2 * C * np.sqrt(WIDTH),
        u=np.ones(WIDTH),
        v=np.ones(WIDTH),
    )
    state = ImplicitReLU.scaled(inputs, WIDTH, gamma).at(theta)
    residual = np.full(SAMPLES, 1 / np.sqrt(SAMPLES))
    gradient = state.gradients(residual)
    flow = 2 / LAMBDA
    descent = STEP / (1 - np.sqrt(1 - STEP * LAMBDA / 2))
    unit = C * np.sqrt(SAMPLES) / LAMBDA
    for name, speed, in_flow, in_descent in (
        ("u", gradient.u, FLOW_U, DESCENT_U),
        ("v", gradient.v, FLOW_V, DESCENT_V),
    ):
        size = norm(speed)
        yield equal(
            f"distance of {name} over c sqrt(n) ||r(0)||/lambda_0, at most: flow, descent",
            np.array([size * flow, size * descent]) / unit,
            factor * np.array([in_flow, in_descent]),
            budget={"equilibrium": 1e-9, "step": [0.0, STEP * LAMBDA * in_descent]},
            resolution=1e-3,
        )


constants_attained.false("constants 0.1% larger", factor=1.001, why="they are attained", setting=SMALL)
