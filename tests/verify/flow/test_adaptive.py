"""Kinks of scalar problems with a closed solution: crossed, slid along, and left."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from verify.flow.adaptive import integrate
from verify.flow.kinks import Slides, cross


@dataclass(frozen=True)
class OneKink:
    """``kinks.py``'s protocol for one kink with normal n: guard g, image J n, and what crossing adds."""

    start: np.ndarray
    end: np.ndarray
    images: np.ndarray
    strengths: np.ndarray
    sizes: np.ndarray
    samples: np.ndarray

    def only(self, k):
        return self

    def gram(self, rows, columns):
        return np.outer(np.sqrt(self.sizes[rows]), np.sqrt(self.sizes[columns]))


@dataclass(frozen=True)
class Bent:
    """``r = offset + slope x``, slope `left` for x below 0 and `right` above; x may be held at 0."""

    x: float
    left: float
    right: float
    offset: float
    side: int
    held: bool = False

    @property
    def slope(self):
        return self.right if self.side > 0 else self.left

    @property
    def residual(self):
        return np.array([self.offset + self.slope * self.x])

    @property
    def slides(self):
        if not self.held:
            return Slides(np.zeros(0), np.zeros(0), np.zeros((1, 0)))
        r = self.residual
        # The velocity of the left side is held back by a push; the right side's would be the force.
        return Slides(-self.left * r, (self.right - self.left) * r, np.array([[self.left]]))

    unsettled = undone = 0.0

    def kernel(self, other):
        return np.array([[0.0 if self.held or other.held else self.slope * other.slope]])

    def continued(self, *moves):
        return replace(self, x=self.x + sum(0.0 if at.held else float(at.slope * c[0]) for at, c in moves))

    def kinks(self, ahead):
        if self.held or ahead.x * self.side >= 0:
            return None
        other = self.left if self.side > 0 else self.right
        return OneKink(
            np.array([self.x * self.side]),
            np.array([ahead.x * self.side]),
            np.array([[self.slope * self.side]]),
            np.array([-(other - self.slope) * self.side]),
            np.ones(1),
            np.zeros(1, dtype=int),
        )

    def crossed(self, *moves, crossing):
        moved = self.continued(*moves)
        if crossing is None:
            return moved
        x = moved.x + self.side * float(crossing.pushes[0])
        if crossing.sliding[0]:
            return replace(moved, x=0.0, side=-1, held=True)
        return replace(moved, x=x, side=-self.side)


def last_of(problem, time, tolerance):
    *_, last = integrate(problem, [0.0, 0.5 * time, time], tolerance, lambda _: False)
    return last


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4])
def test_a_slide_along_a_kink_keeps_the_energy_identity(tolerance):
    """L = (|x| + 1)^2/2 from x = 0.5 stops at x = 0, where H of either side would promise more decay."""
    last = last_of(Bent(0.5, -1.0, 1.0, 1.0, 1), 1.0, tolerance)
    assert last.at.held
    fell = 2 * np.log(1.5 / last.at.residual[0])
    assert fell == pytest.approx(2 * np.log(1.5), abs=3 * tolerance)
    assert last.log_energy == pytest.approx(fell, abs=3 * tolerance)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4])
def test_a_kink_is_crossed_at_its_time(tolerance):
    """r = 3 + x above 0 and 3 + 2 x below: from x = 1 it is 4 exp(-t) down to 3, then 3 exp(-4 s)."""
    last = last_of(Bent(1.0, 2.0, 1.0, 3.0, 1), 1.0, tolerance)
    s = 1.0 - np.log(4 / 3)
    assert last.at.residual[0] == pytest.approx(3 * np.exp(-4 * s), rel=3 * tolerance)
    assert last.log_energy == pytest.approx(2 * np.log(4 / last.at.residual[0]), abs=10 * tolerance)


def test_an_impulse_is_what_the_other_side_would_have_done():
    """A step over a kink, its impulse by hand: strength times the integral of r after the kink is met."""
    kinks = OneKink(
        np.array([0.1]),
        np.array([-0.3]),
        np.array([[0.5]]),
        np.array([-0.2]),
        np.ones(1),
        np.zeros(1, dtype=int),
    )
    crossing = cross(kinks, np.array([1e-12]), np.eye(1), np.array([0.8]), 1.0)
    assert crossing.times == pytest.approx([0.25], rel=0.02)
    assert crossing.pushes == pytest.approx([-0.2 * 0.8 * (1 - crossing.times[0])], rel=1e-6)
    assert not crossing.sliding[0]
