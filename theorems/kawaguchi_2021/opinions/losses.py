"""What the engine says of a loss: its values, optimum, PL constant, curvature and error terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import scipy

from theorems.kawaguchi_2021.opinions.printed import Printed
from theorems.kawaguchi_2021.opinions.samples import attaining, generic, objective
from verify.losses import EPS, Array
from verify.losses.cross_entropy import CrossEntropyObjective
from verify.losses.logistic import LogisticObjective
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal

OURS = "our own, on Kawaguchi 2021"

CLAIMS = Claims(OURS)

#: A constant that is 0.1% off shows.
RESOLUTION = 1e-3

#: How closely a search approaches a PL constant that is attained.
APPROACHED_TO = 1e-2

#: An error term that is this many times as large as the error says too little.
NEAR = 10.0

#: Distances from the minimiser at which losses are compared: near it the engine integrates, far from it not.
DISTANCES = (1e-2, 0.3, 3.0)


def _around(printed: Printed) -> list[Array]:
    """Maps W inside the radius, at those distances from the minimiser, or from 0 where a hinge is not met."""
    rng = np.random.default_rng(2)
    centre = 0 * printed.best if printed.name == "hinge" else printed.best
    maps = [centre + distance * rng.standard_normal(centre.shape) for distance in DISTANCES]
    return [np.clip(w, -printed.radius, printed.radius) for w in maps]


@CLAIMS.step("K-L.value", "loss, excess and gradient are those of the loss as printed")
def values(factor: float = 1.0) -> Iterator[Check]:
    """Each objective against sums of the printed loss and against its complex-step gradient."""
    for printed in generic():
        found = objective(printed)
        maps = _around(printed)
        rounding = np.array([printed.rounding(w) for w in maps])
        excess = np.array([printed.excess(w) for w in maps])
        engine = [found.excess_and_gradient(w) for w in maps]
        analytic = [float(found.analytic_excess(w) - found.analytic_excess(printed.best)) for w in maps]
        value = np.array([printed.value(w) for w in maps])
        slopes = [printed.gradient(w) for w in maps]
        gaps = [
            float(np.linalg.norm(factor * g - s) / np.linalg.norm(s))
            for (_, g), s in zip(engine, slopes, strict=True)
        ]
        for quantity, numbers, sides in (
            ("L_0", [found.loss(w) for w in maps], value),
            ("L_0 - L*", [one for one, _ in engine], excess),
            ("L_0 - L_0(W*) by its analytic form", analytic, excess),
        ):
            yield equal(
                f"{printed.label}: {quantity}, engine over printed",
                factor * np.array(numbers) / sides,
                1.0,
                budget={"rounding": rounding / sides},
                resolution=RESOLUTION,
            )
        yield equal(
            f"{printed.label}: gradient, relative distance",
            gaps,
            0.0,
            budget={"rounding": [1e3 * EPS * (1 + 1 / distance) for distance in DISTANCES]},
            resolution=RESOLUTION,
        )


values.false("losses 0.1% larger", why="a sum of printed losses is what it is", setting={}, factor=1.001)


@CLAIMS.step("K-L.optimum", "L*_R is what an independent solver finds, and W* attains it")
def optimum(share: float = 0.0) -> Iterator[Check]:
    """L* by least squares or by SciPy's quasi-Newton method, relative to the loss at W = 0."""
    for printed in (*generic(), *attaining()):
        found, scale = objective(printed), float(printed.value(np.zeros(printed.shape)))
        budget = {
            "rounding": printed.rounding(printed.best) / scale,
            # The quasi-Newton method stops within this of the optimum, by its own tolerances.
            "solver": 1e-12,
            "optimum": found.optimum_error / scale,
        }
        for quantity, value in (
            ("L*", found.optimal_value + share * scale),
            ("L_0(W*)", float(printed.value(found.minimiser)) + share * scale),
        ):
            yield equal(
                f"{printed.label}: {quantity} over L_0(0)",
                value / scale,
                printed.least / scale,
                budget=budget,
                resolution=1e-6,
            )


