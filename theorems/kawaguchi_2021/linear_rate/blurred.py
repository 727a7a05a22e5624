"""What is known to nothing is not decided: statements about a path whose errors were made too large."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import replace

import numpy as np

from theorems.kawaguchi_2021.linear_rate.conclusion import conclusion
from theorems.kawaguchi_2021.linear_rate.errors import observed
from theorems.kawaguchi_2021.linear_rate.path import RatePath
from theorems.kawaguchi_2021.linear_rate.proof import chain_rule, energy_identity, pl_along_path
from verify.linear_deq.accuracy import PathError
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, equal
from verify.theorem.verdicts import Verdict

CLAIMS = Claims("our own, on Kawaguchi 2021, Theorem 1")

#: Points of the path, and how much larger than its tightest an error is made: far beyond every resolution.
POINTS, BLUR = 9, 1.0


def rounded(path: RatePath, blur: float) -> RatePath:
    """Maps so large that rounding hides a few percent of identities with D."""
    size = np.sqrt(0.03 * blur / path.problem.identity_rounding)
    return replace(path, map_norm=np.full_like(path.map_norm, size))


def badly_integrated(path: RatePath, blur: float) -> RatePath:
    """An integrator that errs by half of all that it follows."""
    log, energy = path.log_decay, path.excess[0] - path.excess
    more = PathError(path.error.log + 0.5 * blur * log, path.error.energy + 0.5 * blur * energy)
    return replace(path, error=more)


def uncertain_optimum(path: RatePath, blur: float) -> RatePath:
    """L* known up to a hundred times the excess that is left at the end, as its problem says of itself."""
    objective = copy(path.problem.objective)
    objective.optimum_error += 100 * blur * float(path.excess[-1])
    return replace(path, problem=replace(path.problem, objective=objective))


def off_at_the_end(path: RatePath, blur: float) -> RatePath:
    """An integral whose last value is off by a hundred times the decay."""
    log_energy = path.log_energy.copy()
    log_energy[-1] *= 1 + 100 * blur
    return replace(path, log_energy=log_energy)


#: (path, how much) -> the path with a larger error.
Blur = Callable[[RatePath, float], RatePath]

#: What is compared, after what was done to the path.
CASES: dict[str, tuple[Blur, Callable[[RatePath], Check | Iterable[Check]]]] = {
    "the chain rule, rounded": (rounded, chain_rule),
    "the energy identity, badly integrated": (badly_integrated, energy_identity),
    "PL along the path, L* uncertain": (
        uncertain_optimum,
        lambda path: pl_along_path(path.problem, path),
    ),
    "the theorem, off at the end": (off_at_the_end, lambda path: conclusion(path.problem, path)),
}


@CLAIMS.step("K-E.blurred", "a statement whose errors are too large to decide it is INCONCLUSIVE")
def undecided(blur: float = BLUR) -> Iterator[Check]:
    """1 where it is, of four errors that were made too large one at a time."""
    for name, (blurred, statement) in CASES.items():
        found = statement(blurred(observed(POINTS), blur))
        verdicts = [one.verdict for one in ([found] if isinstance(found, Check) else found)]
        yield equal(
            f"{name}: 1 where INCONCLUSIVE",
            float(Verdict.INCONCLUSIVE in verdicts),
            1.0,
            budget={"rounding": 0.0},
            resolution=0.5,
        )


undecided.false("nothing is blurred", why="the honest statements are VERIFIED", setting={}, blur=0.0)
