"""The Markdown report, the job summary, and GitHub's annotations."""

import re
from itertools import groupby

from tests.verify.views import records
from verify.records.record import Difference
from verify.theorem.verdicts import Verdict
from verify.views.github import append_summary, error_commands
from verify.views.markdown import markdown, plain, summary

MOVED = Difference("linear-rate  rate measured", "2.9", "3.1", "0.001")


def test_plain_text_stays_plain():
    assert plain("a|b") == r"a\|b"
    assert plain("<b> *x* lambda_min(D_t) _y_\nz") == r"&lt;b&gt; \*x\* lambda_min(D_t) \_y\_ z"


def test_rows_of_a_hostile_record_keep_their_columns():
    for text in (markdown(records.hostile()), summary([records.hostile()], [MOVED])):
        assert "<script>" not in re.sub(r"^    .*$", "", text, flags=re.MULTILINE)  # code is code
        for is_table, lines in groupby(text.splitlines(), key=lambda line: line.startswith("|")):
            if is_table:
                assert len({len(re.findall(r"(?<!\\)\|", row)) for row in lines}) == 1


def test_the_summary_shows_verdicts_numbers_commands_and_what_moved():
    made = records.record(("A", Verdict.VERIFIED, True), ("B", Verdict.VIOLATED, True))
    text = summary([made], [MOVED])
    assert text.startswith("## ✗ verify: VIOLATED, differs from the reference")
    assert "1 of 2" in text
    assert "measured -30.25, expected <= -30.5" in text
    assert "some-theorem, B" in text
    assert "some-theorem, A" not in text
    assert "| linear-rate rate measured | 2.9 | 3.1 | 0.001 |" in text


def test_the_summary_is_appended_where_the_job_says(tmp_path):
    made = records.record(("A", Verdict.VERIFIED, True))
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    append_summary([made], {"GITHUB_STEP_SUMMARY": str(page)})
    assert page.read_text().startswith("before\n## ✓ verify: VERIFIED")
    append_summary([made], {})


def test_annotations_are_one_escaped_line_each_and_only_on_github():
    made = records.hostile()
    assert list(error_commands([made], {})) == []
    lines = list(error_commands([made], {"GITHUB_ACTIONS": "true"}, [MOVED]))
    assert len(lines) == 3  # the run, the claim, what moved
    for line in lines:
        assert re.match(r"::error title=[^:,\r\n]*::[^\r\n]*$", line)
        assert not re.search(r"%(?!25|0D|0A|3A|2C)", line)
    assert "measured -30.25" in lines[1]


def test_claims_that_do_not_count_are_not_annotated():
    made = records.record(("A", Verdict.VERIFIED, True), ("B", Verdict.INCONCLUSIVE, False))
    assert list(error_commands([made], {"GITHUB_ACTIONS": "true"})) == []
