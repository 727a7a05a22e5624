"""Runs from a start file: those of the same start drawn, less what is said of draws; what cannot be used."""

from dataclasses import replace

import numpy as np
import pytest

from theorems import gao_2022, ling_2023
from theorems.gao_2022.flow import u_printed
from theorems.gao_2022.network import moves
from theorems.kawaguchi_2021 import linear_rate
from theorems.ling_2023.path import pictures
from theorems.ling_2023.problem import Constants, fitting_delta
from verify.runs.run import run_theorem
from verify.theorem.compare import at_most
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.judgement import is_law
from verify.theorem.protocol import silent
from verify.theorem.settings import make_setting

#: Small runs, and the names of their arrays in the order of the parameters.
GAO = {"data": "sphere", "samples": 3, "width": 100, "points": 9, "tolerance": 1e-3}
LING = {"samples": 3, "width": 60, "points": 9, "epochs": 40}
NAMES = {gao_2022: "AWuv", ling_2023: "WUa"}

#: What each says of draws alone.
OF_DRAWS = {
    gao_2022: {"G-A1", "G-L2.1", "G-L3.5.ii", "G-L3.5.iii", "G-L3.6.u", "G-L3.6.v"},
    ling_2023: {"L-A1", "L-1.here", "L-T2"},
    linear_rate: set(),
}


def built(theorem, options):
    return theorem.build(make_setting(theorem, options))


def saved(folder, theorem, theta, **spoiled):
    """A start file with these parameters, of which some are `spoiled`."""
    path = folder / "start.npz"
    np.savez(path, **dict(zip(NAMES[theorem], theta.parts.values(), strict=True)) | spoiled)
    return str(path)


def of_file(options, path):
    return {name: value for name, value in options.items() if name != "width"} | {"start": path}


def run(theorem, options):
    """A run's record without the laws, which take seconds and know of no start."""
    left_out = {
        statement.claim.id: [at_most("left out", 0, 1, budget={})]
        for statement in theorem.CLAIMS
        if is_law(statement)
    }
    return run_theorem(theorem, make_setting(theorem, options), laws=left_out).record


def judged_alike(theorem, drawn, given):
    """Both runs' records, of which every comparison agrees but those of draws; and these are silent."""
    first, again = run(theorem, drawn), run(theorem, given)
    for old, new in zip(first.claims, again.claims, strict=True):
        of_draws = old.id in OF_DRAWS[theorem]
        assert new.required == (old.required and not of_draws)
        silenced = [check for check in new.checks if check.measured is None and "--start" in check.message]
        assert bool(silenced) == of_draws, new.id
        assert new.verdict == "NOT_APPLICABLE" if of_draws else len(new.checks) == len(old.checks)
        compared = [check for check in new.checks if check not in silenced]
        # Where some comparisons are of draws they come before the others.
        for check, match in zip(compared, old.checks[len(old.checks) - len(compared) :], strict=True):
            numbers = (check.verdict, check.measured, check.bound, check.budget)
            assert numbers == (match.verdict, match.measured, match.bound, match.budget), (old.id, check)
    assert again.effective["start"].startswith("sha256:")
    return first, again


def test_relu_convergence_from_the_file_of_a_draw_is_verified_with_its_numbers(tmp_path):
    path = saved(tmp_path, gao_2022, built(gao_2022, GAO).start.theta)
    first, again = judged_alike(gao_2022, GAO, of_file(GAO, path))
    assert first.verdict == again.verdict == "VERIFIED"
    assert gao_2022.cost(make_setting(gao_2022, of_file(GAO, path))) == gao_2022.cost(
        make_setting(gao_2022, GAO)
    )


