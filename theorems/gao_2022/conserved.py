"""What the flow conserves, and what descent adds to it: free of every bound of the paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from theorems.balance import added_by_descent, kept_by_flow, loose_flow
from theorems.gao_2022.path import GaoPath, followed
from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.problem import GaoProblem
from theorems.gao_2022.setting import SMALL
from verify.relu_deq.parameters import Block, Solved
from verify.relu_deq.path import relu_path
from verify.theorem.claims import Claims
from verify.theorem.compare import Check

CLAIMS = Claims(f"our own, on {PAPER}")

#: So few units that they move far, followed closely: there a loose integrator shows.
FAR = {"data": "sphere", "width": 34, "samples": 3, "seed": 71, "points": 9, "tolerance": 1e-5}


@CLAIMS.step(
    "G-N",
    "flow conserves sum_k A_jk^2 - sum_k A_kj^2 + sum_k W_jk^2 - u_j^2 - v_j^2 for every unit j",
    given=(followed,),
)
def balance(problem: GaoProblem, path: GaoPath, factor: float = 1.0) -> Iterator[Check]:
    """Along the flow; under descent it grows by alpha^2 times the same form of the gradient, exactly."""
    yield kept_by_flow(path.flow, problem.tolerance)
    for descent in (path.trained.descent, path.trained.at_largest):
        yield added_by_descent(descent, factor)


@dataclass(frozen=True)
class _Louder(Block):
    """A block of which every derivative is 1% too large."""

    def _scale(self, state: Solved) -> float:
        return 1.01 * super()._scale(state)


def louder(problem: GaoProblem, path: GaoPath) -> GaoPath:
    """A flow in which A alone moves 1% too fast."""
    first, *others = problem.model.trained
    model = replace(problem.model, trained=(_Louder(**vars(first)), *others))
    start = replace(problem.start, model=model)
    return replace(path, flow=relu_path(replace(problem, start=start), lambda share: None, probed=False))


balance.false(
    "a flow whose dA alone is 1.01 times as large",
    path=louder,
    why="only the whole is a gradient",
    setting=SMALL,
)
balance.false(
    "a flow at 1000 times the tolerance",
    path=lambda problem, path: replace(path, flow=loose_flow(problem)),
    why="its steps do not conserve it so well",
    setting=FAR,
)
balance.false(
    "1.001 alpha^2 times the form of the gradient",
    factor=1.001,
    why="descent adds it exactly, and its largest steps add much more than rounding",
    setting=FAR,
)
