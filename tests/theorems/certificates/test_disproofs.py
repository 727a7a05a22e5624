"""The disproofs against what neither they nor the checker compute with, and what they make of noise."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

pytest.importorskip("flint")

from flint import ctx

from theorems.gao_2022 import disproofs as gao
from theorems.gao_2022 import spectral_distance
from theorems.kawaguchi_2021 import disproofs as kawaguchi
from theorems.ling_2023 import disproofs as ling
from theorems.ling_2023.problem import Constants
from verify.certificates import checker
from verify.certificates.certificate import Word
from verify.linear_deq.model import DeepEquilibriumLinear
from verify.losses.square import SquareObjective
from verify.relu_deq.kernels import arc_cosine_kernel


def floats(part):
    """A number or a matrix of a certificate, in floats."""
    return np.array([floats(entry) for entry in part]) if isinstance(part, list) else float(Fraction(part))


def named(disproofs, claim):
    return next(one for one in disproofs if one.claim == claim)


def holds(certificate):
    with ctx.workprec(128):
        return checker.fault(certificate.given, certificate.found) == ""


def relu_outputs(a, w, u, v, gain, x):
    """yhat (n,) by 200 sweeps, A (m, m), W (m, d)."""
    phi = torch.relu(w @ x) / len(w) ** 0.5
    z = torch.zeros_like(phi)
    for _ in range(200):
        z = torch.relu(gain * a @ z + phi)
    return u @ z + v @ phi


def test_outputs_of_one_unit_move_as_autograd_says(disproofs):
    """G-L3.1: dyhat/dt = -J J^T r by autograd through sweeps, and along a short step of descent."""
    one = named(disproofs, "G-L3.1")
    given = {
        name: torch.tensor(floats(value), dtype=torch.float64)
        for name, value in one.given.items()
        if name != "rule"
    }
    theta = (given["a"].reshape(1, 1), given["W"], given["u"].reshape(1), given["v"].reshape(1))

    def outputs(*parts):
        return relu_outputs(*parts, given["gain"], given["X"])

    blocks = [block.reshape(2, -1) for block in torch.autograd.functional.jacobian(outputs, theta)]
    r = outputs(*theta) - given["y"].reshape(2)
    kernel = sum(block @ block.T for block in blocks)
    (derivative,), (printed,) = (floats(one.found[name]) for name in ("derivative", "printed"))
    np.testing.assert_allclose(derivative, -kernel @ r, rtol=1e-12)
    step = 1e-6
    ahead, back = (
        outputs(
            *[part - s * (block.T @ r).reshape(part.shape) for part, block in zip(theta, blocks, strict=True)]
        )
        for s in (step, -step)
    )
    np.testing.assert_allclose(derivative, (ahead - back) / (2 * step), rtol=1e-6)
    # With u alone trained H is Z^T Z, of which the printed form keeps the diagonal.
    lost = blocks[2] @ blocks[2].T
    np.testing.assert_allclose(printed, -(kernel - lost + torch.diag(torch.diag(lost))) @ r, rtol=1e-12)
    assert np.all(abs(printed / derivative - 1) > 0.1)


@pytest.mark.parametrize("claim", ["G-L3.5.ii", "G-L3.5.iii", "G-L3.6.u", "G-L3.6.v"])
def test_printed_norms_fail_in_floats_as_well(disproofs, claim):
    one = named(disproofs, claim)
    given = {name: floats(value) for name, value in one.given.items() if name != "rule"}
    (m, n), c = given["W"].shape, given["c"]
    parts = [torch.tensor(given[name]) for name in ("A", "W", "u", "v")]
    outputs = relu_outputs(*parts, given["gamma"] / m**0.5, torch.eye(n, dtype=torch.float64)).numpy()
    lambda_0 = np.linalg.eigvalsh(arc_cosine_kernel(np.eye(n)))[0]
    phi = np.maximum(given["W"], 0) / np.sqrt(m)
    assert np.linalg.eigvalsh(phi.T @ phi)[0] >= 0.75 * lambda_0
    assert max(np.linalg.norm(given["W"], 2), np.linalg.norm(given["A"], 2)) <= c * np.sqrt(m)
    assert given["gamma"] <= min(0.5, 1 / (4 * c))
    distance = np.linalg.norm(outputs - given["y"])
    bound = given["factor"] * c * np.sqrt(n) / lambda_0 * distance
    assert 0 < bound < 0.9 * np.linalg.norm(given["u"]) == 0.9 * np.linalg.norm(given["v"])
    assert float(Fraction(one.found["bound"])) == pytest.approx(bound**2, rel=2e-3)
    assert bound**2 < float(Fraction(one.found["bound"]))  # 223/71 < pi
    assert one.given["factor"] == {"ii": 16, "iii": 8, "u": 32, "v": 16}[claim.rpartition(".")[2]]


def test_the_spectral_reading_fails_in_floats_as_well(disproofs):
    for one in disproofs:
        if one.claim == "G-L3.4.norm":
            start, w = (np.array(one.given[name]) / one.given["unit"] for name in ("W0", "W"))
            m, n = w.shape
            lambda_0 = np.linalg.eigvalsh(arc_cosine_kernel(np.eye(n)))[0]
            c = float(Fraction(one.given["c"]))
            phi_0, phi = (np.maximum(part, 0) / np.sqrt(m) for part in (start, w))
            assert np.linalg.norm(start, 2) <= c * np.sqrt(m)
            assert np.linalg.norm(w - start, 2) <= np.sqrt(m) * lambda_0 / (16 * c)
            assert np.linalg.eigvalsh(phi_0.T @ phi_0)[0] >= 0.75 * lambda_0
            quotient = float(Fraction(one.found["quotient"]))
            assert np.linalg.eigvalsh(phi.T @ phi)[0] <= quotient < 0.4995 * lambda_0
            # In Frobenius' norm, in which the lemma holds, W is far outside.
            assert np.linalg.norm(w - start) > 5 * np.sqrt(m) * lambda_0 / (16 * c)


def test_a_difference_set_meets_every_residue_equally_often():
    for residues, size, pairs in (
        (spectral_distance.RESIDUES, 40, 4),
        (spectral_distance.squares(83), 83, 20),
    ):
        met = [(i - j) % size for i, j in product(residues, repeat=2) if i != j]
        assert {met.count(residue) for residue in range(1, size)} == {pairs}


@pytest.mark.parametrize(("claim", "low", "high"), [("L-C1.never", 0, 1), ("L-C1.eight", 1, 2)])
def test_condition_nine_as_the_theorem_module_has_it(disproofs, claim, low, high):
    """(9) by `theorems.ling_2023.problem`, from norms and the smallest eigenvalue in floats."""
    given = {name: floats(v) for name, v in named(disproofs, claim).given.items() if name != "rule"}
    w, u = given["w"] * np.eye(2), given["u"] * np.eye(2)
    z = np.linalg.solve(np.eye(2) - w, u @ given["X"])
    np.testing.assert_allclose(z, np.maximum(w @ z + u @ given["X"], 0))
    norms = np.linalg.norm(w, 2), np.linalg.norm(u, 2)
    size = float(np.linalg.norm(given["a"]))
    constants = Constants.of(norms, size, float(np.linalg.norm(given["X"])), given["delta"])
    lambda_0 = np.linalg.eigvalsh(z.T @ z)[0]
    assert float(Fraction(named(disproofs, claim).found["h"])) == pytest.approx(constants.hidden)
    assert float(Fraction(named(disproofs, claim).found["lambda_0"])) == pytest.approx(lambda_0)
    assert low <= constants.ninth(lambda_0, 4.0) < high
    if claim == "L-C1.eight":
        h = constants.hidden
        assert lambda_0 - 4 * h < 0.99 * lambda_0 / 2


def test_a_gaussian_of_norm_half_is_as_rare_as_it_is_said():
    """P(||a|| <= 1/2) <= 0.73^m, a of m entries N(0, 1/m), by the distribution itself."""
    from scipy.stats import chi2

    assert np.exp(3) < 20.1 < 20.6 < 256 * 0.73**8
    assert all(chi2.cdf(m / 4, m) <= 0.73**m for m in (1, 2, 3, 10, 100))


def test_no_faster_rate_holds_along_the_flow(disproofs):
    """Speed and lambda_min(D) by the suite's model; and E(T) of the integrated flow, against the claim."""
    one = named(disproofs, "K-T1")
    given = {name: floats(v) for name, v in one.given.items() if name != "rule"}
    model, objective = DeepEquilibriumLinear(2, 1, given["gamma"]), SquareObjective(np.eye(2), given["Y"])
    start = model.pack(np.zeros((2, 2)), given["B"])

    def loss(theta):
        a, b = model.unpack(theta)
        s = np.exp(a) / np.exp(a).sum(axis=0)
        return float(np.sum((b @ np.linalg.inv(np.eye(2) - given["gamma"] * s) - given["Y"]) ** 2))

    found = {name: float(Fraction(value)) for name, value in one.found.items()}
    assert loss(start) == pytest.approx(found["E"])
    differences = [(loss(start + step) - loss(start - step)) / 2e-6 for step in 1e-6 * np.eye(len(start))]
    gradient, excess = model.gradient(start, objective)
    np.testing.assert_allclose(gradient, differences, atol=1e-8)
    assert gradient @ gradient / excess == pytest.approx(found["speed"], rel=1e-12)
    flow = solve_ivp(
        lambda t, theta: -model.gradient(theta, objective)[0], (0, 0.1), start, rtol=1e-10, atol=1e-13
    )
    fallen = np.log(loss(start) / loss(flow.y[:, -1]))
    # lambda_T is no less than its value at the end, which is hardly less than at the start.
    assert 0.4 < fallen < 0.995 * 0.1 * found["claimed"]