@pytest.mark.parametrize(
    ("drawn", "given", "verdict"),
    [
        ({}, {"init": "small"}, "VERIFIED"),
        ({"init": "paper", "labels": "data"}, {"labels": "data"}, "NOT_APPLICABLE"),
    ],
)
def test_ling_convergence_from_the_file_of_a_draw_has_its_numbers(tmp_path, drawn, given, verdict):
    path = saved(tmp_path, ling_2023, built(ling_2023, LING).whole[0].theta)
    first, again = judged_alike(ling_2023, LING | drawn, of_file(LING, path) | given)
    assert first.verdict == again.verdict == verdict
    assert not any("paper's own" in note for note in again.notes)
    assert ling_2023.cost(make_setting(ling_2023, of_file(LING, path))) == ling_2023.cost(
        make_setting(ling_2023, LING)
    )


def test_ling_convergence_is_verified_from_a_small_a_as_it_is(tmp_path):
    """Of a file a is not scaled, but delta is found that suits it; that of the draw."""
    drawn = built(ling_2023, LING)
    options = of_file(LING, saved(tmp_path, ling_2023, drawn.start.theta))
    problem = built(ling_2023, options)
    assert np.array_equal(problem.start.theta.u, drawn.start.theta.u)
    assert problem.constants.delta == pytest.approx(drawn.constants.delta, rel=1e-9)
    assert run(ling_2023, options).verdict == "VERIFIED"
    path = ling_2023.integrate(problem, silent)
    shown = pictures(problem, path)
    assert set(shown) == {"flow", "given"}
    titles = [axes.get_title() for figure in shown.values() for axes in figure.axes]
    assert not any("paper" in title for title in titles)


def test_delta_suits_an_a_wherever_one_does():
    """(9) holds with room to spare, with less than `MARGIN` of it, or for no delta."""
    norms, inputs, lambda_0 = (0.4, 9.0), 10.0, 50.0
    hardest = Constants.of(norms, 1.0, inputs, 0.0).ninth(lambda_0) ** 0.5  # of ||a|| = 1 at delta = 0

    def left(readout):
        delta = fitting_delta(norms, readout, inputs, lambda_0, scaled=False)
        return Constants.of(norms, readout, inputs, delta).ninth(lambda_0), delta

    assert left(hardest / 100)[0] == pytest.approx(2.0)
    assert 1 < left(hardest / 1.2)[0] < 1.44
    assert left(hardest * 1.1)[1] == pytest.approx(0.06)


def test_linear_rate_from_the_file_of_a_draw_has_its_numbers(tmp_path):
    options = {"width": 4, "outputs": 2, "samples": 12, "points": 9}
    problem = built(linear_rate, options)
    A, B = problem.model.unpack(problem.theta)
    np.savez(tmp_path / "start.npz", A=A, B=B)
    given = {"samples": 12, "points": 9, "start": str(tmp_path / "start.npz")}
    first, again = judged_alike(linear_rate, options, given)
    assert first.verdict == again.verdict == "VERIFIED"


def test_what_would_be_false_of_a_start_that_is_no_draw_is_not_said(tmp_path):
    """u and v a hundred times smaller than signs do not exceed the printed bounds that signs exceed."""
    theta = built(gao_2022, GAO).start.theta
    path = saved(tmp_path, gao_2022, theta, u=theta.u / 100, v=theta.v / 100)
    assert run(gao_2022, of_file(GAO, path)).verdict == "VERIFIED"
    problem = built(gao_2022, of_file(GAO, path))
    printed, _ = u_printed(problem, gao_2022.integrate(problem, silent))
    assert printed.verdict == "VIOLATED"


def test_budgets_follow_the_size_of_a_start(tmp_path):
    theta = built(gao_2022, GAO).start.theta
    drawn = built(gao_2022, GAO)
    large = built(gao_2022, of_file(GAO, saved(tmp_path, gao_2022, theta, W=100 * theta.w, A=100 * theta.a)))
    assert large.size == pytest.approx(100 * drawn.size, rel=0.01)
    assert large.gram_error > 1e3 * drawn.gram_error
    (one, *_), (other, *_) = (
        list(moves(problem, gao_2022.integrate(problem, silent))) for problem in (drawn, large)
    )
    assert one.verdict == other.verdict == "VERIFIED"
    assert other.budget_parts["rounding of the move"] > 50 * one.budget_parts["rounding of the move"]


