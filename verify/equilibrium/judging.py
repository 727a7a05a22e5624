"""The checks of a layer, each from what was measured: what is compared, with what error, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from verify.equilibrium.cell import Array
from verify.equilibrium.gradients import Backward, Difference, Reference, size, total
from verify.equilibrium.report import Finding, Swept
from verify.equilibrium.solving import Equilibrium
from verify.equilibrium.spectrum import Estimate, Spectrum
from verify.theorem.compare import Check, at_least, at_most, equal, inconclusive, not_applicable
from verify.theorem.verdicts import Verdict

#: Banach's bound is attained by symmetric linear maps; it is resolved to this share of it.
RESOLVED = 0.1

#: Differences tell a derivative to this share of its size; a wrong one is off by more.
DERIVATIVE = 1e-3

#: A solver cannot see residuals below the rounding of its precision; it is not held to such tolerances.
SEEN = 16.0


#: Why a gradient of 0 is not judged.
ZERO = (
    "the implicit gradient is 0 for these inputs, and a wrong one may be, too: give inputs for which z* "
    "depends on them or on the parameters"
)


@dataclass(frozen=True)
class Rows:
    """Norms by sample: what is left of the equation at the layer's output, and what rounding hides of it.

    residual, rounding  (k,), absolute or relative to ||f(z)|| as the solver's tolerance is meant
    """

    residual: Array
    rounding: Array


def contraction(found: Spectrum, place: str) -> list[Finding]:
    """||J|| and the spectral radius of J against 1, at the equilibrium or at another place."""
    norm = _below_one(f"||J|| {place}", found.norm, "Lanczos on J^T J")
    radius = _below_one(f"largest |eigenvalue| of J {place}", found.radius, "Arnoldi")
    if radius.verdict is not Verdict.VERIFIED and norm.verdict is Verdict.VERIFIED:
        radius = _below_one(f"largest |eigenvalue| of J {place}, by ||J||", found.norm, "Lanczos on J^T J")
    if norm.verdict is Verdict.VIOLATED and radius.verdict is not Verdict.VIOLATED:
        norm = not_applicable(
            norm.quantity,
            "f is no contraction in the Euclidean norm, so that one step may lead away from the equilibrium; "
            "whether iterating it converges from nearby is for the radius to say, and "
            "residual / (1 - ||J||) bounds nothing here",
        )
    smaller = (
        "make the map smaller, by spectral normalisation or decay of what acts on z, or by a penalty on ||J||"
    )
    return [
        Finding("contraction", norm, False, f"f need not contract everywhere; {smaller}"),
        Finding(
            "radius",
            radius,
            advice=f"iterating f leads away from this equilibrium: {smaller}; or use a solver that needs no "
            "contraction (Broyden, Newton) in both passes, and read the other checks",
        ),
    ]


def _below_one(quantity: str, estimate: Estimate | None, by: str) -> Check:
    if estimate is None:
        return inconclusive(quantity, f"{by} did not converge: try fewer samples")
    return at_most(
        quantity,
        estimate.value,
        1.0,
        budget={f"residual of {by}": estimate.error},
        advice="it is 1 to within its error; make the map smaller",
    )


def well_posed(found: Spectrum, unit: float, target: float, place: str) -> Finding:
    """Whether I - J is so far from singular that rounding leaves the gradient its target."""
    quantity = f"||(I - J)^-1|| {place}, times the rounding unit"
    if found.inverse is None:
        check = inconclusive(
            quantity, "I - J is singular to rounding: the equation has no isolated solution here"
        )
    else:
        check = at_most(
            quantity,
            unit * found.inverse.value,
            target,
            budget={"Lanczos or Neumann's series": unit * found.inverse.error},
        )
    return Finding(
        "well-posed",
        check,
        advice="rounding alone may change the equilibrium and the gradient by more than the target: use "
        "float64, or keep the eigenvalues of J away from 1",
    )


def solved(rows: Rows, tolerance: float, stop: str) -> Finding:
    """The residual of the layer's own output against what its solver promises, sample by sample."""
    relative = " / ||f(z)||" if stop == "rel" else ""
    quantity = f"||f(z) - z||{relative} of every sample"
    check = at_most(
        quantity,
        rows.residual,
        tolerance,
        # Known in float64; rounding in the layer's precision only excuses what it did not see.
        budget={"rounding of f": np.where(rows.residual > tolerance, rows.rounding, 0.0)},
        where={"sample": np.arange(rows.residual.size)},
        advice="the tolerance is near the rounding of f: use float64 or a looser one",
    )
    return Finding(
        "residual",
        check,
        advice="the solver stopped early: raise its maximal number of iterations; look whether its "
        "tolerance is absolute or relative (stop=), and whether map= is what it iterates",
    )


def near(
    output: Array, at: Equilibrium, gap: float, norms: Sequence[Estimate | None], inverse: float
) -> Finding:
    """Banach's bound: from the equilibrium the output is no farther than residual / (1 - L)."""
    quantity = "||z - z*|| <= ||f(z) - z|| / (1 - ||J||)"
    advice = (
        "the slope of f is larger on the way to the equilibrium than at both ends: the residual tells "
        "little of the error; tighten the solver's tolerance"
    )
    known = [one for one in norms if one is not None]
    if len(known) < len(norms) or any(one.value + one.error >= 1 for one in known):
        what = "f is not known to contract in the Euclidean norm at the layer's output and at the equilibrium"
        return Finding("distance", not_applicable(quantity, what), False)
    largest, least = max(one.value for one in known), min(one.value for one in known)
    error = max(one.error for one in known)
    bound = gap / (1 - largest)
    rounding = np.finfo(np.float64).eps * size(at.z)
    check = at_most(
        quantity,
        size(output - at.z),
        bound,
        budget={
            "reference": inverse * at.residual,
            "||J|| by Lanczos": gap / (1 - largest - error) - bound,
            "||J|| between": bound - gap / (1 - least),
            "rounding": inverse * rounding,
        },
        trivial=gap <= rounding,
        attained=RESOLVED * bound,
        advice="the layer is as near as the reference, or f bends too much between them for this bound",
    )
    return Finding("distance", check, False, advice)