optimum.false("L* larger by 0.01% of the loss at 0", why="the optimum is exact", setting={}, share=1e-4)
optimum.false("L* smaller by 0.01% of the loss at 0", why="the optimum is exact", setting={}, share=-1e-4)


class _CarelessLogistic(LogisticObjective):
    """An objective whose minimiser is off."""

    def _minimise(self) -> Array:
        return np.asarray(super()._minimise() + 0.003)


class _CarelessCrossEntropy(CrossEntropyObjective):
    """An objective whose minimiser is off."""

    def _minimise(self) -> Array:
        return np.asarray(super()._minimise() + 0.003)


@CLAIMS.step("K-L.error", "the error reported of L* covers the true one, and is not far above it")
def optimum_error(factor: float = 1.0) -> Iterator[Check]:
    """Minimisers moved by 0.003: what they cost, and what the objective says that they may."""
    for printed in generic():
        features, targets = printed.features, printed.targets
        careless: LogisticObjective | CrossEntropyObjective
        if printed.name == "logistic" and printed.tau > 0:
            careless = _CarelessLogistic(features, targets, printed.tau, printed.radius)
        elif printed.name == "cross-entropy":
            careless = _CarelessCrossEntropy(features, targets, printed.tau)
        else:
            continue
        reported = factor * careless.optimum_error
        true = careless.optimal_value - printed.least
        budget = {"rounding": printed.rounding(printed.best) / true}
        yield at_least(
            f"{printed.name}: error of L*, reported over true", reported / true, 1.0, budget=budget
        )
        yield at_most(
            f"{printed.name}: error of L*, reported over true", reported / true, NEAR, budget=budget
        )


optimum_error.false("no error at all", why="the minimiser is off by 0.003", setting={}, factor=0.0)
optimum_error.false(
    "an error ten times as large", why="strong convexity bounds it closely", setting={}, factor=10.0
)


def least_ratio(printed: Printed) -> float:
    """The smallest ``1/2 ||grad L_0||^2 / (L_0 - L*)`` that Nelder and Mead find inside the radius.

    They start at random, near W = 0 and near the minimiser.
    """
    rng = np.random.default_rng(3)
    limit, size = min(printed.radius, 20.0), printed.best.size
    visible = 1e-7 * (1 + printed.least)

    def ratio(vector: Array) -> float:
        w = vector.reshape(printed.shape)
        excess = printed.excess(w)
        # Closer to the optimum the excess is a difference of two equal numbers.
        return 0.5 * float(np.sum(printed.gradient(w) ** 2)) / excess if excess > visible else 1e300

    return min(
        float(
            scipy.optimize.minimize(
                ratio,
                np.clip(centre.ravel() + 0.3 * rng.standard_normal(size), -0.99 * limit, 0.99 * limit),
                method="Nelder-Mead",
                bounds=[(-limit, limit)] * size,
                options={"maxfev": 200 * size, "xatol": 1e-4, "fatol": 1e-6},
            ).fun
        )
        for centre in (0 * printed.best, printed.best)
    )


@CLAIMS.step("K-L.kappa", "kappa is the least 1/2 ||grad L_0||^2 / (L_0 - L*) of all W inside the radius")
def constant(factor: float = 1.0) -> Iterator[Check]:
    """A search over W by the printed losses alone comes within 1% of kappa, and never below it."""
    for printed in attaining():
        kappa = factor * objective(printed).pl_constant
        share = least_ratio(printed) / kappa
        name = f"{printed.label}: least ratio found over kappa"
        yield at_least(name, share, 1.0, budget={"rounding": 1e-6}, attained=RESOLUTION)
        yield at_most(name, share, 1 + APPROACHED_TO, budget={"rounding": 1e-6})


constant.false("kappa 2% larger", why="it is attained, or all but", setting={}, factor=1.02)
constant.false("kappa 2% smaller", why="it is attained, or all but", setting={}, factor=0.98)

#: The largest output of each sample (n,) over the box ``max_j |W_j| <= R``.
Reach = Callable[[Array, float], Array]


