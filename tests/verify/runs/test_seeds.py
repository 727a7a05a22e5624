"""Seeds and intervals."""

import pytest
from scipy.stats import binom

import theorems
from verify.numerics.statistics import proportion_interval
from verify.runs.seeds import run_seeds
from verify.theorem.settings import make_setting


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (98, 100)])
def test_the_interval_of_a_proportion_inverts_the_binomial_tails(k, n):
    low, high = proportion_interval(k, n)
    if k > 0:
        assert binom.sf(k - 1, n, low) == pytest.approx(0.025, rel=1e-6)
    if k < n:
        assert binom.cdf(k, n, high) == pytest.approx(0.025, rel=1e-6)
    assert 0 <= low <= k / n <= high <= 1


def test_seeds_are_counted_claim_by_claim():
    theorem = theorems.load("linear-rate")
    setting = make_setting(theorem, {"width": 4, "outputs": 2, "data": "synthetic", "seed": 3})
    record = run_seeds(theorem, setting, 4).record
    assert record.verdict == "VERIFIED"
    assert "--seed 3 " in record.command
    assert record.command.endswith("--seeds 4")
    assert [claim.id for claim in record.claims] == [claim.id for claim in theorem.CLAIMS.claims]
    for claim in record.claims:
        silent = claim.id == "K-T1.tight"  # it is about aligned labels
        assert (claim.seeds.verified, claim.seeds.drawn) == (0 if silent else 4, 4)
        assert claim.seeds.interval == pytest.approx((0, 0.602) if silent else (0.398, 1), abs=1e-3)


def test_a_draw_that_fails_shows_in_the_count():
    """Some starts lie outside a small radius: the theorem is silent there and says so."""
    theorem = theorems.load("linear-rate")
    options = {
        "width": 3,
        "loss": "logistic",
        "data": "synthetic",
        "radius": 4.0,
        "horizon": 0.1,
        "points": 9,
    }
    record = run_seeds(theorem, make_setting(theorem, options), 6).record
    counted = {claim.id: claim.seeds.verified for claim in record.claims}
    assert record.verdict == "NOT_APPLICABLE"
    assert 0 < counted["K-T1"] < 6
    assert counted["K-P1"] == counted["K-NC"] == 6, "they do without the radius"
