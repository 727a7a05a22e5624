"""Certificates about implicit ReLU networks at one point, against the suite's floats and what is false."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

flint = pytest.importorskip("flint")
from flint import arb, ctx  # noqa: E402

from tests.theorems.certified_states import by_kind, holds, noise, propose_badly, words  # noqa: E402
from theorems import relu_enclosed, relu_identities  # noqa: E402
from theorems.gao_2022 import coupled_certificates  # noqa: E402
from theorems.gao_2022 import state_certificates as gao  # noqa: E402
from theorems.gao_2022.box import Box  # noqa: E402
from theorems.gao_2022.enclosed_point import Point  # noqa: E402
from theorems.gao_2022.setting import EXPLICIT  # noqa: E402
from theorems.ling_2023 import state_certificates as ling  # noqa: E402
from verify.certificates.balls import PRECISION, exact, midpoints  # noqa: E402
from verify.certificates.certificate import Word  # noqa: E402
from verify.certificates.exact import parsed  # noqa: E402
from verify.certificates.modular import certified, identity_matrix  # noqa: E402
from verify.relu_deq.kernels import arc_cosine_kernel, equilibrium_kernel  # noqa: E402

NEAR = {**EXPLICIT, "width": 100, "samples": 3, "gamma": 0.1}
LING = {"width": 60, "samples": 3}


@pytest.fixture(autouse=True)
def precision():
    with ctx.workprec(PRECISION):
        yield


def gao_problem():
    return gao.build(gao.Setting(**NEAR))


def unit_inputs(n=6, d=4):
    x = np.random.default_rng(0).standard_normal((d, n))
    return x / np.linalg.norm(x, axis=0)


def test_kernels_are_those_of_the_suite_and_narrow():
    """Orthogonal inputs as well: their cosine is a ball around 0."""
    for inputs in (unit_inputs(), np.eye(3), np.array([[1.0, 1], [0, 1e-6]]), 3 * unit_inputs()):
        found = relu_enclosed.limit_gram(exact(inputs))
        np.testing.assert_allclose(midpoints(found), arc_cosine_kernel(inputs), rtol=1e-12, atol=1e-14)
        assert max(float(entry.rad()) for entry in found.entries()) < 1e-25
    inputs = 2 * unit_inputs()
    found = relu_enclosed.equilibrium_kernel(exact(inputs), 0.28)
    np.testing.assert_allclose(midpoints(found), equilibrium_kernel(inputs, 0.28), rtol=1e-13)
    assert max(float(entry.rad()) for entry in found.entries()) < 1e-25


def test_a_cosine_that_is_guessed_wrongly_is_enclosed_all_the_same():
    right = relu_enclosed.fixed_cosine(arb(0.3), arb(0.1), 0.3)
    assert relu_enclosed.fixed_cosine(arb(0.3), arb(0.1), -0.9).overlaps(right)
    assert right.rad() < 1e-25


def test_the_equilibrium_is_enclosed_whatever_is_guessed():
    problem = gao_problem()
    z, coupling = problem.start.z, problem.model.coupling
    matrix, sources = exact(coupling * problem.start.theta.a), exact(problem.phi)
    near = relu_enclosed.equilibrium(matrix, arb(0.3), sources, z)
    far = relu_enclosed.equilibrium(matrix, arb(0.3), sources, np.random.default_rng(0).random(z.shape))
    assert near.radius < 1e-13
    assert near.unknown == 0
    assert near.open == np.count_nonzero(z > 0)
    assert far.unknown > 0
    for found in (near, far):
        low = np.array([float(entry.lower()) for entry in found.z.entries()]).reshape(z.shape)
        high = np.array([float(entry.upper()) for entry in found.z.entries()]).reshape(z.shape)
        assert np.all((low - 1e-12 <= z) & (z <= high + 1e-12))
    assert relu_enclosed.equilibrium(matrix, arb(1), sources, z) is None
    assert relu_enclosed.equilibrium(matrix, arb("nan"), sources, z) is None


@pytest.mark.parametrize("shape", [(5, 5), (4, 7), (7, 4)])
def test_spectral_norms_are_enclosed(shape):
    matrix = np.random.default_rng(0).standard_normal(shape)
    found = relu_enclosed.spectral_norm(exact(matrix))
    assert float(found.low) <= np.linalg.norm(matrix, 2) * (1 + 1e-14)
    assert float(found.high) >= np.linalg.norm(matrix, 2) * (1 - 1e-14)
    assert found.high - found.low < 1e-12
    smaller = matrix @ matrix.T if shape[0] <= shape[1] else matrix.T @ matrix
    assert len(found.vector) == len(smaller)


def test_what_the_suite_computes_of_gao_is_enclosed():
    problem, found = gao_problem(), list(gao.certify_state(gao.Setting(**NEAR), None))
    assert set(words(found).values()) == {Word.PROVED, Word.IDENTITY}
    of = by_kind(found)
    gram = problem.gram
    holds(of["limit-gram"].found["lambda_0"], problem.lambda_0, 1e-11)
    holds(of["gram"].found["gram"], np.linalg.eigvalsh(gram)[0], 1e-11)
    apart = np.abs(np.linalg.eigvalsh(gram - problem.limit)).max()
    holds(of["gram-distance"].found["distance"], apart, 1e-11)
    for norm, value in zip(of["coupling"].found["norms"], problem.norms, strict=True):
        holds(norm, value, 1e-12)
    holds(of["equilibrium"].found["contraction"], problem.gamma_0, 1e-12)
    for output, value in zip(of["equilibrium"].found["outputs"], problem.start.output, strict=True):
        holds(output, value, 1e-9, 1e-9)
    box = Box.of(problem)
    reach = box.reach(problem.lambda_0 / 2, problem.initial_residual)
    needed = box.speeds(reach) * 2 * problem.initial_residual / problem.lambda_0
    np.testing.assert_allclose(
        [float(parsed(one)) for one in of["explicit"].found["needed"]], needed, rtol=1e-7
    )
    lowest = box.gram_root(reach) ** 2 / problem.lambda_0
    assert float(parsed(of["explicit"].found["lowest"])) == pytest.approx(lowest, rel=1e-9)


def test_lemma_3_4_is_no_better_than_what_an_adversary_finds():
    from theorems.gao_2022.initial import neighbouring_grams

    found = by_kind(gao.certify_state(gao.Setting(**NEAR), None))["weights-near"]
    problem = gao_problem()
    assert 0.5 < float(parsed(found.found["lowest"])) < neighbouring_grams(problem).min() / problem.lambda_0


def test_noise_proves_nothing_of_gao(monkeypatch):
    propose_badly(monkeypatch, noise)
    found = words(gao.certify_state(gao.Setting(**NEAR), None))
    assert found.pop("equilibrium") is Word.PROVED  # a norm that is known to a factor of 2.5 is enough
    assert {word for kind, word in found.items() if not kind.startswith("output")} == {Word.UNDECIDED}


def test_a_lambda_0_that_is_not_known_to_be_positive_proves_nothing():
    """What is needed of a reach would be negative."""
    problem = gao_problem()
    at = Point.of(problem, problem.start.theta, initial=True)
    norm = relu_enclosed.spectral_norm(exact(problem.start.theta.a))
    coupled = exact(problem.model.coupling * problem.start.theta.a)
    solved = relu_enclosed.equilibrium(coupled, arb(0.3), at.active / at.root, problem.start.z)
    reach = Box.of(problem).reach(problem.lambda_0 / 2, problem.initial_residual)
    assert coupled_certificates.explicit(at, norm, solved, reach, {}).word is Word.PROVED
    blurred = replace(at, limit=replace(at.limit, low=arb(-1)))
    assert coupled_certificates.explicit(blurred, norm, solved, reach, {}).word is Word.UNDECIDED


def test_a_reach_that_is_too_small_proves_nothing(monkeypatch):
    whole = Box.reach

    def half(box, rate, residual):
        reach = whole(box, rate, residual)
        return replace(reach, w=reach.w / 2)

    monkeypatch.setattr(Box, "reach", half)
    assert words(gao.certify_state(gao.Setting(**NEAR), None))["explicit"] is Word.UNDECIDED


def test_what_fails_is_said_to_fail():
    """Two units for each input have a small G(0), far from its limit, and gamma = 0.45 is too large."""
    setting = gao.Setting(data="sphere", width=20, samples=10, gamma=0.45)
    found = by_kind(gao.certify_state(setting, None))
    for kind, says in (("gram", "fails"), ("coupling", "fails"), ("gram-distance", "> lambda_0/4")):
        assert found[kind].word is Word.PROVED
        assert says in found[kind].statement
    assert "weights-near" not in found  # its premise fails


def test_gao_at_a_later_time():
    theta = gao_problem().start.theta
    parameters = {"A": theta.a, "W": 1.01 * theta.w, "u": theta.u, "v": theta.v}
    found = by_kind(gao.certify_state(gao.Setting(**NEAR), parameters))
    assert found["gram"].claim == "G-L3.5.i"
    assert found["gram"].word is found["equilibrium"].word is Word.PROVED
    assert not {"gram-distance", "weights-near", "coupling", "explicit"} & found.keys()


def test_a_wide_network_is_told_what_to_type(monkeypatch):
    monkeypatch.setattr(coupled_certificates, "LARGEST_COUPLING", 50)
    found = by_kind(gao.certify_state(gao.Setting(**NEAR), None))["equilibrium"]
    assert found.word is Word.UNDECIDED
    assert "--width 50 or less" in found.advice


@pytest.mark.parametrize("start", [{}, {"init": "paper", "labels": "data"}])
def test_what_the_suite_computes_of_ling_is_enclosed(start):
    setting = ling.Setting(**LING, **start)
    problem, found = ling.build(setting), list(ling.certify_state(setting, None))
    assert set(words(found).values()) == {Word.PROVED, Word.IDENTITY}
    of = by_kind(found)
    holds(of["equilibrium-kernel"].found["lambda_star"], problem.lambda_star, 1e-12)
    holds(of["plain-gram"].found["norm"], problem.norms[0], 1e-12)
    holds(of["plain-gram"].found["gram"], problem.lambda_0, 1e-8, 1e-10)
    ratios = of["condition-1"].found["ratios"]
    for part, value in problem.condition.items():
        holds(ratios[f"{part} with 8" if part == "(9)" else part], value, 1e-5, 1e-6)
    holds(ratios["(9) as printed"], 2 * problem.condition["(9)"], 1e-5, 1e-6)
    assert ("fails" in of["condition-1"].statement) is bool(start)


def test_noise_proves_nothing_of_ling(monkeypatch):
    propose_badly(monkeypatch, noise)
    found = words(ling.certify_state(ling.Setting(**LING), None))
    assert found["equilibrium-kernel"] is found["condition-1"] is Word.UNDECIDED
    assert "plain-gram" not in found  # nothing is known to contract


def test_ling_at_a_later_time():
    setting = ling.Setting(**LING)
    theta = ling.build(setting).start.theta
    whole = {"W": theta.a, "U": theta.w, "a": theta.u}
    for share, says in ((0.9, "> lambda_0/2"), (0.5, "fails")):
        found = by_kind(ling.certify_state(setting, {**whole, "U": share * theta.w}))["plain-gram"]
        assert found.claim == "L-T1"
        assert found.word is Word.PROVED
        assert says in found.statement
    found = by_kind(ling.certify_state(setting, {**whole, "W": 2 * theta.a}))
    assert found["condition-1"].word is Word.UNDECIDED


NAMED = {"name": "x", "theorem": "t", "claim": "c", "statement": "s", "sizes": {}}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_all_ones_matrix_and_not_the_identity(seed):
    """G-L3.1 for three patterns of gates."""
    made = partial(relu_identities.output_dynamics, m=12, d=3, n=3, skip=True)
    assert certified(made, **NAMED, seed=seed).word is Word.IDENTITY
    assert certified(partial(made, beside=identity_matrix), **NAMED, seed=seed).word is Word.DISPROVED


FALSE = {
    "a kernel without the features": ("gram", lambda n, f, name: f(n, "p" if name == "phi" else name)),
    "a kernel of C for P": ("gram", lambda n, f, name: f(n, "c" if name == "p" else name)),
    "dW without its residuals' sign": ("gradients", lambda n, f: _flipped(f(n))),
}


def _flipped(parts):
    first, second, *others = parts
    return first, second - second - second, *others


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("what", FALSE)
def test_a_false_kernel_is_refuted(monkeypatch, what, skip):
    method, change = FALSE[what]
    if not skip and "features" in what:
        pytest.skip("there is no such term without v")
    original = getattr(relu_identities.Network, method)
    monkeypatch.setattr(relu_identities.Network, method, lambda self, *args: change(self, original, *args))
    found = [c.word for c in relu_identities.dynamics("t", ("a", "b"), 6, 3, 3, skip=skip)]
    if what == "a kernel of C for P" and not skip:
        assert found == [Word.IDENTITY, Word.IDENTITY]  # C = P where features are W x
    else:
        assert found[1] is Word.DISPROVED


def test_large_sizes_are_tested_at_smaller_ones():
    found = next(relu_identities.dynamics("t", ("a", "b"), 10_000, 3, 2, skip=True))
    assert found.given["sizes"] == {"m": relu_identities.LARGEST_WIDTH, "d": 3, "n": 2}
    assert f"m = {relu_identities.LARGEST_WIDTH}, d = 3, n = 2" in found.statement
