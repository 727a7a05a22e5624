"""Pages for a terminal: one line a claim, nothing wider than the terminal, nothing that it cannot show."""

from io import BytesIO, TextIOWrapper

import pytest
from rich.console import Console

from tests.verify.views.records import every_verdict, hostile, record
from verify.records.record import Comparison, Draw, Seeds
from verify.theorem.verdicts import Verdict
from verify.views.terminal import Page, console


def shown(make, encoding="utf-8", width=80):
    """What a page prints on a console of that encoding and width."""
    stream = TextIOWrapper(BytesIO(), encoding=encoding)
    page = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    page.print(make(Page(page)))
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_nothing_is_wider_than_the_terminal(width, verbose, encoding):
    text = shown(lambda page: page.result(every_verdict(), verbose), encoding, width)
    assert max(map(len, text.splitlines())) <= width
    for claim in every_verdict().claims:
        assert claim.id in text


def test_a_claim_is_a_line_with_its_verdict_and_how_close_it_came():
    found = record(("A", Verdict.VERIFIED, True), ("B", Verdict.VIOLATED, True))
    (line,) = [line for line in shown(lambda page: page.result(found)).splitlines() if line[9:11] == "B "]
    assert line.startswith("VIOLATED B")
    assert line.endswith("-4 budgets")


def test_a_claim_for_other_settings_is_named_in_one_line_and_explained_with_v():
    found = record(("A", Verdict.VERIFIED, True), ("B", Verdict.NOT_APPLICABLE, False))
    text = shown(lambda page: page.result(found))
    assert "for other settings: B (-v says which)" in text
    assert "NOT_APPLICABLE" not in text
    assert "why it is NOT_APPLICABLE" in shown(lambda page: page.result(found, True))


def test_brackets_are_no_markup():
    made = record(("A", Verdict.VIOLATED, True))
    check = made.claims[0].checks[0].model_copy(update={"quantity": "||x[0]|| [/red] [bold]"})
    claim = made.claims[0].model_copy(update={"checks": [check], "text": "[/red] f[i] <= 1"})
    found = made.model_copy(update={"claims": [claim]})
    for verbose in (False, True):
        assert "[/red]" in shown(lambda page, verbose=verbose: page.result(found, verbose), "ascii")
    assert "[bold]" in shown(lambda page: page.result(found, True), "ascii")


def test_mathematics_is_unicode_where_it_can_be_and_ascii_where_not():
    made = record(("A", Verdict.VERIFIED, True))
    claim = made.claims[0].model_copy(update={"text": "lambda_min(D) >= 1/2"})
    found = made.model_copy(update={"claims": [claim]})
    assert "λ_min(D) ≥ ½" in shown(lambda page: page.result(found))
    assert "lambda_min(D) >= 1/2" in shown(lambda page: page.result(found), "ascii")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_hostile_records_are_shown(encoding):
    try:
        assert "alert(1)" in shown(lambda page: page.result(hostile(), True), encoding)
    except UnicodeEncodeError:
        pytest.fail("a character of the suite's own is not ASCII")


def test_draws_show_their_spread_and_the_one_to_look_at():
    made = record(("A", Verdict.VERIFIED, True))
    claim = made.claims[0].model_copy(update={"seeds": Seeds(verified=3, drawn=3, interval=(0.292, 1.0))})
    draws = [
        Draw(
            seed=seed,
            verdict=Verdict.VERIFIED,
            rates={"tightness": 1.0 + seed},
            slack={"A": 30.0 - 10 * seed},
            command=f"verify theorem some-theorem --seed {seed}",
        )
        for seed in range(3)
    ]
    text = shown(lambda page: page.seeds(made.model_copy(update={"claims": [claim], "draws": draws})))
    assert "tightness: least 1, median 2, largest 3" in text
    assert "closest to failing: verify theorem some-theorem --seed 2" in text
    assert "3 of 3 0.292-1.000" in text
    assert "+10" in text


def test_a_comparison_that_passes_says_so():
    passed = Comparison(reference="results/reference", compared=5857, differences=[])
    text = shown(lambda page: page.compared(passed))
    assert "compared with results/reference: 5857 numbers and texts, nothing moved" in text


def test_columns_count_in_a_pipe_too(monkeypatch):
    monkeypatch.setenv("COLUMNS", "64")
    assert console().width == 64
    monkeypatch.setenv("COLUMNS", "500")
    assert console().width == 120
