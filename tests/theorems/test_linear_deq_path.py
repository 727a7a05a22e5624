"""The exact flow of the linear DEQ, enclosed: against floats and a law of its own; and what must not pass."""

import copy

import numpy as np
import pytest
from scipy.integrate import solve_ivp

flint = pytest.importorskip("flint")
from flint import arb, arb_mat, ctx  # noqa: E402

from theorems import linear_deq_exact  # noqa: E402
from theorems.linear_deq import ALIGNED, Setting, build  # noqa: E402
from theorems.linear_deq_exact import Expansion  # noqa: E402
from theorems.linear_deq_path import certify_path  # noqa: E402
from verify.certificates.balls import PRECISION, exact, midpoints  # noqa: E402
from verify.certificates.certificate import Word  # noqa: E402
from verify.certificates.least_squares import LeastSquares  # noqa: E402
from verify.certificates.path_checker import fault, hull, matrix, number  # noqa: E402
from verify.certificates.series import derivative, value, widened  # noqa: E402
from verify.certificates.tube import WIDER, WIDEST, begun, norm  # noqa: E402
from verify.theorem.errors import InputError  # noqa: E402
from verify.theorem.protocol import silent  # noqa: E402

SMALL = {"width": 2, "outputs": 2, "samples": 9, "points": 15, "horizon": 0.2}


@pytest.fixture(autouse=True)
def precision():
    with ctx.workprec(PRECISION):
        yield


@pytest.fixture(scope="module")
def problem():
    return build(Setting(**SMALL))


@pytest.fixture(scope="module")
def certificate():
    return next(certify_path(Setting(**SMALL), 1, silent))


@pytest.fixture
def piece(problem):
    a, m = np.split(problem.S, [-2], axis=1)
    loss = LeastSquares.of(problem.X, problem.Y)
    return begun(Expansion(loss, (exact(a), exact(m)), 10), arb(0), arb(100), arb(0), 1e-8)


def gradient(problem, a, m):
    v = np.linalg.inv(m)
    p = v.T @ (2 * (v @ a @ problem.X - problem.Y) @ problem.X.T)
    return p, -p @ (v @ a).T


def loss_of(problem, a, m):
    return np.sum((np.linalg.solve(m, a) @ problem.X - problem.Y) ** 2)


def reference(problem, horizon):
    """log E(0)/E(T) by DOP853."""

    def field(_, y):
        parts = gradient(problem, *np.split(y.reshape(problem.S.shape), [-len(problem.S)], axis=1))
        return -np.hstack(parts).ravel()

    run = solve_ivp(field, (0, horizon), problem.S.ravel(), method="DOP853", rtol=1e-13, atol=1e-15).y.T
    best = problem.Y @ np.linalg.pinv(problem.X)
    states = [np.split(y.reshape(problem.S.shape), [-len(problem.S)], axis=1) for y in run[[0, -1]]]
    ends = [np.sum(((np.linalg.solve(m, a) - best) @ problem.X) ** 2) for a, m in states]
    return np.log(ends[0] / ends[1])


def test_the_enclosure_holds_a_reference_and_the_conserved_matrix(problem, certificate):
    assert certificate.word is Word.PROVED
    fall = hull(certificate.found["fall"])
    assert fall.lower() - 1e-10 <= reference(problem, 0.2) <= fall.upper() + 1e-10
    assert hull(certificate.found["tightness"]) > 1
    radius = number(certificate.given["end"]["radius"])
    a, m = (matrix(certificate.given[name]) for name in "am")
    then, size = a * a.transpose() + m * m.transpose(), hull(certificate.found["size"])
    a, m = (widened(matrix(certificate.given["end"][name]), radius) for name in "am")
    now = a * a.transpose() + m * m.transpose()
    assert now.overlaps(then)
    assert norm([now - then]) < 1e-5
    assert float(size) == pytest.approx(np.linalg.norm(midpoints(then), 2), rel=1e-12)
    assert fault(vars(certificate)) == ""