def differences(found: Difference) -> Finding:
    """The reference gradient against differences of equilibria, along one direction."""
    quantity = "implicit gradient along a direction, against differences of equilibria"
    if not found.found:
        check = inconclusive(
            quantity, "no equilibria were found beside it: the solution ends or forks near here"
        )
    else:
        check = equal(
            quantity,
            found.claimed,
            found.fine,
            budget=found.budget,
            resolution=DERIVATIVE * found.scale,
            advice="f bends or has a kink next to its parameters: try other inputs or a seed",
        )
    return Finding(
        "reference",
        check,
        advice="what torch says are the derivatives of map= are not: look for detach, no_grad, rounding, "
        "or a custom backward in it; the gradient is judged against these derivatives",
    )


def gradient(
    errors: Mapping[str, float],
    found: Reference,
    target: float,
    mistake: str,
    sweep: Sequence[Swept],
    loosest: float | None,
) -> Finding:
    """The layer's gradient against the implicit one: its relative errors, leaf by leaf."""
    if total(found.gradient) == 0:
        return Finding("gradient", inconclusive("relative error of the gradient", ZERO))
    budgets = _leaf_budgets(found, target)
    check = at_most(
        f"relative error of the gradient, of each of {len(errors)}",
        list(errors.values()),
        target,
        budget={cause: [parts[name] for name in errors] for cause, parts in budgets.items()},
        where={"number": np.arange(len(errors))},
        advice="rounding may explain it: use float64",
    )
    worst = max(errors, key=lambda name: errors[name])  # what the check shows is the surest, not the worst
    told = f"worst in {worst}, {errors[worst]:.3g}"
    return Finding("gradient", check, advice=f"{told}; {_gradient_advice(mistake, sweep, loosest)}")


def _leaf_budgets(found: Reference, target: float) -> Mapping[str, Mapping[str, float]]:
    """How far relative errors may be off, by cause and leaf."""
    return {
        "reference": found.relative(found.solver, target),
        "rounding": found.relative(found.rounding, target),
    }


def _gradient_advice(mistake: str, sweep: Sequence[Swept], loosest: float | None) -> str:
    if mistake:
        return mistake
    if loosest is not None:
        return f"set the tolerance to {loosest:g} or below"
    if sweep:
        return (
            "no tolerance helps: either the backward pass has a solver of its own that stops early, or it "
            "does not solve with I - J^T"
        )
    return (
        "tighten the tolerances of both passes; where that does not help the backward pass does not solve "
        "with I - J^T (say set_tolerance=, and it is tried)"
    )


def descent(made: Backward, found: Reference) -> Finding:
    """Whether the layer's gradient, however wrong, leads downhill."""
    length, reached = total(found.gradient), total(made.gradient)
    quantity = "cosine of the layer's gradient and the implicit one"
    if length == 0 or reached == 0:
        return Finding("descent", inconclusive(quantity, "one of them is 0"), False)
    inner = sum(float(made.gradient[name] @ part) for name, part in found.gradient.items())
    check = at_least(
        quantity,
        inner / (length * reached),
        0.0,
        budget=_overall(found),
    )
    return Finding("descent", check, False, "a step along it makes the loss larger: look for a sign")


def _overall(found: Reference) -> Mapping[str, float]:
    length = total(found.gradient)
    return {
        "reference": float(np.linalg.norm(list(found.solver.values()))) / length,
        "rounding": float(np.linalg.norm(list(found.rounding.values()))) / length,
    }


def loosest_of(sweep: Sequence[Swept], target: float) -> float | None:
    """The loosest tolerance from which on all meet the target."""
    loosest = None
    for one in sorted(sweep, key=lambda one: one.tolerance):
        if not one.error <= target:
            break
        loosest = one.tolerance
    return loosest


def swept(
    sweep: Sequence[Swept], found: Reference, target: float, loosest: float | None, rounding: float
) -> list[Finding]:
    """Whether some tolerance meets the target, and whether the solver keeps those up to there."""
    quantity = "least relative error of the gradient at any tolerance"
    reached = (
        at_most(
            quantity,
            min(one.error for one in sweep),
            target,
            budget={cause: max(parts.values()) for cause, parts in _leaf_budgets(found, target).items()},
            advice="rounding may explain it: use float64",
        )
        if total(found.gradient) > 0
        else inconclusive(quantity, ZERO)
    )
    judged = [one for one in sweep if one.tolerance >= max(loosest or 0.0, SEEN * rounding)]
    quantity = "residual of the worst sample at each tolerance"
    kept = (
        at_most(
            quantity,
            [one.residual for one in judged],
            [one.tolerance for one in judged],
            # As in `solved`: it only excuses what the solver did not see.
            budget={"rounding of f": [rounding if one.residual > one.tolerance else 0.0 for one in judged]},
            where={"tolerance": [one.tolerance for one in judged]},
        )
        if judged
        else not_applicable(quantity, "rounding of f is above every tolerance that was tried")
    )
    return [
        Finding(
            "tolerances",
            reached,
            advice="no tolerance gives the gradient: see the check `gradient`, and raise the backward "
            "solver's maximal number of iterations",
        ),
        Finding(
            "kept tolerances",
            kept,
            advice="the solver does not do what it is told: raise its maximal number of iterations; look "
            "whether it knows absolute and relative tolerances, and which of them set_tolerance= sets",
        ),
    ]
