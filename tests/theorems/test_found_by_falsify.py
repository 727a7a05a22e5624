"""Settings in which `verify falsify` once found a false VIOLATED: error budgets that were too narrow."""

from pathlib import Path

import pytest

from theorems import catalogue
from verify.runs.judged import judge, prepare
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict

FOUND = Path(__file__).parent.parent / "data" / "found"

SETTINGS = [
    # Two kinks of one unit in one step: both were passed, and in the end neither was.
    (
        "relu-convergence",
        "G-T3.1.sharp",
        "sharp",
        {"width": 10, "samples": 2, "gamma": 0.0403954, "tolerance": 1e-2},
    ),
    # Labels along the slowest direction decay faster than their rate by 1.2%, which eps t allows.
    (
        "relu-convergence",
        "G-T3.1.lazy",
        "lazy",
        {"width": 12, "samples": 2, "gamma": 0.0714713, "labels": "aligned", "alignment": 2.10006e-05},
    ),
    # Each step may miss the residual, not all of them together once.
    (
        "relu-convergence",
        "G-N",
        "balance",
        {"width": 108, "samples": 2, "gamma": 0.0110431, "tolerance": 1e-4},
    ),
    # A gate within rounding of its kink has no sign to be differentiated by.
    (
        "ling-convergence",
        "L-2",
        "adjoint",
        {"width": 96, "samples": 4, "sigma_w": 0.21056, "distance": 12.1518},
    ),
    # lambda_min(H) jumps at kinks within a step.
    (
        "ling-convergence",
        "L-flow",
        "flow",
        {
            "width": 62,
            "samples": 3,
            "sigma_w": 0.349944,
            "init": "paper",
            "labels": "near",
            "distance": 1.66897,
        },
    ),
    # The linear and the quadratic correction of an order cancel between two steps.
    (
        "trust-region-newton",
        "K-T2.path",
        "order",
        {"width": 4, "samples": 2, "outputs": 1, "gamma": 0.321838, "horizon": 0.371526},
    ),
]


@pytest.mark.parametrize(("name", "claim", "files", "options"), SETTINGS)
def test_it_is_a_violation_no_more(name, claim, files, options):
    (theorem,) = catalogue([name], ()).theorems
    given = {
        option: str(FOUND / f"{files}-{option}.npz")
        for option in ("data", "start")
        if (FOUND / f"{files}-{option}.npz").exists()
    }
    prepared = prepare(theorem, make_setting(theorem, {"points": 9, **options, **given}), cores=1)
    assert judge(prepared, shared={}, chosen=(claim,)).verdict in (Verdict.VERIFIED, Verdict.INCONCLUSIVE)
