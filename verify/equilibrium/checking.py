"""`equilibrium_checks`: is the equilibrium of an implicit layer one, and is its gradient the implicit one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from verify.equilibrium import judging
from verify.equilibrium.cell import (
    Array,
    Cell,
    Map,
    copied,
    flattened,
    output_of,
    require_one_map,
    require_repeatable,
)
from verify.equilibrium.gradients import (
    ROUNDING,
    Gradient,
    Reference,
    backward,
    finite_difference,
    reference,
    resembled,
    size,
)
from verify.equilibrium.report import EquilibriumReport, Finding, Swept
from verify.equilibrium.solving import Equilibrium, equilibrium
from verify.equilibrium.spectrum import Spectrum, jacobian_norm, spectrum
from verify.theorem.compare import inconclusive
from verify.theorem.errors import InputError, in_words

#: The tolerances that are tried.
TOLERANCES = tuple(10.0**-digits for digits in range(1, 9))

SetTolerance = Callable[[nn.Module, float], object]


def equilibrium_checks(
    layer: nn.Module,
    inputs: Tensor | Sequence[Tensor],
    *,
    map: Map | None = None,
    tolerance: float | None = None,
    stop: Literal["abs", "rel"] = "abs",
    set_tolerance: SetTolerance | None = None,
    target: float = 1e-3,
    seed: int = 0,
) -> EquilibriumReport:
    """Check an implicit layer: contraction, equilibrium, implicit gradient, and what its tolerance costs.

    Parameters
    ----------
    layer: a module whose ``layer(*inputs)`` is the equilibrium z*, of any shape and floating dtype; of two
        axes or more the first counts samples. All is done on copies, where the layer is.
    inputs: what the layer is called with, a tensor or several.
    map: ``map(layer, z, *inputs)`` applies f once; by default ``layer.f(z, *inputs)``.
    tolerance: what the layer's solver promises of ``||f(z) - z||`` of every sample, absolute, or relative to
        ``||f(z)||`` with ``stop="rel"``. Without it `target` times ``||f(z)||``: so near the output must be.
    set_tolerance: ``set_tolerance(layer, tolerance)`` sets it, in both passes; then tolerances from 1e-1 to
        1e-8 are tried.
    target: relative error that the gradient may have.
    seed: of the cotangent g, of the direction of the differences, and of the starts of Lanczos.

    The gradient is that of the loss ``<g, z*>`` for one normal g, in all parameters and inputs. InputError
    for what cannot be checked.
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    _require(layer, given, map, tolerance, stop, target)
    if tolerance is None:
        tolerance, stop = target, "rel"
    asked = _Asked(layer, given, map or _own_map, stop, target, seed)
    measured = _measure(asked)
    findings, numbers = _at_the_equilibrium(asked, measured, tolerance)
    if measured.inverse is None or not measured.at.found:
        return EquilibriumReport([*findings, _undecided(measured)], numbers)
    return _with_gradients(asked, measured, measured.inverse, findings, numbers, set_tolerance)


@dataclass(frozen=True)
class _Asked:
    layer: nn.Module
    inputs: tuple[Tensor, ...]
    map: Map
    stop: str
    target: float
    seed: int


@dataclass(frozen=True)
class _Measured:
    own: Cell
    tight: Cell
    output: Array
    at: Equilibrium
    spectrum: Spectrum
    random: np.random.Generator

    @property
    def inverse(self) -> float | None:
        found = self.spectrum.inverse
        return None if found is None else found.value + found.error


def _own_map(layer: nn.Module, z: Tensor, *inputs: Tensor) -> Tensor:
    found: Tensor = layer.f(z, *inputs)  # type: ignore[operator]
    return found


