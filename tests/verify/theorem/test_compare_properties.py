"""Whatever is compared: never a traceback, never VERIFIED without a point, a number, or a sound margin."""

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from verify.records.record import claim_records, overall_verdict
from verify.theorem.claims import Claim, claim_verdict, theorem_verdict
from verify.theorem.compare import Check, at_least, at_most, equal
from verify.theorem.verdicts import Verdict

NUMBERS = st.floats(width=32) | st.sampled_from([0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])
RANDOM = settings(max_examples=500, deadline=None, derandomize=True, phases=[Phase.generate])


@st.composite
def comparisons(draw):
    points = draw(st.integers(0, 4))
    column = st.lists(NUMBERS, min_size=points, max_size=points).map(np.array)
    return {
        "relation": draw(st.sampled_from(["<=", ">=", "="])),
        "measured": draw(column),
        "bound": draw(column | NUMBERS),
        "budget": draw(st.dictionaries(st.sampled_from(["a", "b"]), column | NUMBERS, max_size=2)),
        "undecided": draw(st.booleans()),
        "resolution": draw(st.none() | st.floats(1e-6, 1.0)),
    }


def compared(relation, measured, bound, budget, undecided, resolution):
    how = {"budget": budget, "undecided": undecided}
    if relation == "=":
        return equal("quantity", measured, bound, resolution=resolution or 1.0, **how)
    check = {"<=": at_most, ">=": at_least}[relation]
    return check("quantity", measured, bound, attained=resolution, **how)


@RANDOM
@given(comparisons())
def test_verified_means_compared_and_within_the_budget(how):
    with np.errstate(over="ignore", invalid="ignore"):
        check = compared(**how)
    if how["measured"].size == 0:
        assert check.verdict is Verdict.ERROR
    if check.verdict is not Verdict.VERIFIED:
        return
    assert check.points == how["measured"].size > 0
    assert not np.isnan([check.measured, check.bound, check.slack, check.budget]).any()
    for part in how["budget"].values():
        assert np.all(np.isfinite(part) & (np.asarray(part) >= 0))
    budget = sum(np.asarray(part) for part in how["budget"].values())
    with np.errstate(invalid="ignore"):
        slack = {
            "<=": how["bound"] - how["measured"],
            ">=": how["measured"] - how["bound"],
            "=": -np.abs(how["measured"] - how["bound"]),
        }[how["relation"]]
    assert np.all(slack >= -budget)
    if how["resolution"] is None and how["relation"] != "=" and not how["undecided"]:
        assert np.all(slack > budget)


@RANDOM
@given(
    st.lists(st.booleans(), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(list(Verdict))), max_size=6),
)
def test_a_theorem_is_verified_only_if_every_required_claim_was_compared(required, drawn):
    claims = [Claim(str(i), "text", "source", "step", one) for i, one in enumerate(required)]
    checks = [
        Check("quantity", verdict, points=int(verdict is Verdict.VERIFIED), claim=str(i))
        for i, verdict in drawn
        if i < len(claims)
    ]
    records = claim_records(claims, checks)
    verdict = overall_verdict(claims, records)
    assert verdict is theorem_verdict(claims, {record.id: record.verdict for record in records})
    if verdict is Verdict.VERIFIED:
        for claim, record in zip(claims, records, strict=True):
            assert record.checks
            if claim.required:
                assert sum(check.points for check in record.checks) > 0
    assert claim_verdict([]) is Verdict.ERROR
