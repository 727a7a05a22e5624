"""Series, tubes and integrals of eigenvalues, where the answer is known; and proposals that are none."""

import numpy as np
import pytest

flint = pytest.importorskip("flint")
from flint import arb, arb_mat, ctx  # noqa: E402

from verify.certificates.balls import PRECISION, exact, midpoints, spectral_norm  # noqa: E402
from verify.certificates.concave import integral  # noqa: E402
from verify.certificates.series import entrywise, over, product, value  # noqa: E402
from verify.certificates.tube import LostError, TooFarError, followed, pieces  # noqa: E402
from verify.theorem.protocol import silent  # noqa: E402


@pytest.fixture(autouse=True)
def precision():
    with ctx.workprec(PRECISION):
        yield


class Hyperbola:
    """theta' = theta^2, the flow of -theta^3/3, whose Hessian is -2 theta: theta = 1/(1/theta(0) - t)."""

    def __init__(self, state, order, wrong=0.0):
        path = [state[0]]
        for k in range(order):
            path.append((product(path, path, k) * (arb(1 + wrong) / (k + 1))).mid())
        squares = [product(path, path, k) for k in range(order)]
        self.path = (path,)
        moved = [(k + 1) * path[k + 1] - squares[k] for k in range(order)]
        self.rounding = ([arb_mat(1, 1, [x[0, 0].abs_upper()]) for x in moved],)

    def reach(self):
        return 0.2 / float(self.path[0][0][0, 0])

    def deviation(self, reach, radius):
        change = sum((x[0, 0].abs_upper() * reach**k for k, x in enumerate(self.path[0]) if k), radius)
        if not change < 1e6:
            raise TooFarError
        start = self.path[0][0][0, 0].abs_upper()
        bound = (change * (2 * start + change)).upper()
        return type("Bounds", (), {"field": (arb_mat(1, 1, [bound]),), "theta": change})()

    def growth(self, piece):
        return (2 * (self.path[0][0][0, 0].abs_upper() + piece.far.theta)).upper()


@pytest.mark.parametrize("horizon", [0.5, 0.9])
def test_a_solution_known_in_closed_form_lies_in_its_tube(horizon):
    found = list(pieces(lambda s: Hyperbola(s, 16), (arb_mat(1, 1, [1]),), arb(horizon), 1e-20))
    last = found[-1]
    assert last.start + last.length == arb(horizon)
    gap = abs(last.end[0][0, 0] - 1 / (1 - arb(horizon)))
    assert gap <= last.leaving < 1e-12
    half = last.leaving / 2
    assert all(piece.widest >= piece.entering for piece in found)
    assert half < last.leaving


def test_beyond_its_explosion_and_with_a_wrong_path_the_tube_is_lost():
    one = (arb_mat(1, 1, [1]),)
    with pytest.raises(LostError, match="wider"):
        list(pieces(lambda s: Hyperbola(s, 8), one, arb(1), 1e-9))
    found, lost = followed(lambda s: Hyperbola(s, 16, 1e-3), one, arb(0.5), 1e-20, silent)
    assert "wider" in lost
    assert not found


@pytest.mark.parametrize("reach", [np.nan, -1.0, 0.0, np.inf])
def test_a_reach_that_is_no_positive_number_is_no_proposal(monkeypatch, reach):
    monkeypatch.setattr(Hyperbola, "reach", lambda self: reach)
    with pytest.raises(LostError):
        next(pieces(lambda s: Hyperbola(s, 8), (arb_mat(1, 1, [1]),), arb(0.5), 1e-12))


def test_products_of_series_are_those_of_the_functions():
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((2, 4, 3, 3))
    series = [exact(x) for x in left], [exact(x) for x in right]
    flat = [[x.entries() for x in one] for one in series]
    expected = [sum(left[j] @ right[k - j] for j in range(k + 1)) for k in range(4)]
    hadamard = [sum(left[j] * right[k - j] for j in range(k + 1)) for k in range(4)]
    for k in range(4):
        np.testing.assert_allclose(midpoints(product(*series, k)), expected[k])
        found = np.array([float(x) for x in entrywise(*flat, k)])
        np.testing.assert_allclose(found, hadamard[k].ravel(), atol=1e-15)


def test_the_range_of_a_series_holds_it():
    series = [arb_mat(1, 1, [x]) for x in (1, -2, 3, 0.5)]
    (ball,) = over([x.entries() for x in series], arb(0.25), [arb(1) / 1024])
    seen = [float(value(series, arb(t))[0, 0]) for t in np.linspace(0, 0.25, 50)]
    assert ball.lower() <= min(seen) - 2**-11
    assert ball.upper() >= max(seen) + 2**-11
    # What the terms spread by about their centres, one by one, and the extra.
    assert float(ball.rad()) == pytest.approx(
        2 * 0.125 + 3 * (0.0625 - 0.015625) + 0.5 * (1 - 1 / 8) / 64 + 2**-10
    )


def test_spectral_norms_are_bounds_of_all_matrices_in_the_balls_and_sharp():
    matrix = np.random.default_rng(1).standard_normal((6, 9))
    found = float(spectral_norm(exact(matrix)))
    assert 1 <= found / np.linalg.norm(matrix, 2) < 1.1
    wide = arb_mat(2, 2, [arb(1, 0.5), arb(0, 0.5), arb(0, 0.5), arb(1, 0.5)])
    assert spectral_norm(wide) >= 2  # of [[1.5, 0.5], [0.5, 1.5]]
    assert not spectral_norm(arb_mat(2, 2, [arb("nan"), 0, 0, 1])) < 1e300


def crossing(t):
    """Eigenvalues 1 + t and 2 - t, turned by a constant: they cross at 1/2."""
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((2, 2)))[0]
    x = exact(turn)
    return x * arb_mat(2, 2, [1 + t, 0, 0, 2 - t]) * x.transpose()


def test_the_integral_of_an_eigenvalue_with_a_kink():
    """1 + t up to 1/2, 2 - t from there on: 1 + 1/4 in all."""
    found = integral(crossing, arb(1), arb(1e-6), arb(0), 1e-10)
    assert found.low <= 1.25 <= found.high
    assert found.high - found.low < 1e-3
    assert found.parts > 10
    assert found.least_low <= 1 <= found.least_high + 1e-12


def test_a_curvature_that_is_no_number_bounds_nothing():
    found = integral(crossing, arb(1), arb("nan"), arb(0), 1e-3)
    assert found.low == 0
    assert not found.high.is_finite()
