"""Lemmas about the network: 2.2 on its equilibrium, 2.3 on its gradients, 3.1 on the dynamics of outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.path import GaoPath
from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.problem import GaoProblem
from theorems.gao_2022.setting import SMALL
from verify.losses import EPS
from verify.relu_deq.probe import MOVE, Probe, probe
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal

Array = NDArray[np.float64]

CLAIMS = Claims(PAPER)

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
IDENTITY_RESOLUTION = 1e-3


def well_posed(path: GaoPath) -> str:
    """Once gamma~ ||A(t)|| reaches 1, the lemma says nothing, even if the network has an equilibrium."""
    advice = "lower --gamma or raise --width"
    if not path.flow.well_posed:
        return f"after time {path.flow.times[-1]:.4g}, {path.flow.lost}: {advice}"
    lost = np.flatnonzero(path.flow.contraction >= 1)
    if not len(lost):
        return ""
    return f"gamma~ ||A(t)|| reaches 1 at time {path.flow.times[lost[0]]:.4g}: {advice}"


@CLAIMS.step("G-L2.2", "the equilibrium exists: contraction by gamma_0", source=f"{PAPER}, Lemma 2.2")
def contraction(problem: GaoProblem, path: GaoPath, share: float = 1.0) -> list[Check]:
    """Sweeps from z = 0 contract by gamma_0 = gamma~ ||A||, and z stays below its bound."""
    gamma_0, changes = problem.gamma_0, path.initial.sweep_changes
    sizes = np.linalg.norm(problem.phi, axis=0)
    # For smaller changes the rounding of z is more than a tenth of a percent.
    kept = changes[:-1] > 1e3 * np.sqrt(problem.width) * EPS * sizes
    ratios = changes[1:][kept] / changes[:-1][kept]
    return [
        at_most(
            "||z^(l+1) - z^l|| / ||z^l - z^(l-1)||, gamma_0",
            ratios,
            share * gamma_0,
            budget={"rounding": 2e-3 * ratios},
        ),
        at_most(
            "||z^l|| / ||phi|| at time 0, 1/(1 - gamma_0)",
            (path.initial.sweep_sizes / sizes).max(),
            1 / (1 - gamma_0) if gamma_0 < 1 else np.inf,
            budget={"rounding": problem.width * EPS},
        ),
    ]


@contraction.also(given=(well_posed,))
def equilibria_along_flow(problem: GaoProblem, path: GaoPath, power: float = 1.0) -> list[Check]:
    """The bound of z at every checked time; the network is well posed as long as gamma~ ||A(t)|| < 1."""
    flow, coupling = path.flow, problem.model.coupling
    bound = 1 / np.maximum(1 - flow.contraction, EPS) ** power
    return [
        at_most(
            "||z|| / ||phi|| along the flow, 1/(1 - gamma~ ||A(t)||)",
            flow.growth,
            bound,
            budget={
                "accuracy": flow.accuracy * np.sqrt(problem.samples) * bound,
                "norm": coupling * flow.norm_errors[:, 0] * bound**2,
            },
            where={"time": flow.times},
        ),
        at_most(
            "gamma~ ||A(t)||, well posed below 1",
            flow.contraction,
            1.0,
            budget={"norm": coupling * flow.norm_errors[:, 0]},
            where={"time": flow.times},
            advice="the path moved far from its start: lower --gamma or raise --width",
        ),
    ]


contraction.false(
    "contraction by 0.45 gamma_0",
    share=0.45,
    why="half of the units pass a change on, which a sweep contracts by gamma/sqrt(2) ~ gamma_0/(2 sqrt(2)) "
    "in the mean over directions, and by more in some",
    setting=SMALL,
)
contraction.false(
    "||z|| <= ||phi|| / (1 - gamma~ ||A(t)||)^0.05",
    power=0.05,
    why="||z||^2 is about ||phi||^2 (1 + gamma^2/2 + ...)",
    setting=SMALL,
)


def probed(path: GaoPath) -> str:
    """Derivatives are taken only where the map contracts; "" there, else the way out."""
    if path.flow.probes:
        return ""
    return f"gamma~ ||A(0)|| = {path.flow.contraction[0]:.3g} is not below 1: lower --gamma"


@CLAIMS.step("G-L2.3", "I - gamma~ D A is invertible; gradients", source=f"{PAPER}, Lemma 2.3")
def invertible(problem: GaoProblem, path: GaoPath, share: float = 1.0) -> Check:
    """I - gamma~ D A stays away from singular."""
    return at_least(
        "sigma_min(I - gamma~ D A), sample 0, 1 - gamma_0",
        path.initial.least_singular,
        1 - share * path.flow.contraction[0],
        budget={"rounding": problem.width * EPS},
    )


@invertible.also(given=(probed,))
def gradients(path: GaoPath) -> Iterator[Check]:
    """Directional derivatives of the outputs in closed form against complex steps."""
    for at in path.flow.probes:
        yield equal(
            f"J w, closed form against complex step, t = {at.time:.3g}",
            float(np.linalg.norm(at.closed - at.derivative) / np.linalg.norm(at.derivative)),
            0.0,
            budget={"rounding": at.rounding},
            where={"time": at.time},
            resolution=IDENTITY_RESOLUTION,
            advice="gamma~ ||A|| is close to 1: lower --gamma",
        )


@invertible.also(given=(probed,))
def moves(problem: GaoProblem, path: GaoPath, factor: float = 1.0) -> Iterator[Check]:
    """The integrator moves along J^T c: ``<w, move>`` equals ``<J w, c>`` for the c of the move.

    The budget counts the rounding of the parameters: it is a part of each, met by an entry of w of size 1.
    """
    for at in path.flow.probes:
        yield equal(
            f"<w, J^T c> as the flow moves, <J w, c> by complex step, t = {at.time:.3g}",
            at.move_along,
            factor * at.expected_along,
            budget={
                "rounding of the move": 10 * EPS * problem.size / MOVE,
                "derivative": at.rounding * float(np.linalg.norm(at.derivative)),
            },
            where={"time": at.time},
            resolution=IDENTITY_RESOLUTION,
            advice="gamma~ ||A|| is close to 1: lower --gamma",
        )


def unmasked(problem: GaoProblem, path: GaoPath) -> GaoPath:
    """Derivatives at the start by ``(I - gamma~ A^T D)^{-1} u``, an adjoint that lost its mask."""
    state, coupling = problem.start, problem.model.coupling
    columns = [
        np.linalg.solve(np.eye(len(z)) - coupling * state.theta.a.T * (z > 0), state.theta.u)
        for z in state.z.T
    ]
    wrong = replace(state, p=np.column_stack(columns))
    rng = np.random.default_rng(problem.seed)
    at = probe(wrong, problem.targets, problem.gamma_0, 0.0, rng)
    return replace(path, flow=replace(path.flow, probes=[at]))


invertible.false(
    "the adjoint equilibrium without its mask",
    path=unmasked,
    why="units at 0 pass no derivative on",
    setting=SMALL,
)
invertible.false(
    "the flow moves by 1.000001 J^T c", factor=1 / 1.000001, why="its steps are exact", setting=SMALL
)
invertible.false(
    "sigma_min(I - gamma~ D A) >= 1 - 0.6 gamma_0",
    share=0.6,
    why="it is 1 - 0.643 gamma_0 with the units that are active here",
    setting=SMALL,
)


def as_it_holds(parts: Array) -> Array:
    """The summands of H, with the all-ones matrix."""
    return parts


def as_printed(parts: Array) -> Array:
    """The summands of H as Lemma 3.1 prints them, with I_n o Z^T Z in place of Z^T Z."""
    printed = parts.copy()
    printed[2] = np.diag(np.diag(parts[2]))
    return printed


def without_w(parts: Array) -> Array:
    """The summands of H except the one of W."""
    return parts[[0, 2, 3]]


@CLAIMS.erratum(
    "G-L3.1",
    "dyhat/dt = -H r with the all-ones matrix; false with the printed identity matrix",
    source=f"{PAPER}, Lemma 3.1",
    given=(probed,),
)
def dynamics(path: GaoPath, form: Callable[[Array], Array] = as_it_holds) -> Iterator[Check]:
    """``dyhat/dt = -H r`` at some times, dyhat/dt by complex step; the printed H is refuted."""
    for at in path.flow.probes:
        yield equal(
            f"||dyhat/dt + H r|| / ||dyhat/dt||, H with 11^T, t = {at.time:.3g}",
            at.gap(form(at.parts)),
            0.0,
            budget={"rounding": at.rounding * at.cancellation},
            where={"time": at.time},
            resolution=IDENTITY_RESOLUTION,
            advice="gamma~ ||A|| is close to 1: lower --gamma",
        )
    worst = max(path.flow.probes, key=_printed_gap)
    yield at_least(
        "erratum: ||dyhat/dt + H r|| / ||dyhat/dt||, printed with I_n, is not 0",
        _printed_gap(worst),
        0.0,
        budget={"rounding": worst.rounding * worst.cancellation},
        where={"time": worst.time},
        advice="the two forms agree here",
    )


def _printed_gap(at: Probe) -> float:
    return at.gap(as_printed(at.parts))


dynamics.false("I_n for 11^T, as printed", form=as_printed, why="Z^T Z is not diagonal", setting=SMALL)
dynamics.false("H without (C^T C) o (X^T X)", form=without_w, why="W is trained too", setting=SMALL)
