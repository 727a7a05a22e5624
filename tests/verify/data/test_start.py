"""Start files: the same numbers as without one, and one line for each that cannot be used."""

import numpy as np
import pytest

from theorems import linear_deq
from theorems.kawaguchi_2021 import linear_rate, trust_region_newton
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.settings import make_setting

OPTIONS = {"width": 4, "points": 9}


def drawn(theorem):
    """The problem of a seed, and its parameters by name."""
    problem = theorem.build(make_setting(theorem, OPTIONS))
    if theorem is linear_deq:
        A, M = problem.at(problem.S)[:2]
        return problem, {"A": A, "M": M}
    of = problem.model if theorem is trust_region_newton else problem
    A, B = of.model.unpack(of.theta)
    return problem, {"A": A, "B": B}


def build(theorem, path, **options):
    return theorem.build(make_setting(theorem, {"points": 9, "start": str(path), **options}))


@pytest.mark.parametrize("theorem", [linear_rate, trust_region_newton, linear_deq])
def test_a_drawn_start_gives_the_same_numbers_from_a_file(tmp_path, theorem):
    problem, arrays = drawn(theorem)
    np.savez(tmp_path / "a.npz", **arrays)
    again = dict(build(theorem, tmp_path / "a.npz").effective)
    assert again.pop("start").startswith("sha256:")
    if theorem is linear_deq:  # sigma_min(M) is then found by its inverse
        name = "sigma_min(M)"
        assert again.pop(name) == pytest.approx(problem.effective[name], rel=1e-12)
    assert again.items() <= problem.effective.items()


GOOD = {"A": np.eye(3), "B": np.ones((2, 3))}


@pytest.mark.parametrize(
    ("arrays", "options", "named"),
    [
        ({"A": np.eye(3)}, {}, "no array `B`"),
        ({**GOOD, "A": np.ones((3, 4))}, {}, r"should be `A` \(m, m\)"),
        ({**GOOD, "B": np.ones(3)}, {}, r"should be `A` \(m, m\)"),
        ({**GOOD, "B": np.ones((0, 3))}, {}, r"should be `A` \(m, m\)"),
        ({**GOOD, "A": np.full((3, 3), np.nan)}, {}, "NaN"),
        ({**GOOD, "A": 1j * np.eye(3)}, {}, "complex128"),
        ({**GOOD, "A": np.array([[None] * 3] * 3)}, {}, "object"),
        ({**GOOD, "B": np.full((2, 3), 1e40)}, {}, "divide `B`"),
        ({"A": np.ones((5, 3, 3)), "B": np.ones((5, 2, 3))}, {}, r"A=f\['A'\]\[-1\], B=f\['B'\]\[-1\]"),
        (GOOD, {"width": 4}, "--width 4: .* has 3: use --width 3"),
        (GOOD, {"outputs": 3}, "--outputs 3: .* has 2"),
        (GOOD, {"loss": "logistic"}, "give a file of other sizes"),
        ({**GOOD, "features": np.ones((3, 5))}, {}, "only one of"),
        ({**GOOD, "features": np.ones((3, 5)), "targets": np.ones((2, 5))}, {"data": "digits"}, "--data out"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, arrays, options, named):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=named) as caught:
        build(linear_rate, tmp_path / "a.npz", **options)
    assert "\n" not in str(caught.value)


def test_outputs_that_the_data_do_not_have_are_refused(tmp_path, rng):
    np.savez(tmp_path / "a.npz", **GOOD)
    np.savez(tmp_path / "data.npz", x=rng.standard_normal((9, 5)), y=rng.standard_normal((9, 3)))
    named = r"a.npz has 2 outputs: .*data.npz has 3; give a start with as many, or other --data"
    with pytest.raises(InputError, match=named):
        build(linear_rate, tmp_path / "a.npz", data=str(tmp_path / "data.npz"))


def test_what_is_no_npz_is_refused(tmp_path):
    (tmp_path / "a.npz").write_text("A")
    for name in ("a.npz", "b.npz", "."):
        with pytest.raises(InputError, match="--start takes"):
            build(linear_rate, tmp_path / name)


def test_features_and_targets_are_used_as_they_are(tmp_path, rng):
    data = {"features": rng.standard_normal((3, 7)), "targets": rng.standard_normal((2, 7))}
    np.savez(tmp_path / "a.npz", **GOOD, **data)
    problem = build(linear_rate, tmp_path / "a.npz")
    assert np.array_equal(problem.features, data["features"])
    assert np.array_equal(problem.targets, data["targets"])
    assert linear_rate.cost(make_setting(linear_rate, {"start": str(tmp_path / "a.npz")})).seconds > 0


def test_a_singular_m_leaves_no_w_and_its_options_are_of_a_draw(tmp_path):
    np.savez(tmp_path / "a.npz", A=np.ones((2, 3)), M=np.ones((2, 2)))
    with pytest.raises(HypothesisError, match="--start"):
        build(linear_deq, tmp_path / "a.npz")
    for options in ({"smallest": 0.2}, {"labels": "aligned"}):
        with pytest.raises(InputError, match="leave one out"):
            build(linear_deq, tmp_path / "a.npz", **options)