def test_where_the_rate_is_attained_a_faster_one_is_disproved():
    found = list(certify_path(Setting(**ALIGNED), 1, silent))
    assert [one.word for one in found] == [Word.PROVED, Word.DISPROVED]
    assert 1 < hull(found[0].found["tightness"]) < 1.002
    assert [fault(vars(one)) for one in found] == ["", ""]


def test_defects_deviations_and_mu_by_formulas_coded_apart(problem, piece):
    rng = np.random.default_rng(0)
    mu = float(piece.expansion.growth(piece))
    with ctx.workprec(256):
        a, m = (value(series, piece.length) for series in piece.expansion.path)
        speeds = [value(derivative(series), piece.length) for series in piece.expansion.path]
        v = m.inv()
        phi, y = piece.expansion.loss.features, piece.expansion.loss.targets
        p = v.transpose() * (2 * (v * a * phi - y) * phi.transpose())
        rising = p * (v * a).transpose()
        rounding = norm([value(parts, piece.length) for parts in piece.expansion.rounding])
        assert 1e3 * rounding < norm([speeds[0] + p, speeds[1] - rising]) <= piece.defect
        assert norm([speeds[0] + p, speeds[1] + rising]) > piece.defect
    first = gradient(problem, *np.split(problem.S, [-2], axis=1))
    for _ in range(5):
        time = float(piece.reach) * rng.uniform(-1, 1)
        moved = [
            midpoints(value(series, arb(time))) + float(WIDER * WIDEST) * rng.uniform(-1, 1, (2, 2))
            for series in piece.expansion.path
        ]
        for now, then, bound in zip(gradient(problem, *moved), first, piece.far.field, strict=True):
            assert (np.abs(now - then) <= midpoints(bound) + 1e-12).all()
    a, m = (midpoints(value(series, piece.length / 2)) for series in piece.expansion.path)
    theta, steps = np.hstack([a, m]), 1e-4 * np.eye(8).reshape(8, 2, 4)

    def curvature(x, y):
        ends = [(theta + s * x + t * y, s * t) for s in (1, -1) for t in (1, -1)]
        return sum(sign * loss_of(problem, *np.split(end, [2], axis=1)) for end, sign in ends) / 4e-8

    least = np.linalg.eigvalsh([[curvature(x, y) for y in steps] for x in steps])[0]
    p, rising = gradient(problem, a, m)
    v = np.linalg.norm(np.linalg.inv(m), 2)
    half_a, half_b = (v * np.linalg.norm(x, 2) for x in (rising, p))
    formula = half_a + np.hypot(half_a, half_b)
    assert mu >= -least
    assert mu >= formula > mu / 2


@pytest.mark.parametrize("wrong", ["noise", "sign"])
def test_polynomials_that_are_no_solution_end_undecided(monkeypatch, wrong):
    rng = np.random.default_rng(0)

    def proposed(balls):
        noise = arb_mat(balls.nrows(), balls.ncols(), rng.standard_normal(len(balls.entries())).tolist())
        return (balls + noise).mid() if wrong == "noise" else (-1 * balls).mid()

    monkeypatch.setattr(linear_deq_exact, "proposed", proposed)
    assert [one.word for one in certify_path(Setting(**SMALL), 1, silent)] == [Word.UNDECIDED]


@pytest.mark.parametrize("place", ["features", "targets", "a", "m", "radius", "size", "fall"])
def test_the_checker_notices_what_was_changed(certificate, place):
    given, found = copy.deepcopy(certificate.given), dict(certificate.found)

    def scaled(text, power=1):
        return text.split("p")[0] + f"p{int(text.split('p')[1]) + power}"

    if place == "radius":
        given["pieces"][0][place] = scaled(given["pieces"][0][place], -1)
    elif place in found:
        found[place] = list(map(scaled, found[place]))
    else:
        given[place][0][0] = scaled(given[place][0][0])
    assert fault({**vars(certificate), "given": given, "found": found}) != ""


def test_what_cannot_be_enclosed_is_refused_in_words():
    with pytest.raises(InputError, match="--loss square"):
        next(certify_path(Setting(loss="hinge"), 1, silent))
    with pytest.raises(InputError, match=r"minutes.*--horizon"):
        next(certify_path(Setting(**SMALL), 1e-4, silent))