NOISE = np.random.default_rng(0)


@pytest.fixture(scope="module")
def small():
    instance = next(spectral_distance.instances(False))
    return instance, *spectral_distance.proposed(instance)


@pytest.mark.parametrize("what", ["w", "q", "far", "start", "q = 0"])
def test_a_proposal_that_is_noise_leaves_the_spectral_reading_undecided(small, what):
    instance, w, q = small
    if what == "w":
        w = NOISE.integers(-5000, 5000, w.shape)
    elif what == "far":  # beyond R, where the lemma says nothing
        w = instance.weights + np.rint(1.01 * (w - instance.weights)).astype(np.int64)
    elif what == "start":  # which does not meet the premise
        instance = replace(instance, weights=NOISE.integers(-5000, 5000, w.shape))
    else:
        q = NOISE.integers(-1000, 1000, q.shape) if what == "q" else 0 * q
    found = spectral_distance.counterexample(instance, w, q)
    assert (found.word, found.shown) == (Word.UNDECIDED, ())
    assert found.advice
    assert what == "q = 0" or not holds(found)


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_eigenvectors_that_are_noise_leave_it_undecided(small, which, scale):
    vectors = [None, None, None]
    vectors[which] = scale * NOISE.standard_normal((40, 40))
    assert spectral_distance.counterexample(*small, vectors).word is Word.UNDECIDED