def _require(
    layer: object,
    inputs: tuple[object, ...],
    map: Map | None,
    tolerance: float | None,
    stop: str,
    target: float,
) -> None:
    if not isinstance(layer, nn.Module):
        raise InputError(f"the layer is {type(layer).__name__}: give a torch.nn.Module that returns z*")
    if not inputs or not all(isinstance(one, Tensor) for one in inputs):
        raise InputError(
            "inputs should be a tensor or several, with which the layer is called: give inputs=(x,)"
        )
    if map is None and not callable(getattr(layer, "f", None)):
        raise InputError(
            f"{type(layer).__name__} has no method f(z, x): give map=lambda layer, z, x: ..., the map that "
            "the layer iterates"
        )
    if bad := [name for name, one in layer.named_parameters() if one.is_complex() and one.requires_grad]:
        raise InputError(
            f"the parameter {bad[0]} is complex: hold it as a real one and write "
            f"torch.view_as_complex({bad[0]}) where it is used"
        )
    if stop not in ("abs", "rel"):
        raise InputError(f"stop={stop!r}: it should be 'abs' or 'rel', for example stop='rel'")
    if not 0 < target < 1:
        raise InputError(f"target={target}: it should be between 0 and 1, for example target=1e-3")
    if tolerance is not None and not 0 < tolerance < math.inf:
        raise InputError(f"tolerance={tolerance}: it should be above 0, for example tolerance=1e-6")


def _measure(asked: _Asked) -> _Measured:
    layer, inputs = copied(asked.layer, asked.inputs, double=False)
    output = output_of(layer, inputs)
    own = Cell(layer, asked.map, inputs, output.shape, output.dtype)
    double, wide = copied(asked.layer, asked.inputs, double=True)
    tight = Cell(double, asked.map, wide, output.shape, torch.float64)
    start = flattened(output)
    require_repeatable(tight, start)
    require_one_map(own, tight, start)
    tight.at(start).require_transposes()
    at = equilibrium(tight, start)
    random = np.random.default_rng(asked.seed)
    # Where Newton's method ends without an equilibrium nothing is of interest; where the layer does, it is.
    place = at.z if at.found else start
    limit = asked.target / torch.finfo(output.dtype).eps
    return _Measured(own, tight, start, at, spectrum(tight.at(place), random, limit), random)


def _at_the_equilibrium(
    asked: _Asked, measured: _Measured, tolerance: float
) -> tuple[list[Finding], dict[str, float]]:
    found, unit = measured.spectrum, torch.finfo(measured.own.dtype).eps
    place = "at the equilibrium" if measured.at.found else "at the layer's output"
    rows = _rows(asked, measured, measured.output)
    gap = size(measured.tight(measured.output) - measured.output)
    findings = [
        *judging.contraction(found, place),
        judging.well_posed(found, unit, asked.target, place),
        judging.solved(rows, tolerance, asked.stop),
    ]
    numbers = {
        name: one.value
        for name, one in (
            ("||J||", found.norm),
            ("spectral radius of J", found.radius),
            ("||(I - J)^-1||", found.inverse),
        )
        if one
    }
    numbers["||f(z) - z|| at the layer's output"] = gap
    if measured.at.found and measured.inverse is not None:
        there = jacobian_norm(measured.tight.at(measured.output), measured.random)
        findings.append(
            judging.near(measured.output, measured.at, gap, (there, found.norm), measured.inverse)
        )
        numbers["||z - z*||, from the equilibrium"] = size(measured.output - measured.at.z)
    return findings, numbers


def _rows(asked: _Asked, measured: _Measured, z: Array) -> judging.Rows:
    """Residual and rounding of f by sample."""
    shape = measured.tight.shape
    samples = shape[0] if len(shape) > 1 else 1

    def norms(flat: Array) -> Array:
        return np.asarray(np.linalg.norm(flat.reshape(samples, -1), axis=1))

    value = measured.tight(z)
    scale = norms(value) if asked.stop == "rel" else np.ones(samples)
    scale = np.where(scale > 0, scale, 1.0)
    seen = ROUNDING * norms(measured.own(z) - value)
    return judging.Rows(norms(value - z) / scale, seen / scale)


