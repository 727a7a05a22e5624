"""The exact flow enclosed: against floats, a closed form, defects coded apart; what must not pass."""

import copy
import random

import numpy as np
import pytest
from scipy.integrate import solve_ivp

flint = pytest.importorskip("flint")
from flint import arb, arb_mat, ctx  # noqa: E402

from theorems.kawaguchi_2021 import path_certificate  # noqa: E402
from theorems.kawaguchi_2021.exact_flow import expansion as expansions  # noqa: E402
from theorems.kawaguchi_2021.exact_flow.expansion import Expansion  # noqa: E402
from theorems.kawaguchi_2021.exact_flow.model import Model, start  # noqa: E402
from theorems.kawaguchi_2021.exact_flow.spectrum import along, operator_series, second_derivative  # noqa: E402
from theorems.kawaguchi_2021.linear_rate.problem import Setting, build  # noqa: E402
from theorems.kawaguchi_2021.path_certificate import certify_path  # noqa: E402
from verify.certificates import concave  # noqa: E402
from verify.certificates.balls import PRECISION, midpoints  # noqa: E402
from verify.certificates.certificate import Word  # noqa: E402
from verify.certificates.forecast import Forecast  # noqa: E402
from verify.certificates.path_checker import fault, hull  # noqa: E402
from verify.certificates.series import derivative, value  # noqa: E402
from verify.certificates.tube import WIDER, WIDEST, begun, norm  # noqa: E402
from verify.theorem.errors import InputError  # noqa: E402
from verify.theorem.protocol import silent  # noqa: E402

GAMMA = 0.5
SMALL = {"width": 3, "outputs": 2, "samples": 8, "gamma": GAMMA, "data": "synthetic", "horizon": 0.5}
ALIGNED = {"width": 3, "outputs": 2, "gamma": GAMMA, "data": "synthetic", "labels": "aligned", "horizon": 0.3}


@pytest.fixture(autouse=True)
def precision():
    with ctx.workprec(PRECISION):
        yield


@pytest.fixture(scope="module")
def problem():
    return build(Setting(**SMALL))


@pytest.fixture(scope="module")
def model(problem):
    with ctx.workprec(PRECISION):
        return Model.of(GAMMA, problem.features, problem.targets)


@pytest.fixture(scope="module")
def certificate():
    return next(certify_path(Setting(**SMALL), 1, silent))


@pytest.fixture(scope="module")
def aligned():
    return list(certify_path(Setting(**ALIGNED), 1, silent))


def at_start(problem):
    return start(*problem.model.unpack(problem.theta))


def first_piece(model, problem, order=12, tolerance=1e-9):
    with ctx.workprec(PRECISION):
        return begun(Expansion(model, at_start(problem), order), arb(0), arb(100), arb(0), tolerance)


def gradient(problem, theta):
    """Of L, in floats, by an expression for each column."""
    a, b = problem.model.unpack(theta)
    s = np.exp(a) / np.exp(a).sum(axis=0)
    v = np.linalg.inv(np.eye(len(a)) - GAMMA * s)
    slope = 2 * (b @ v @ problem.features - problem.targets) @ problem.features.T @ v.T
    moments = GAMMA * (b @ v).T @ slope
    columns = [(np.diag(x) - np.outer(x, x)) @ y for x, y in zip(s.T, moments.T, strict=True)]
    return np.concatenate([np.array(columns).T.ravel(), slope.ravel()])


def hessian(problem, theta):
    steps = 1e-6 * np.eye(len(theta))
    columns = [(gradient(problem, theta + x) - gradient(problem, theta - x)) / 2e-6 for x in steps]
    return (np.array(columns) + np.array(columns).T) / 2


def operator(problem, theta):
    """D as printed, in floats."""
    a, b = problem.model.unpack(theta)
    s = np.exp(a) / np.exp(a).sum(axis=0)
    v = np.linalg.inv(np.eye(len(a)) - GAMMA * s)
    found = np.kron(np.eye(len(b)), v.T @ v)
    for row, x in zip(v, s.T, strict=True):
        c = b @ v @ (np.diag(x) - np.outer(x, x))
        found += GAMMA**2 * np.kron(c @ c.T, np.outer(row, row))
    return found