def test_a_flipped_sign_of_w_leaves_it_undecided(small):
    instance, w, q = small
    w = w.copy()
    w[0] *= -1
    assert spectral_distance.counterexample(instance, w, q).word is Word.UNDECIDED


def test_labels_that_are_far_leave_the_norms_undecided():
    for claim, name, factor, lemma in gao.NORMS:
        for distance in (Fraction(0), Fraction(1)):
            found = gao.printed_norm(claim, name, factor, lemma, distance)
            assert found.word is Word.UNDECIDED
            assert not holds(found)


def test_labels_that_are_outputs_leave_the_dynamics_undecided():
    at = gao.Point()
    exact = replace(at, labels=[out.value for out in at.outputs([Fraction(0)] * 5)])
    found = gao.output_derivative(exact)
    assert found.word is Word.UNDECIDED
    assert not holds(found)


def test_a_flipped_sign_in_the_derivative_is_noticed(monkeypatch):
    def added(self, other):
        return gao.Dual(self.value + other.value, self.slope - other.slope)

    monkeypatch.setattr(gao.Dual, "__add__", added)
    with pytest.raises(ArithmeticError, match="repaired lemma"):
        gao.output_derivative(gao.Point())


def drawn(count, *shape):
    return (
        [Fraction(int(k), 20) for k in row]
        for row in np.random.default_rng(1).integers(-30, 30, (count, *shape))
    )


def test_at_drawn_points_search_and_checker_agree_on_every_rate():
    """Targets and B that are noise: DISPROVED only where the checker says so, too; both words occur."""
    words = []
    for b1, b2, y1, y2 in drawn(60, 4):
        found = kawaguchi.faster_rate(Fraction(1, 2), (b1, b2), (y1, y2))
        assert holds(found) == (found.word is Word.DISPROVED)
        words.append(found.word)
    slow = kawaguchi.faster_rate(Fraction(1, 2), (Fraction(1), Fraction(0)), (Fraction(7, 5), Fraction(2, 5)))
    assert words.count(Word.UNDECIDED) > 50
    assert slow.word is Word.UNDECIDED


def test_at_drawn_points_search_and_checker_agree_on_condition_nine():
    words = []
    for w, size, delta in drawn(60, 3):
        a = (3 * abs(size) / 50, 4 * abs(size) / 50)
        if not (0 <= abs(w) / 3 + abs(delta) / 4 < 1 and size):
            continue
        for make, least in ((ling.never, Fraction(0)), (ling.short, abs(delta) / 4)):
            found = make(abs(w) / 3, a, least)
            assert holds(found) == (found.word is Word.DISPROVED)
            words.append(found.word)
    assert {*words} == {Word.DISPROVED, Word.UNDECIDED}
