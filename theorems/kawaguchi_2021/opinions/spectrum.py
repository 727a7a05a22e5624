"""What the engine says of D and of U: products, eigenvalues, certificates, floors and solves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from verify.linear_deq.model import DeepEquilibriumLinear, LinearState, one_norm, softmax
from verify.linear_deq.problem import kappa_of_u
from verify.linear_deq.resolvent import resolvent
from verify.linear_deq.spectrum import (
    DENSE_UP_TO,
    Eigenvalue,
    FlowOperator,
    operator_terms,
    smallest_eigenvalue_floors,
)
from verify.losses import EPS, Array
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal

CLAIMS = Claims("our own, on Kawaguchi 2021, Theorem 1")

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
RESOLUTION = 1e-3

#: Rounding of sums over some hundred terms, in a model with gamma = 0.8.
ROUNDING = 1e4 * EPS

#: Widths and outputs of the models: D small enough to be decomposed, and so large that Lanczos is used.
SMALL, LARGE = (5, 2), (18, 10)


@cache
def _drawn(size: tuple[int, int]) -> LinearState:
    width, outputs = size
    rng = np.random.default_rng(0)
    model = DeepEquilibriumLinear(width, outputs, 0.8)
    return model.at(model.pack(rng.standard_normal((width, width)), rng.standard_normal((outputs, width))))


@cache
def _dense(size: tuple[int, int]) -> Array:
    """D as printed."""
    first, second, _ = operator_terms(_drawn(size))
    return np.asarray(first + 0.8**2 * second)


def _start(size: tuple[int, int]) -> Array:
    return np.random.default_rng(1).standard_normal(size)


def _off(found: Array, expected: Array) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@CLAIMS.step("K-D.operator", "D, its inverse and its parts are those of the printed matrix")
def operator(factor: float = 1.0) -> Iterator[Check]:
    """Every product that avoids D, against the dense D."""
    for size in (SMALL, LARGE):
        found, dense, z = FlowOperator(_drawn(size)), factor * _dense(size), _start(size)
        inverse, part = (
            np.asarray(np.linalg.inv(dense), dtype=float),
            np.random.default_rng(2).standard_normal((size[0], 3)),
        )
        wide = np.kron(part, np.eye(size[1]))
        gaps = {
            "D z": _off(found.apply(z).ravel(), dense @ z.ravel()),
            "D^{-1} z": _off(found.apply_inverse(z).ravel(), inverse @ z.ravel()),
            "D^{-1}": _off(found.dense_inverse(), inverse),
            "(F^T x I) D (F x I)": _off(found.restricted(part), wide.T @ dense @ wide),
        }
        for quantity, gap in gaps.items():
            yield equal(
                f"{quantity}, m = {size[0]}, m_y = {size[1]}: relative distance",
                gap,
                0.0,
                budget={"rounding": ROUNDING},
                resolution=RESOLUTION,
            )


operator.false("D 0.1% larger", why="D is what it is", setting={}, factor=1.001)


@CLAIMS.step("K-D.eigenvalue", "lambda_min(D), by decomposition or Lanczos, is that of the dense matrix")
def eigenvalue(factor: float = 1.0) -> Iterator[Check]:
    """The two smallest sizes of problem that take either way; the largest eigenvalue, too, to its 1%."""
    for size in (SMALL, LARGE):
        operator, spectrum = FlowOperator(_drawn(size)), np.linalg.eigvalsh(_dense(size))
        found = operator.smallest_eigenvalue(_start(size))
        yield equal(
            f"lambda_min(D), m = {size[0]}, m_y = {size[1]}, engine over dense",
            factor * found.value / spectrum[0],
            1.0,
            budget={"eigenvalue": found.error / spectrum[0], "rounding": ROUNDING},
            resolution=1e-6,
        )
        largest = factor * operator.largest_eigenvalue() / spectrum[-1]
        name = f"lambda_max(D), m = {size[0]}, m_y = {size[1]}, engine over dense"
        yield at_most(name, largest, 1.0, budget={"rounding": ROUNDING}, attained=RESOLUTION)
        yield at_least(name, largest, 0.98, budget={"rounding": ROUNDING})


eigenvalue.false("lambda_min(D) 0.1% larger", why="it is known to rounding", setting={}, factor=1.001)


@CLAIMS.step("K-D.error", "the error reported of an eigenvalue is the residual of its vector, and covers it")
def eigenvalue_error(factor: float = 1.0) -> Iterator[Check]:
    """Lanczos stopped early: the residual by the dense inverse, and the distance to the true eigenvalue."""
    operator, dense = FlowOperator(_drawn(LARGE)), _dense(LARGE)
    inverse, true = np.linalg.inv(dense), float(np.linalg.eigvalsh(dense)[0])
    found = operator.smallest_eigenvalue(_start(LARGE), tolerance=0.3)
    vector, theta = found.vector.ravel(), 1 / found.value
    residual = float(np.linalg.norm(inverse @ vector - theta * vector))
    reported = factor * found.error
    yield equal(
        "error of lambda_min(D), reported over residual",
        reported / (found.value * residual / (theta - residual)),
        1.0,
        budget={"rounding": ROUNDING * theta / residual},
        resolution=RESOLUTION,
    )
    yield at_most(
        "distance to the true lambda_min(D)",
        abs(found.value - true),
        reported,
        budget={"rounding": ROUNDING * true},
    )


eigenvalue_error.false("an error of 0", why="the iteration was stopped early", setting={}, factor=0.0)


@CLAIMS.step(
    "K-D.certificate", "a certificate says that no eigenvalue of D is smaller, and none is given above"
)
def certificate(below: float = 0.999, above: float = 1.001) -> Iterator[Check]:
    """Whether D - sigma I is positive definite, on either side of the true lambda_min(D)."""
    for size in (SMALL, LARGE):
        operator, spectrum = FlowOperator(_drawn(size)), np.linalg.eigvalsh(_dense(size))
        uncertain = Eigenvalue(spectrum[0], 1e-12, _start(size), certified=False)
        second = Eigenvalue(spectrum[1], 1e-12, _start(size), certified=False)
        given = {
            "just below lambda_min": (operator.exceeds(below * spectrum[0]), True),
            "just above lambda_min": (operator.exceeds(above * spectrum[0]), False),
            "to the second eigenvalue": (operator.certify(second).certified, False),
            "to the first eigenvalue": (operator.certify(uncertain).certified, True),
            "before it is asked for": (
                operator.smallest_eigenvalue(_start(size)).certified,
                operator.size <= DENSE_UP_TO,
            ),
        }
        for quantity, (found, expected) in given.items():
            yield equal(
                f"certificate {quantity}, m = {size[0]}, m_y = {size[1]}",
                float(found),
                float(expected),
                budget={"rounding": 0.0},
                resolution=0.5,  # there is one or none
            )


certificate.false("one that is given above", why="lambda_min(D) lies below", setting={}, above=0.999)
certificate.false("one that is refused below", why="lambda_min(D) lies above", setting={}, below=1.001)

#: (m, gamma) -> two lower bounds of lambda_min(D).
Floors = Callable[[int, float], tuple[float, float]]


def width_free(width: int, gamma: float) -> tuple[float, float]:
    """False floors, without the width."""
    return 1 / (1 + gamma) ** 2, 1 / (1 + gamma) ** 2


def halved(width: int, gamma: float) -> tuple[float, float]:
    """Floors that hold, and are too weak."""
    paper, sharper = smallest_eigenvalue_floors(width, gamma)
    return paper / 2, sharper / 2


@CLAIMS.step("K-D.floor", "the floors of lambda_min(D) hold at the worst S, where they are nearly attained")
def floors(floors: Floors = smallest_eigenvalue_floors) -> Iterator[Check]:
    """B = 0, so that lambda_min(D) = 1/||U||_2^2, and S = e_1 1^T or a cyclic permutation.

    The sharper floor comes within 10% for S = e_1 1^T as the width grows, and so does the paper's for m = 1
    and small gamma. For large widths the best ratio known of the paper's is 4.
    """
    for width, gamma, nearest in ((1, 0.02, (1.1, 1.1)), (2, 0.9, (2.1, 1.5)), (500, 0.99, (4.1, 1.1))):
        vertex = np.zeros((width, width))
        vertex[0] = 1.0
        matrices = vertex, np.roll(np.eye(width), 1, axis=0)
        norms = [float(np.linalg.norm(np.eye(width) - gamma * s, 2)) for s in matrices]
        least = 1 / max(norms) ** 2
        for name, floor, ratio in zip(
            ("1/(m (1+gamma)^2)", "1/(1+gamma sqrt(m))^2"), floors(width, gamma), nearest, strict=True
        ):
            quantity = f"lambda_min(D) over {name}, m = {width}, gamma = {gamma:g}"
            yield at_least(quantity, least / floor, 1.0, budget={"rounding": ROUNDING})
            yield at_most(quantity, least / floor, ratio, budget={"rounding": ROUNDING})


floors.false("floors without the width", why="||U||_2 grows with sqrt(m)", setting={}, floors=width_free)
floors.false("floors half as high", why="they are attained to 10%", setting={}, floors=halved)


@CLAIMS.step("K-U.solve", "solves with U = I - gamma S leave no residual, by LU and by deflation")
def solves(gamma: float = 0.8) -> Iterator[Check]:
    """Narrow and wide, with S in the interior and at vertices, where the deflated iteration is slow."""
    rng = np.random.default_rng(3)
    for width, spread in ((5, 1.0), (512, 1.0), (512, 1e3)):
        s, rows = softmax(spread * rng.standard_normal((width, width))), rng.standard_normal((2, width))
        u, solver = np.eye(width) - 0.8 * s, resolvent(s, gamma)
        for side, matrix, found in (
            ("U", u, solver.solve(rows)),
            ("U^T", u.T, solver.solve_transposed(rows)),
        ):
            yield equal(
                f"||x {side} - b|| / ||b||, m = {width}, entries of A about {spread:g}",
                _off(found @ matrix, rows),
                0.0,
                budget={"rounding": ROUNDING},
                resolution=RESOLUTION,
            )


solves.false(
    "U = I - 0.801 S for 0.8", why="the residual of a wrong matrix is not zero", setting={}, gamma=0.801
)


@CLAIMS.step("K-U.condition", "kappa_1(U) <= (1+gamma)/(1-gamma), attained by a cyclic S; ||Q||_1 is induced")
def conditioning(factor: float = 1.0) -> Iterator[Check]:
    """The condition number that every rounding error rests on, and the norm that the radius is in."""
    cyclic = np.roll(np.eye(64), 1, axis=0)
    for gamma in (0.5, 0.8):
        yield equal(
            f"kappa_1(U) for a cyclic S, gamma = {gamma:g}, over (1+gamma)/(1-gamma)",
            np.linalg.cond(np.eye(64) - gamma * cyclic, 1) / (factor * kappa_of_u(gamma)),
            1.0,
            # The cycle ends after 64 steps, by which gamma^64 is left.
            budget={"rounding": ROUNDING, "length": 2 * gamma**64},
            resolution=RESOLUTION,
        )
    q = np.random.default_rng(4).standard_normal((3, 7))
    # The 1-norm of Q v is largest over ||v||_1 <= 1 at a corner, a unit vector.
    largest = max(float(np.sum(np.abs(q @ unit))) for unit in np.eye(7))
    yield equal(
        "||Q||_1 over max ||Q v||_1 / ||v||_1",
        factor * one_norm(q) / largest,
        1.0,
        budget={"rounding": ROUNDING},
        resolution=RESOLUTION,
    )


conditioning.false("half of that", why="a cyclic S attains it", setting={}, factor=0.5)
