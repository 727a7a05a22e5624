"""Second opinions on kinks: normals and strengths by complex step, impulses by tiny steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.kinked import problem
from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.setting import SMALL
from verify.flow.kinks import Kinks, Slides, cross
from verify.numerics.differentiation import directional_derivative
from verify.relu_deq.gates import Gates, Places
from verify.relu_deq.model import ReluState
from verify.relu_deq.slides import images, jumps, normals, products
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, equal

Array = NDArray[np.float64]

CLAIMS = Claims(f"our own, for {PAPER}")

#: The network looked at, and sweeps to its equilibrium.
DRAW, SWEEPS = 7, 60

#: Steps of a Newton iteration to a kink, which doubles digits.
NEWTON = 8

#: Equilibria are known to 1e-12 or so, and derivatives inherit that a few times over.
ROUNDING, RESOLUTION = 1e-9, 1e-3


def printed_network(
    state: ReluState, a: NDArray[np.complex128], w: NDArray[np.complex128], gates: Gates
) -> NDArray[np.complex128]:
    """Outputs (n,), then guards of features and of states (m n each), of a network with fixed gates."""
    before = w @ state.inputs
    phi = gates.features * before / np.sqrt(len(a))
    z = phi
    for _ in range(SWEEPS):
        z = gates.states * (state.coupling * (a @ z) + phi)
    guards = before.ravel(), (state.coupling * (a @ z) + phi).ravel()
    return np.concatenate([state.theta.u @ z + state.theta.v @ phi, *guards])


def jacobian(state: ReluState, gates: Gates) -> Array:
    """Of `printed_network` in A and W, (n + 2 m n, parameters), by complex step."""
    theta, columns = state.theta, []
    for k, part in enumerate((theta.a, theta.w)):
        for entry in np.ndindex(part.shape):
            change = [np.zeros_like(theta.a), np.zeros_like(theta.w)]
            change[k][entry] = 1.0
            columns.append(
                directional_derivative(
                    lambda a, w: printed_network(state, a, w, gates), (theta.a, theta.w), tuple(change)
                )
            )
    return np.array(columns).T


def at_kink(state: ReluState, row: int) -> ReluState:
    """The network moved along a normal to where guard `row` of `printed_network` is 0."""
    for _ in range(NEWTON):
        theta = state.theta
        guard = float(printed_network(state, theta.a, theta.w, state.gates)[row].real)
        normal = jacobian(state, state.gates)[row]
        step = -guard / float(normal @ normal) * normal
        a, w = theta.a + step[: theta.a.size].reshape(theta.a.shape), step[theta.a.size :]
        theta = replace(theta, a=a, w=theta.w + w.reshape(theta.w.shape))
        state = state.model.at(theta, gates=state.gates, continued=True)
    return state


@cache
def start() -> ReluState:
    """The network."""
    return problem(DRAW).start


@CLAIMS.step("G-T3.1.normals", "normals of kinks, their products, and what gates hold back, by complex step")
def normals_by_complex_step(factor: float = 1.0) -> Iterator[Check]:
    """All guards of the tiny network; then one gate of each kind, opened and closed at its kink."""
    state = start()
    m, n = state.z.shape
    every = np.argwhere(np.ones((m, n), dtype=bool))
    places = Places(every, every)
    found, known = normals(state, places), jacobian(state, state.gates)
    budget = {"rounding": ROUNDING}
    yield equal(
        "products of normals",
        factor * products(state, found, state, found).ravel(),
        (known[n:] @ known[n:].T).ravel(),
        budget=budget,
        resolution=RESOLUTION,
    )
    yield equal(
        "derivatives of outputs along normals",
        factor * images(state, state, found).ravel(),
        (known[:n] @ known[n:].T).ravel(),
        budget=budget,
        resolution=RESOLUTION,
    )
    for name, k in (("feature", 0), ("state", m * n)):
        # The unit of the first open gate, so that others depend on it.
        gates = state.gates.features if name == "feature" else state.gates.states
        unit, sample = np.argwhere(np.asarray(gates) > 0)[0]
        row = n + k + unit * n + sample
        there = at_kink(state, row)
        one = np.array([[unit, sample]])
        none = np.zeros((0, 2), dtype=np.int64)
        place = Places(one, none) if name == "feature" else Places(none, one)
        sides = [there.gates.set(place, np.array([side])) for side in (0.0, 1.0)]
        closed, opened = (jacobian(there, side) for side in sides)
        for side, own in zip(sides, (closed, opened), strict=True):
            at = there.model.at(there.theta, gates=side, continued=True)
            yield equal(
                f"derivative of the output, {name} gate opened less closed",
                factor * jumps(at, place, normals(at, place))[0] * own[row],
                opened[sample] - closed[sample],
                budget=budget,
                resolution=RESOLUTION,
            )


normals_by_complex_step.false("0.1% larger", factor=1.001, why="they are known to 1e-9", setting=SMALL)


@dataclass(frozen=True)
class OneKink:
    """A kink of a flow whose J is constant; see `Kinks`."""

    start: Array
    end: Array
    images: Array
    strengths: Array
    samples: NDArray[np.int64]
    sizes: Array

    def only(self, k: int) -> Kinks:
        """There is but one."""
        return self

    def gram(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
        """Its size."""
        return np.array([[self.sizes[i] if i == j else 0.0 for j in columns] for i in rows])


#: Eigenvalues of H, the residual at the start of a step of size 1, and the derivative along the normal.
VALUES, RESIDUAL, IMAGE = np.array([0.5, 2.0]), np.array([1.0, 0.6]), np.array([0.04, 0.01])

#: Strengths with which the path crosses a kink, and slides along it; size of the normal.
STRENGTHS, SIZE = {"crossed": 0.02, "slid along": 0.9}, 0.5

#: Guard at the start: it is met after about a third of the step.
GUARD = 0.015

#: Steps of descent.
STEPS = 4000


def one_kink(strength: float) -> tuple[OneKink, Array]:
    """A kink, and by how much it changes r (2,) over the step: by steps so small that errors are 1e-3."""
    fallen = IMAGE @ (-np.expm1(-VALUES) / VALUES * RESIDUAL)
    kink = OneKink(
        np.array([GUARD]),
        np.array([GUARD - fallen]),
        IMAGE[:, None],
        np.array([strength]),
        np.array([0]),
        np.array([SIZE]),
    )
    r, guard, h = RESIDUAL.copy(), GUARD, 1 / STEPS
    plain = RESIDUAL.copy()
    for _ in range(STEPS):
        plain = plain - h * VALUES * plain
        push = strength * r[0] if guard < 0 else 0.0
        guard, r = guard + h * (SIZE * push - IMAGE @ r), r - h * (VALUES * r - IMAGE * push)
    return kink, r - plain


@CLAIMS.step("G-T3.1.impulse", "the impulse of a kink changes r as tiny steps do, crossed or slid along")
def impulses(factor: float = 1.0) -> Iterator[Check]:
    """To first order in the kink, as `verify.flow.kinks` says; and which slides end."""
    # How fast the push falls, relative to it, and what it does to itself: crossed, it goes with r_0.
    rates = VALUES[0], float(IMAGE @ (VALUES * RESIDUAL) / (IMAGE @ RESIDUAL))
    itself = STRENGTHS["crossed"] * IMAGE[0], float(IMAGE @ IMAGE) / SIZE
    for (name, strength), rate, second in zip(STRENGTHS.items(), rates, itself, strict=True):
        kink, expected = one_kink(strength)
        crossing = cross(kink, VALUES, np.eye(2), RESIDUAL, 1.0)
        change = kink.images @ crossing.pushes + VALUES * crossing.feedback
        left = float(1 - crossing.times[0])
        yield equal(
            f"change of r at a kink that is {name}, over that of tiny steps",
            factor * change / expected,
            1.0,
            budget={
                # The push is spread evenly: the mean product of what falls with slopes a, b is a b/12 more.
                "even push": left**2 * rate * VALUES / 12,
                "second order": second,
                "steps": 20 / STEPS,
            },
            resolution=0.06,
        )
    forces, shares = np.repeat([1.0, -2.0], 3), np.tile([-0.1, 0.4, 1.1], 2)
    slides = Slides(shares * forces, forces, np.zeros((1, 6)))
    yield equal(
        "slides are left where a push is beyond 0 or its force: 1 or 0",
        slides.leaving.astype(float),
        ((shares < 0) | (shares > 1)).astype(float),
        budget={"rounding": 0.0},
        resolution=RESOLUTION,
    )


impulses.false("impulses 10% larger", factor=1.1, why="they are known to 4%", setting=SMALL)