def test_a_start_that_fails_says_nothing_of_open_constants(tmp_path):
    """Of W ten times as large lambda_0/n^2 is too long a step; of W ten times smaller G(0) is too small."""
    theta = built(gao_2022, GAO).start.theta
    messages = {}
    for factor in (10, 0.1):
        options = of_file(GAO, saved(tmp_path, gao_2022, theta, W=factor * theta.w))
        record = run(gao_2022, options)
        assert record.verdict == "NOT_APPLICABLE"
        found = {(factor, claim.id): check.message for claim in record.claims for check in claim.checks[:1]}
        messages |= found
        assert not any("must exceed" in message for message in found.values())
    assert "--start is none: this says nothing of C" in messages[10, "G-T3.2"]
    assert "but of --start: this says nothing of C" in messages[10, "G-L3.3"]
    assert "give --start another W" in messages[0.1, "G-start"]


@pytest.mark.parametrize(
    ("theorem", "spoil", "error", "named"),
    [
        (
            gao_2022,
            {"W": np.ones((100, 3))},
            InputError,
            "`W` for inputs of 3 entries; those of sphere have 20",
        ),
        (gao_2022, {"u": np.ones(99)}, InputError, r"should be `A` \(m, m\) and `W` \(m, d\) and `u` \(m,\)"),
        (gao_2022, {"v": np.ones((7, 100))}, InputError, r"v=f\['v'\]\[-1\]"),
        (gao_2022, {"W": np.zeros((100, 20))}, HypothesisError, "excites none .* give --start another W"),
        (gao_2022, {"A": np.zeros((100, 100))}, HypothesisError, "at its kink .* give --start weights"),
        (ling_2023, {"U": np.ones((60, 3))}, InputError, "`U` for inputs of 3 entries"),
        (ling_2023, {"W": 2 * np.eye(60)}, HypothesisError, r"\|\|W\(0\)\|\| = 2 .* --start a smaller W"),
        (ling_2023, {"W": (1 - 1e-9) * np.eye(60)}, HypothesisError, "give --start a smaller W"),
        (ling_2023, {"U": np.zeros((60, 20))}, HypothesisError, "lambda_0 is 0 .* give --start another U"),
    ],
)
def test_a_start_that_cannot_be_used_says_what_to_change(tmp_path, theorem, spoil, error, named):
    options = {gao_2022: GAO, ling_2023: LING}[theorem]
    path = saved(tmp_path, theorem, built(theorem, options).start.theta, **spoil)
    with pytest.raises(error, match=named) as caught:
        built(theorem, of_file(options, path))
    assert "\n" not in str(caught.value)


def test_units_without_weights_are_at_their_kinks(tmp_path):
    theta = built(ling_2023, LING).start.theta
    path = saved(tmp_path, ling_2023, replace(theta, a=theta.a * (np.arange(60) != 7)[:, None]))
    assert built(ling_2023, of_file(LING, path)).given  # a row of W alone is none
    w, u = (part * (np.arange(60) != 7)[:, None] for part in (theta.a, theta.w))
    with pytest.raises(HypothesisError, match="unit 7 is at its kink on input 0"):
        built(ling_2023, of_file(LING, saved(tmp_path, ling_2023, replace(theta, a=w, w=u))))


def test_options_of_a_draw_are_refused_beside_a_start(tmp_path):
    path = saved(tmp_path, ling_2023, built(ling_2023, LING).start.theta)
    with pytest.raises(InputError, match="--sigma-w says how .* leave one out"):
        built(ling_2023, of_file(LING, path) | {"sigma_w": 0.1})
    with pytest.raises(InputError, match="--width 61: .* has 60: use --width 60"):
        built(ling_2023, LING | {"start": path, "width": 61})


def test_nothing_that_depends_on_a_readout_of_zeros_breaks(tmp_path):
    theta = built(ling_2023, LING).start.theta
    path = saved(tmp_path, ling_2023, theta, a=np.zeros(60))
    record = run(ling_2023, of_file(LING, path))
    assert (record.verdict, record.error) == ("VERIFIED", None)
