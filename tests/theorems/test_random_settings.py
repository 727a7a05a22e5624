"""Settings drawn over every option: never VIOLATED, never ERROR, never VERIFIED without a comparison."""

from functools import cache

import pytest
import threadpoolctl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import theorems
from verify.runs.judged import laws_of
from verify.runs.run import run_theorem
from verify.theorem.errors import InputError
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict

SHARED = {
    "width": st.integers(1, 7),
    "samples": st.integers(2, 12),
    "gamma": st.floats(0.01, 0.99),
    "tau": st.none() | st.just(0.0) | st.floats(1e-3, 10),
    "data": st.sampled_from(["digits", "synthetic"]),
    "horizon": st.none() | st.floats(1e-3, 1e2),
    "points": st.integers(9, 25),
    "integrator": st.sampled_from(["cvode", "cvode", "cvode", "runge-kutta", "descent"]),
    "rtol": st.sampled_from([1e-3, 1e-4, 1e-6, 1e-8, 1e-10]),
    "seed": st.integers(0, 2**32 - 1),
}

RADIUS = st.just("auto") | st.floats(0.1, 10)

LINEAR_RATE = st.fixed_dictionaries(
    SHARED
    | {
        "outputs": st.none() | st.integers(1, 4),
        "loss": st.sampled_from(["square", "logistic", "cross-entropy", "hinge"]),
        "radius": RADIUS,
        "labels": st.sampled_from(["data", "data", "aligned"]),
        "alignment": st.sampled_from([1e-6, 1e-4, 0.0015]) | st.floats(0.01, 1),
    }
)

TRUST_REGION = st.fixed_dictionaries(SHARED | {"loss": st.sampled_from(["square", "logistic"])})

RELU = st.fixed_dictionaries(
    {
        "width": st.integers(2, 60),
        "samples": st.integers(2, 12),
        "data": st.sampled_from(["digits", "sphere"]),
        "gamma": st.none() | st.floats(0.01, 0.9),
        "labels": st.sampled_from(["data", "aligned"]),
        "alignment": st.floats(1e-3, 1),
        "horizon": st.none() | st.floats(1e-3, 1e2),
        "points": st.integers(9, 21),
        "tolerance": st.floats(3e-3, 0.1),
        "step": st.none() | st.floats(1e-8, 1),
        "dtype": st.sampled_from(["float64", "float64", "float32"]),
        "seed": st.integers(0, 2**32 - 1),
    }
)

LING = st.fixed_dictionaries(
    {
        "width": st.integers(2, 80),
        "samples": st.integers(1, 8),
        "data": st.sampled_from(["sphere", "sphere", "digits"]),
        "sigma_w": st.floats(0.01, 0.36),
        "init": st.sampled_from(["small", "paper"]),
        "labels": st.sampled_from(["near", "data"]),
        "distance": st.none() | st.floats(1e-6, 10),
        "step": st.none() | st.floats(1e-8, 1),
        "epochs": st.integers(1, 60),
        "horizon": st.none() | st.floats(1e-4, 1),
        "points": st.integers(9, 21),
        "tolerance": st.floats(1e-4, 0.1),
        "seed": st.integers(0, 2**32 - 1),
    }
)

LINEAR_DEQ = st.fixed_dictionaries(
    {
        "width": st.integers(1, 6),
        "samples": st.integers(2, 12),
        "outputs": st.none() | st.integers(1, 3),
        "data": st.sampled_from(["synthetic", "digits"]),
        "loss": st.sampled_from(["square", "logistic", "cross-entropy", "hinge"]),
        "tau": st.floats(1e-3, 10),
        "labels": st.sampled_from(["data", "data", "aligned"]),
        "smallest": st.floats(1e-3, 1),
        "horizon": st.none() | st.floats(1e-3, 1e2),
        "points": st.integers(9, 25),
        "rtol": st.sampled_from([1e-7, 1e-8, 1e-9, 1e-10]),
        "seed": st.integers(0, 2**32 - 1),
    }
)

#: A look at every test run; the campaign behind the marker is what finds something.
GLANCE = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a failure names the command that repeats it; shrinking takes minutes
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)

CAMPAIGN = settings(GLANCE, max_examples=10)


def admissible(options):
    """Options without those that do not go with the loss: their refusal is tested elsewhere."""
    kept = dict(options)
    if kept["loss"] in ("square", "hinge"):
        del kept["tau"]
    if kept["loss"] in ("logistic", "hinge"):
        kept.pop("outputs", None)
    if kept["loss"] == "cross-entropy" and kept.get("outputs") == 1:
        kept["outputs"] = 2
    if kept["loss"] != "logistic":
        kept.pop("radius", None)
    if kept["loss"] == "logistic" and kept["horizon"] is None:  # separable data has no end
        kept["horizon"] = 100.0
    if kept["integrator"] != "cvode":  # explicit methods take long where the flow is stiff
        kept["horizon"] = min(kept["horizon"] or 0.01, 0.01) * (1 - kept["gamma"])
    if kept.get("labels") == "aligned":
        if kept["loss"] == "square" and kept["width"] >= 2:
            kept["samples"] = kept["width"]
        else:
            kept["labels"] = "data"
    return kept


@cache
def laws_of_theorem(name):
    """Laws do not depend on the setting."""
    return laws_of(theorems.load(name))


def check_run(name, options):
    theorem = theorems.load(name)
    laws = laws_of_theorem(name)
    setting = make_setting(theorem, options)
    with threadpoolctl.threadpool_limits(limits=1):
        try:
            record = run_theorem(theorem, setting, laws=laws).record
        except InputError:
            return  # descent that would take forever
    assert record.verdict not in (Verdict.VIOLATED, Verdict.ERROR), (record.error, record.command)
    for claim in record.claims:
        for check in claim.checks:
            assert check.verdict is not Verdict.VERIFIED or check.points > 0


@GLANCE
@given(LINEAR_RATE)
def test_linear_rate(options):
    check_run("linear-rate", admissible(options))


@settings(GLANCE, max_examples=2)
@given(TRUST_REGION)
def test_trust_region_newton(options):
    check_run("trust-region-newton", admissible(options))


@settings(GLANCE, max_examples=4)
@given(RELU)
def test_relu_convergence(options):
    check_run("relu-convergence", options)


@settings(GLANCE, max_examples=3)
@given(LING)
def test_ling_convergence(options):
    check_run("ling-convergence", options)


@settings(GLANCE, max_examples=1)
@given(LINEAR_DEQ)
def test_linear_deq(options):
    check_run("linear-deq", options)


@pytest.mark.campaign
@CAMPAIGN
@given(LINEAR_RATE)
def test_linear_rate_at_length(options):
    check_run("linear-rate", admissible(options))


@pytest.mark.campaign
@CAMPAIGN
@given(TRUST_REGION)
def test_trust_region_newton_at_length(options):
    check_run("trust-region-newton", admissible(options))


@pytest.mark.campaign
@CAMPAIGN
@given(RELU)
def test_relu_convergence_at_length(options):
    check_run("relu-convergence", options)


@pytest.mark.campaign
@settings(CAMPAIGN, max_examples=8)
@given(LING)
def test_ling_convergence_at_length(options):
    check_run("ling-convergence", options)


@pytest.mark.campaign
@settings(CAMPAIGN, max_examples=5)
@given(LINEAR_DEQ)
def test_linear_deq_at_length(options):
    check_run("linear-deq", options)