def over_the_box(features: Array, radius: float) -> Array:
    """By linear programming."""
    bounds = [(-radius, radius)] * len(features)
    return np.array([-scipy.optimize.linprog(-phi, bounds=bounds).fun for phi in features.T])


def of_the_largest_entry(features: Array, radius: float) -> Array:
    """False: the norm of the wrong exponent."""
    return np.asarray(radius * np.abs(features).max(axis=0))


@CLAIMS.step("K-L.rho", "rho(R) is the least curvature of the logistic loss inside the radius")
def curvature(reach: Reach = over_the_box) -> Iterator[Check]:
    """pi (1 - pi) at the largest output that a linear program finds in the box."""
    features, targets = generic()[2].features, generic()[2].targets
    sigma = float(np.sqrt(np.linalg.eigvalsh(features @ features.T)[0]))
    for radius, tau in ((0.5, 0.1), (2.0, 0.0), (2.0, 0.01)):
        kappa = LogisticObjective(features, targets, tau, radius).pl_constant
        q = float(reach(features, radius).max())
        yield equal(
            f"kappa / sigma_min^2 over 2 tau + rho(R), R = {radius:g}, tau = {tau:g}",
            kappa / sigma**2 / (2 * tau + 1 / (2 + 2 * np.cosh(q))),
            1.0,
            budget={"rounding": 1e-8},
            resolution=RESOLUTION,
        )


curvature.false(
    "rho(R) by the largest entry of a feature vector",
    why="the box is the ball of the 1-norm, whose dual is that of the largest entry of W",
    setting={},
    reach=of_the_largest_entry,
)


@CLAIMS.step("K-L.smooth", "the smoothness of L_0 is its largest curvature, attained at W = 0")
def smoothness(factor: float = 1.0) -> Iterator[Check]:
    """Power iteration with central differences of the printed gradient, for losses that bend most at 0."""
    for printed in attaining():
        direction = np.random.default_rng(4).standard_normal(printed.shape)
        step, size = 1e-4, 0.0
        for _ in range(60):
            direction /= np.linalg.norm(direction)
            bent = printed.gradient(step * direction) - printed.gradient(-step * direction)
            direction = bent / (2 * step)
            size = float(np.linalg.norm(direction))
        yield equal(
            f"{printed.label}: curvature found over smoothness",
            size / (factor * objective(printed).smoothness),
            1.0,
            # A central difference errs by step^2 times a fourth derivative.
            budget={"difference": 1e-6},
            resolution=RESOLUTION,
        )


smoothness.false("half the smoothness", why="it is attained at 0", setting={}, factor=0.5)


@CLAIMS.step("K-L.rounding", "error terms of excess and gradient cover what moving W changes, and closely")
def rounding(factor: float = 1.0) -> Iterator[Check]:
    """W moved by a millionth of its size in random directions, where the printed losses see the change."""
    rng, moved = np.random.default_rng(5), 1e-6
    for printed in generic():
        found = objective(printed)
        w = _around(printed)[1]
        steps = rng.standard_normal((30, *printed.shape))
        steps *= moved * np.linalg.norm(w) / np.linalg.norm(steps, axis=(1, 2))[:, None, None]
        excess, gradient = printed.excess(w), printed.gradient(w)
        changes = {
            "excess": (
                max(abs(printed.excess(w + step) - excess) for step in steps) / excess,
                found.excess_rounding(w, moved),
            ),
            "gradient": (
                max(float(np.linalg.norm(printed.gradient(w + step) - gradient)) for step in steps),
                found.gradient_rounding(w, moved),
            ),
        }
        for quantity, (change, reported) in changes.items():
            name = f"{printed.label}: error of the {quantity}, reported over seen"
            yield at_least(name, factor * reported / change, 1.0, budget={"rounding": 1e-6})
            yield at_most(name, factor * reported / change, NEAR, budget={"rounding": 1e-6})


rounding.false("no rounding error", why="the loss changes with W", setting={}, factor=0.0)
rounding.false(
    "a rounding error ten times as large",
    why="it is an upper estimate, but a close one",
    setting={},
    factor=10.0,
)