def reference(problem, horizon):
    """log E(0)/E(T), int lambda_min(D), its infimum: DOP853 and Gauss's nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.linspace(0, horizon, 9)
    half = (edges[1] - edges[0]) / 2
    times = np.concatenate([edge + half * (1 + nodes) for edge in edges[:-1]])
    run = solve_ivp(
        lambda _, theta: -gradient(problem, theta),
        (0, horizon),
        problem.theta,
        method="DOP853",
        rtol=1e-13,
        atol=1e-15,
        t_eval=[0.0, *times, horizon],
    ).y.T
    least = np.array([np.linalg.eigvalsh(operator(problem, theta))[0] for theta in run])
    ends = [problem.objective.excess_and_gradient(problem.model.at(run[k]).q)[0] for k in (0, -1)]
    return np.log(ends[0] / ends[1]), half * np.tile(weights, 8) @ least[1:-1], least.min()


def holds(pair, number, error):
    return hull(pair).lower() - error <= number <= hull(pair).upper() + error


def test_the_enclosures_hold_a_reference(problem, certificate):
    assert certificate.word is Word.PROVED
    fall, integral, least = reference(problem, 0.5)
    assert holds(certificate.found["fall"], fall, 1e-11)
    assert holds(certificate.found["integral"], integral, 1e-11)
    assert holds(certificate.found["lambda_T"], least, 1e-4)
    assert holds(certificate.found["kappa"], problem.objective.pl_constant, 1e-13)
    low, high = (float(x) for x in map(lambda end: hull([end, end]), certificate.found["tightness"]))
    assert high - low < 1e-3 * low
    assert fault(vars(certificate)) == ""


def test_where_the_bound_is_tight_a_faster_rate_is_disproved(aligned):
    theorem, faster = aligned
    fall, integral, _ = reference(build(Setting(**ALIGNED)), 0.3)
    assert holds(theorem.found["fall"], fall, 1e-11)
    assert holds(theorem.found["integral"], integral, 1e-11)
    assert [theorem.word, faster.word] == [Word.PROVED, Word.DISPROVED]
    tightness = hull(theorem.found["tightness"])
    assert 1 < tightness < 1.001
    assert [fault(vars(one)) for one in aligned] == ["", ""]


def test_the_smallest_instance_disproves_a_faster_rate():
    smallest = Setting(width=2, outputs=1, gamma=0.5, data="synthetic", labels="aligned", horizon=0.25)
    *_, found = path_certificate.certify_path(smallest, 1, silent)
    assert found.word is Word.DISPROVED
    assert fault(vars(found)) == ""


def test_one_feature_falls_at_the_guaranteed_rate_and_stays_undecided():
    """m = 1: S = 1, and E falls at the rate 4 sigma^2 / (1 - gamma)^2 exactly."""
    setting = Setting(width=1, outputs=2, samples=3, gamma=GAMMA, data="synthetic", horizon=0.1)
    found = next(certify_path(setting, 1, silent))
    assert found.word is Word.UNDECIDED
    assert found.advice
    assert hull(found.found["tightness"]).contains(1)
    rate = 4 * float(np.sum(build(setting).features ** 2)) / (1 - GAMMA) ** 2
    assert holds(found.found["fall"], 0.1 * rate, 1e-13)


def test_defects_at_random_times_by_a_gradient_coded_apart(problem, model):
    """And the bound without the tail is broken: so the test would notice that it is missing."""
    piece = first_piece(model, problem)
    rounding = norm([value(parts, piece.length) for parts in piece.expansion.rounding])
    drawn, seen = random.Random(0), []
    with ctx.workprec(256):
        for share in (1.0, *(drawn.random() for _ in range(4))):
            time = piece.length * share
            a, b = (value(series, time) for series in piece.expansion.path)
            speeds = [value(derivative(series), time) for series in piece.expansion.path]
            power = [[x.exp() for x in row] for row in a.tolist()]
            sums = [sum(column, arb(0)) for column in zip(*power, strict=True)]
            s = arb_mat([[x / y for x, y in zip(row, sums, strict=True)] for row in power])
            v = (arb_mat(3, 3, [int(i % 4 == 0) for i in range(9)]) - model.gamma * s).inv()
            phi = model.loss.features
            p = 2 * (b * v * phi - model.loss.targets) * phi.transpose() * v.transpose()
            n = (model.gamma * (b * v).transpose() * p).tolist()
            columns = []
            for x, y in zip(zip(*s.tolist(), strict=True), zip(*n, strict=True), strict=True):
                mean = sum((u * w for u, w in zip(x, y, strict=True)), arb(0))
                columns.append([u * (w - mean) for u, w in zip(x, y, strict=True)])
            slope = arb_mat(columns).transpose()
            seen.append(norm([speeds[0] + slope, speeds[1] + p]))
    assert all(defect <= piece.defect for defect in seen)
    assert max(seen) > 1e3 * rounding
    flipped = norm([speeds[0] - slope, speeds[1] - p])
    assert flipped > piece.defect


def test_mu_bounds_the_curvature_and_half_of_it_is_less_than_its_own_formula(problem, model):
    piece = first_piece(model, problem)
    mu = float(piece.expansion.growth(piece))
    for share in (0.0, 0.5, 1.0):
        state = [midpoints(value(series, piece.length * share)) for series in piece.expansion.path]
        theta = np.concatenate([x.ravel() for x in state])
        assert mu >= -np.linalg.eigvalsh(hessian(problem, theta))[0] - 1e-6
        a, b = state
        s = np.exp(a) / np.exp(a).sum(axis=0)
        v = np.linalg.inv(np.eye(3) - GAMMA * s)
        slope = gradient(problem, theta)
        field, p = problem.model.unpack(slope)
        sizes = [np.linalg.norm(x, 2) for x in (p, v, b @ v)]
        j = (2 * s * (1 - s)).max()
        soft = max(max(-f.min(), 0) * 3 * x @ x for f, x in zip(field.T, s.T, strict=True))
        first = 2 * GAMMA * sizes[0] * sizes[1] * min(j, 0.5)
        second = first * GAMMA * sizes[2] * min(j, 0.5) + soft
        formula = second / 2 + np.hypot(second / 2, first / 2)
        assert mu >= formula > mu / 2


def test_deviations_bound_random_moves_within_the_reach(problem, model):
    piece = first_piece(model, problem)
    rng, far = np.random.default_rng(0), piece.far
    for _ in range(5):
        time = float(piece.reach) * rng.uniform(-1, 1)
        state = [midpoints(value(series, arb(time))) for series in piece.expansion.path]
        a, b = (x + rng.uniform(-1, 1, x.shape) * float(WIDER * WIDEST) for x in state)
        s = np.exp(a) / np.exp(a).sum(axis=0)
        v = np.linalg.inv(np.eye(3) - GAMMA * s)
        field, p = problem.model.unpack(gradient(problem, np.concatenate([a.ravel(), b.ravel()])))
        now = {"s": s, "v": v, "q": b @ v, "p": p, "field_a": field}
        first, p = problem.model.unpack(gradient(problem, problem.theta))
        then = {name: midpoints(getattr(piece.expansion, name)[0]) for name in "svqp"} | {"field_a": first}
        for name, matrix in now.items():
            assert (np.abs(matrix - then[name]) <= midpoints(getattr(far, name)) + 1e-13).all()


def test_the_series_of_the_operator(problem, model):
    piece = first_piece(model, problem)
    piece.widest = arb(1e-12)
    coefficients = operator_series(piece.expansion, 8)
    time, step = float(piece.length) / 2, float(piece.length) / 16

    def at(t):
        state = [midpoints(value(series, arb(t))).ravel() for series in piece.expansion.path]
        return operator(problem, np.concatenate(state))

    np.testing.assert_allclose(midpoints(value(coefficients, arb(time))), at(time), atol=1e-7)
    curvature = (at(time + step) - 2 * at(time) + at(time - step)) / step**2
    second, turn = second_derivative(piece.expansion, piece, 8)
    assert second >= np.linalg.norm(curvature, 2) - 1e-3
    assert float(second) < 100 * np.linalg.norm(curvature, 2)
    assert 0 < turn < 1e-6
    found = along(piece.expansion, piece, 1e-6)
    nodes, weights = np.polynomial.legendre.leggauss(10)
    seen = [np.linalg.eigvalsh(at(time * (1 + node)))[0] for node in nodes]
    assert found.low <= time * weights @ seen <= found.high
    assert float(found.high - found.low) < 1e-4


@pytest.mark.parametrize("wrong", ["noise", "sign"])
def test_polynomials_that_are_no_solution_end_undecided(monkeypatch, wrong):
    rng = np.random.default_rng(0)

    def proposed(balls):
        noise = arb_mat(balls.nrows(), balls.ncols(), rng.standard_normal(len(balls.entries())).tolist())
        return (balls + noise).mid() if wrong == "noise" else (-1 * balls).mid()

    monkeypatch.setattr(expansions, "proposed", proposed)
    found = list(certify_path(Setting(**SMALL), 1, silent))
    assert [one.word for one in found] == [Word.UNDECIDED]
    assert "tube" in found[0].advice or "series" in found[0].advice


def test_steps_that_are_noise_give_no_wrong_proof(monkeypatch, problem):
    fall, integral, _ = reference(problem, 0.5)
    made = path_certificate.plan(Setting(**SMALL), problem, 1)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        monkeypatch.setattr(Expansion, "reach", lambda self, rng=rng: float(10 ** rng.uniform(-1, 4)))
        monkeypatch.setattr(path_certificate, "wished", lambda path: 1e-2)
        path = path_certificate.enclosed(problem, made, silent)
        for one in path_certificate.certificates(path, faster=False):
            if one.word is Word.PROVED:
                assert holds(one.found["fall"], fall, 1e-11)
                assert holds(one.found["integral"], integral, 1e-11)


def test_eigenvectors_that_are_noise_end_undecided(monkeypatch):
    problem = build(Setting(**ALIGNED))
    made = path_certificate.plan(Setting(**ALIGNED), problem, 1)
    rng = np.random.default_rng(0)

    def noise(matrix):
        return np.zeros(len(matrix)), rng.standard_normal(matrix.shape)

    monkeypatch.setattr(concave.np.linalg, "eigh", noise)
    path = path_certificate.enclosed(problem, made, silent)
    assert {one.word for one in path_certificate.certificates(path, faster=True)} == {Word.UNDECIDED}


def scaled(text, power):
    """2^power times a number."""
    mantissa, exponent = text.split("p")
    return f"{mantissa}p{int(exponent) + power}"


@pytest.mark.parametrize("name", ["radius", "defect", "jump", "length"])
def test_the_checker_notices_a_piece_that_was_changed(certificate, name):
    given = copy.deepcopy(certificate.given)
    # A jump is of the size of rounding beside the radius, which is rounded up to 53 bits.
    power = {"radius": -1, "jump": 90}.get(name, 1)
    given["pieces"][1][name] = scaled(given["pieces"][1][name], power)
    assert fault({**vars(certificate), "given": given}) != ""


@pytest.mark.parametrize(
    "name", ["kappa", "optimal_value", "excess_start", "excess_end", "fall", "integral", "tightness"]
)
def test_the_checker_notices_what_does_not_follow(certificate, name):
    found = dict(certificate.found) | {name: [scaled(text, 1) for text in certificate.found[name]]}
    assert fault({**vars(certificate), "found": found}) != ""


@pytest.mark.parametrize("place", ["features", "targets", "a", "b"])
def test_the_checker_notices_another_instance(certificate, place):
    given = copy.deepcopy(certificate.given)
    given[place][0][0] = scaled(given[place][0][0], 1)
    assert fault({**vars(certificate), "given": given}) != ""


def test_what_cannot_be_enclosed_is_refused_in_words():
    with pytest.raises(InputError, match="--loss square"):
        next(certify_path(Setting(loss="hinge"), 1, silent))
    twice = np.arange(3.0)[None, :] * np.ones((2, 1))
    with pytest.raises(InputError, match=r"rank 1 < 2.*--width 1"):
        Model.of(GAMMA, twice, twice)
    with pytest.raises(InputError, match=r"at least.*--width"):
        next(certify_path(Setting(width=200), 1, silent))
    with pytest.raises(InputError, match=r"minutes.*--horizon .*--width"):
        next(certify_path(Setting(**SMALL | {"horizon": 3}), 1e-3, silent))
    with pytest.raises(InputError, match=r"rounding.*--horizon"):
        next(certify_path(Setting(**SMALL | {"horizon": 1e4}), 60, silent))


def test_a_path_on_which_errors_grow_too_much_is_refused():
    times, ones = np.array([0.0, 1.0, 2.0]), np.ones(3)
    Forecast(times, 20 * ones, ones, ones, 1e-3, 1e-8).require(0.0, 1.0, 8)
    with pytest.raises(InputError, match=r"int mu = 80.*--horizon 1.2 or --width 5"):
        Forecast(times, 40 * ones, ones, ones, 1e-3, 1e-8).require(0.0, 1.0, 8)


def forged(certificate, **changes):
    """A certificate with some of `given` or `found` replaced."""
    one = dict(vars(certificate))
    for name, other in changes.items():
        part = "given" if name in one["given"] else "found"
        one[part] = {**one[part], name: other}
    return one


def test_the_checker_takes_no_forged_piece_sign_or_kind(certificate):
    piece = dict(certificate.given["pieces"][0])
    still = {"length": certificate.given["horizon"], "mu": "0x0p0", "defect": "0x0p0", "jump": "0x0p0"}
    still = {**piece, **still, "radius": "0x0p0", "integral": ["0x1p-10", "0x1p-10"]}
    end = {name: certificate.given[name] for name in ("a", "b")} | {"radius": "0x0p0"}
    assert fault(forged(certificate, pieces=[still], end=end)) != ""
    assert fault(forged(certificate, gamma="-0x1p-1")) != ""
    with pytest.raises(ValueError, match="unpack"):  # which `check` calls wrong numbers
        fault(forged(certificate, horizon="0x0p0", pieces=[], end=end))
    assert fault({**vars(certificate), "kind": "linear-deq-path"}) != ""
    assert fault({**vars(certificate), "word": "DISPROVED"}) != ""