def _undecided(measured: _Measured) -> Finding:
    """The gradient where there is no reference for it."""
    if measured.at.found:
        why, advice = "I - J is singular to rounding there", "see the check `well-posed`"
    else:
        left = f"Newton's method ended at a residual of {measured.at.residual:.3g}"
        why = f"no equilibrium was found near the layer's output: {left}"
        advice = "the layer's output is near no fixed point of map=: look whether that is what it iterates"
    return Finding("gradient", inconclusive("gradient of the layer", why), advice=advice)


def _with_gradients(
    asked: _Asked,
    measured: _Measured,
    inverse: float,
    findings: list[Finding],
    numbers: dict[str, float],
    set_tolerance: SetTolerance | None,
) -> EquilibriumReport:
    tight, at, target = measured.tight, measured.at, asked.target
    cotangent = measured.random.standard_normal(at.z.size).astype(np.float32).astype(np.float64)
    made = backward(asked.layer, asked.inputs, cotangent)
    if not made.gradient:
        raise InputError(
            "nothing has a gradient: no parameter requires one and no input is of floating point"
        )
    found = reference(measured.own, tight, at, cotangent, inverse, measured.random)
    if not found.adjoint.found:
        why = "GMRES did not solve the adjoint equation in float64"
        return EquilibriumReport([*findings, Finding("gradient", inconclusive("gradient", why))], numbers)
    _require_own_parameters(tight, at, made.gradient)
    sweep = _sweep(asked, measured, found, cotangent, set_tolerance) if set_tolerance else []
    loosest = judging.loosest_of(sweep, target)
    errors = found.errors(made.gradient, target)
    right = all(error <= target for error in errors.values())
    mistake = "" if right else resembled(tight, at, cotangent, found.adjoint, made.gradient)
    checked = finite_difference(tight, at, cotangent, found, inverse, measured.random)
    findings += [
        judging.differences(checked),
        judging.gradient(errors, found, target, mistake, sweep, loosest),
        judging.descent(made, found),
    ]
    if sweep:
        rounding = float(_rows(asked, measured, at.z).rounding.max())
        findings += judging.swept(sweep, found, target, loosest, rounding)
    if loosest is not None:
        numbers[f"loosest tolerance with a gradient error below {target:g}"] = loosest
    ordered = dict(sorted(errors.items(), key=lambda item: -item[1]))
    return EquilibriumReport(findings, numbers, ordered, sweep, loosest)


def _require_own_parameters(tight: Cell, at: Equilibrium, made: Gradient) -> None:
    """InputError where a parameter is not in map= on which the layer's output depends by its gradient."""
    there = tight.at(at.z).depends_on()
    for name, one in tight.layer.named_parameters():
        if one.requires_grad and np.any(made[name]) and name not in there:
            raise InputError(
                f"map= does not depend on {name}, and by its gradient the layer's output does: give "
                "map=lambda layer, z, x: ..., which computes all of f from the layer that it is given, and "
                "nothing from another layer or an earlier forward pass"
            )


def _sweep(
    asked: _Asked, measured: _Measured, found: Reference, cotangent: Array, set_tolerance: SetTolerance
) -> list[Swept]:
    """The layer's residual and gradient error at each tolerance."""
    rows = []
    for tolerance in TOLERANCES:
        layer, _ = copied(asked.layer, asked.inputs, double=False)
        try:
            set_tolerance(layer, tolerance)
        except Exception as problem:
            raise InputError(
                f"set_tolerance(layer, {tolerance:g}) raised {in_words(problem)}: give a function of a "
                "layer and a number that sets the tolerance of its solver"
            ) from problem
        made = backward(layer, asked.inputs, cotangent)
        residual = float(_rows(asked, measured, made.output).residual.max())
        error = max(found.errors(made.gradient, asked.target).values())
        rows.append(Swept(tolerance, residual, error if math.isfinite(error) else math.inf))
    return rows
