"""Bounds of eigenvalues, of losses and of PL that certificates of states rest on."""

import numpy as np
import pytest

flint = pytest.importorskip("flint")
from flint import arb, arb_mat, ctx  # noqa: E402

from verify.certificates.balls import (  # noqa: E402
    PRECISION,
    column_norm,
    exact,
    frobenius_norm,
    midpoints,
    precisely,
    spectral_norm,
)
from verify.certificates.certificate import Word  # noqa: E402
from verify.certificates.eigenvalues import (  # noqa: E402
    Proposed,
    lowest_eigenvalue,
    proposed,
    smallest_eigenvalue,
)
from verify.certificates.judging import Sided, above, enclosed, shown, sided  # noqa: E402
from verify.certificates.losses import curvatures, positive, slopes, value  # noqa: E402
from verify.losses.cross_entropy import CrossEntropyObjective  # noqa: E402
from verify.losses.hinge import HingeObjective  # noqa: E402
from verify.losses.logistic import LogisticObjective  # noqa: E402
from verify.losses.square import SquareObjective  # noqa: E402

NAN = arb("nan")


@pytest.fixture(autouse=True)
def precision():
    with ctx.workprec(PRECISION):
        yield


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("shift", [-3.0, 0.0, 5.0])
def test_the_lowest_eigenvalue_is_enclosed(shift):
    matrix = drawn(20, 20)
    matrix = matrix + matrix.T + shift * np.eye(20)
    found, value = lowest_eigenvalue(exact(matrix)), np.linalg.eigvalsh(matrix)[0]
    assert float(found.low) - 1e-13 < value < float(found.high) + 1e-13
    assert 0 < found.high - found.low < 1e-12
    low, high = smallest_eigenvalue(exact(matrix))
    assert low <= found.high
    assert found.low <= high


@pytest.mark.parametrize(
    "change",
    [
        lambda found: Proposed(found.below, 0 * found.factor, found.vector),
        lambda found: Proposed(found.below, drawn(8, 8), found.vector),
        lambda found: Proposed(found.below + 10, found.factor, found.vector),
        lambda found: Proposed(found.below, found.factor, drawn(8)),
        lambda found: Proposed(found.below, found.factor, 0 * found.vector),
    ],
)
def test_proposals_that_are_noise_give_wide_bounds_and_no_wrong_ones(change):
    matrix = drawn(8, 8, seed=1)
    matrix = matrix @ matrix.T
    found = lowest_eigenvalue(exact(matrix), lambda middle: change(proposed(middle)))
    value = np.linalg.eigvalsh(matrix)[0]
    assert float(found.low) - 1e-12 < value < float(found.high) + 1e-12
    assert not found.high - found.low < 0.1


def test_a_ball_that_is_no_number_bounds_nothing():
    broken = arb_mat([[1, 0], [0, NAN]])
    for norm in (frobenius_norm, column_norm, spectral_norm):
        assert not norm(broken) < arb(10) ** 300
    for low, _ in (
        smallest_eigenvalue(broken),
        smallest_eigenvalue(broken, np.eye(2)),
        (lowest_eigenvalue(broken).low, 0),
    ):
        assert not low > -(arb(10) ** 300)


def test_words():
    one = arb(1)
    assert above(one, one, arb(0.5), arb(0.9)) is Word.PROVED
    assert above(one, one, arb(0.5), arb(1.1)) is Word.DISPROVED
    assert above(one, one, one) is Word.UNDECIDED
    assert above(NAN, NAN, arb(0)) is Word.UNDECIDED
    assert sided(one, one, one) is Sided.ABOVE
    assert sided(one, one, arb(2)) is Sided.BELOW
    assert sided(arb(0), one, arb(0.5)) is Sided.OPEN
    assert sided(NAN, NAN, one) is Sided.OPEN
    assert {side.word for side in Sided} == {Word.PROVED, Word.UNDECIDED}
    assert enclosed(arb("-inf"), one) == ["-inf", "0x1p0"]
    assert shown(arb(2).sqrt().lower(), arb(2).sqrt().upper(), 5) == "[1.4142 +/- 1.36e-5]"


OBJECTIVES = {
    "square": SquareObjective,
    "logistic": lambda x, y: LogisticObjective(x, y, 0.1, 5.0),
    "cross-entropy": lambda x, y: CrossEntropyObjective(x, y, 0.1),
    "hinge": HingeObjective,
}


@pytest.mark.parametrize("loss", OBJECTIVES)
def test_losses_and_their_slopes(loss):
    """Against the suite's, up to its own rounding; and where the square of a ball around 0 is taken."""
    x, y = drawn(6, 4), np.array([[1.0, -1, 1, 1]])
    if loss == "cross-entropy":
        y = np.eye(3)[:, [0, 1, 2, 1]]
    objective, w = OBJECTIVES[loss](x, y), drawn(len(y), 6, seed=2)
    q, tau = exact(w) * exact(x), arb(0.1 if loss in ("logistic", "cross-entropy") else 0.0)
    assert float(value(loss, q, exact(y), tau)) == pytest.approx(objective.loss(w), rel=1e-12)
    gradient = midpoints(slopes(loss, q, exact(y), tau) * exact(x).transpose())
    np.testing.assert_allclose(gradient, objective.excess_and_gradient(w)[1], rtol=1e-9, atol=1e-9)
    if loss in ("square", "logistic"):
        found = [float(one) for one in curvatures(loss, q, tau)]
        np.testing.assert_allclose(found, objective.curvatures(w), rtol=1e-12)
    around = exact(y) + arb_mat(*y.shape, [arb(0, arb(2) ** -90)] * y.size)
    assert value(loss, around, exact(y), tau).is_finite()


def test_the_precision_of_a_generator_is_its_own():
    @precisely
    def thirds():
        while True:
            yield arb(1) / 3

    with ctx.workprec(53):
        for found, _ in zip(thirds(), range(2), strict=False):
            assert found.rel_accuracy_bits() > PRECISION - 5
            assert ctx.prec == 53


def test_the_positive_part():
    assert positive(arb(2)) == 2
    assert positive(arb(-2)) == 0
    ball = positive(arb(0, 1))
    assert ball.contains(0)
    assert ball.contains(1)
    assert not positive(NAN).is_finite()
