"""The hypotheses: Assumption 2, the condition on gamma, and the premise of Lemmas 3.4 to 3.6."""

from __future__ import annotations

import numpy as np

from theorems.gao_2022.problem import Start, apart, largest_gamma, smaller_gamma, width_ratio
from theorems.gao_2022.setting import SMALL
from verify.data.parallel import PARALLEL_ANGLE
from verify.losses import EPS
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal
from verify.theorem.verdicts import Verdict

PAPER = "Gao et al. 2022"

CLAIMS = Claims(PAPER)

#: Two units and ten inputs.
TINY = {"width": 2, "samples": 10, "data": "sphere"}

#: Two norms or gammas that agree in half their digits are the same for every lemma; rounding is far smaller.
HALF_THE_DIGITS = 1e-8


@CLAIMS.hypothesis(
    "G-A2", "inputs have norm 1 and no two are parallel", source=f"{PAPER}, Assumption 2", given=(apart,)
)
def unit_inputs(start: Start, size: float = 1.0) -> list[Check]:
    """Assumption 2."""
    angle = start.angles.copy()
    np.fill_diagonal(angle, np.pi / 2)
    rounding = {"rounding": EPS * len(start.inputs)}
    return [
        equal(
            "||x_i||",
            np.linalg.norm(start.inputs, axis=0),
            size,
            budget=rounding,
            resolution=HALF_THE_DIGITS,
        ),
        at_least(
            "smallest angle of two inputs, modulo pi",
            float(np.minimum(angle, np.pi - angle).min()),
            PARALLEL_ANGLE,
            budget=rounding,
        ),
    ]


unit_inputs.false(
    "||x_i|| = 1 + 1e-8", size=1 + 1e-8, why="columns are divided by their norms", setting=SMALL
)
unit_inputs.broken(
    "two parallel inputs",
    why="x_3 = -2 x_0",
    setting={"width": 20},
    data={"x": [[1.0, 2.0], [0.0, 1.0], [1.0, -1.0], [-2.0, -4.0]], "y": [0, 1, 0, 1]},
)
unit_inputs.broken(
    "two inputs 9e-8 from parallel",
    why="1e-7 is the least angle that the rounding of G^inf resolves",
    setting={"width": 20},
    data={"x": [[1.0, 0.0], [1.0, 9e-8], [1.0, -1.0], [0.0, 1.0]], "y": [0, 1, 0, 1]},
)


def gamma_too_large(start: Start) -> str:
    """The message where gamma exceeds its bound."""
    c = start.norm_constant
    return f"gamma exceeds min(1/2, 1/(4c)), c = {c:.4g}: use {smaller_gamma(c)}"


@CLAIMS.hypothesis(
    "G-gamma",
    "gamma <= min(1/2, 1/(4c))",
    source=f"{PAPER}, Theorem 3.1",
    otherwise=gamma_too_large,
)
def gamma_small(start: Start) -> Check:
    """The condition on gamma. The default gamma is the largest allowed and meets it with equality."""
    largest, budget = largest_gamma(start.norm_constant), {"rounding": 4 * EPS}
    if abs(start.gamma - largest) <= 4 * EPS:
        return equal(
            "gamma, min(1/2, 1/(4c))", start.gamma, largest, budget=budget, resolution=HALF_THE_DIGITS
        )
    return at_most("gamma, min(1/2, 1/(4c))", start.gamma, largest, budget=budget)


gamma_small.broken(
    "gamma 1% too large", why="c is 1.98 here: 1/(4c) = 0.1263", setting={**SMALL, "gamma": 0.1276}
)
gamma_small.broken("gamma = 0.9", why="1/(4c) = 0.1263", setting={**SMALL, "gamma": 0.9})
gamma_small.broken(
    "gamma so large that there is no equilibrium",
    why="two units, and gamma ||A(0)||/sqrt(2) = 1.54",
    setting={**TINY, "seed": 1, "gamma": 0.99},
)


def start_too_small(start: Start) -> str:
    """The message where lambda_min(G(0)) is too small; of a draw with the C of its condition on the width."""
    relative = float(np.linalg.eigvalsh(start.gram)[0]) / start.lambda_0
    found = f"lambda_min(G(0)) = {relative:.3g} lambda_0 is below 3/4 lambda_0 at time 0"
    if start.given:
        return (
            f"{found}, for the W of --start, which is no draw and says nothing of C: give --start another W"
        )
    needed = f"C in m >= C (n^2/lambda_0^2) log(n/delta) must exceed {width_ratio(start):.2g}"
    return f"{found}: {needed}; raise --width"


@CLAIMS.hypothesis(
    "G-start",
    "lambda_min(G(0)) >= 3/4 lambda_0",
    source=f"{PAPER}, Lemma 3.5",
    given=(apart,),
    otherwise=start_too_small,
)
def start_large(start: Start) -> Check:
    """Stated sharply and tested so."""
    return at_least(
        "lambda_min(G(0)) / lambda_0",
        float(np.linalg.eigvalsh(start.gram)[0]) / start.lambda_0,
        0.75,
        budget={"eigenvalue": start.gram_error / abs(start.lambda_0)},
        advice="lambda_0 is of the size of rounding: drop inputs that are nearly parallel",
    )


start_large.broken(
    "m = 2 n", why="G(0) is far from its mean yet", setting={"width": 20, "samples": 10, "data": "sphere"}
)
start_large.broken(
    "lambda_min(G(0)) = 0.7494 lambda_0",
    why="that is below 3/4 lambda_0",
    setting={"width": 40, "samples": 6, "data": "sphere", "seed": 20},
)
start_large.broken("an input that no unit sees", why="two units: G(0) is singular", setting=TINY)


def drawn_width(start: Start) -> str:
    """Whether a theorem that fails here tells a constant of its condition on the width: "" of a draw."""
    untold = "the condition on the width is about a draw, and --start is none: this says nothing of C"
    return untold if start.given else ""


#: What both theorems and most lemmas rest on, known at time 0.
PREMISES = (gamma_small, start_large)


def broken_premises(start: Start) -> list[str]:
    """The ids of the premises that fail."""
    checks = {"G-gamma": gamma_small(start), "G-start": start_large(start)}
    return [name for name, check in checks.items() if getattr(check, "verdict", None) is Verdict.VIOLATED]
