"""The HTML report: what stands in it, and what a browser makes of it."""

import re
from html.parser import HTMLParser

import lxml.html
import pytest
from matplotlib.figure import Figure

from tests.verify.views import chromium, records
from verify import plots
from verify.records.record import Comparison, Difference
from verify.theorem.verdicts import Verdict
from verify.views.files import write_views
from verify.views.html import html
from verify.views.markdown import markdown, report_markdown

VOID = {"meta", "link", "img", "br"}


class Outline(HTMLParser):
    """Every element with its attributes; elements must be closed in order."""

    def __init__(self, page):
        super().__init__()
        self.found, self.open = [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture
def folder(tmp_path):
    """A run directory with one picture and a report of every verdict."""
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [1, 0])
    axes.set_title("Loss under $e^{-t}$")
    plots.save({"loss": figure}, tmp_path / "figures")
    made = records.every_verdict().model_copy(
        update={"figures": ["loss.png", "gone.png"], "captions": {"loss.png": plots.panel_titles(figure)}}
    )
    write_views(tmp_path, made)
    return tmp_path


def test_everything_is_there_and_well_formed(folder):
    page = (folder / "report.html").read_text()
    outline = Outline(page)
    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("h1")) == 1
    assert all("scope" in attributes for attributes in outline.all("th"))
    assert [image["alt"] for image in outline.all("img")] == ["Loss under e⁻ᵗ"]
    assert outline.all("img")[0]["src"].startswith("data:image/svg+xml;base64,")
    assert "gone.png is not in the run" in page
    assert len(outline.all("math")) == 1
    assert "verify theorem some-theorem --seed 3" in re.sub("<[^>]*>", "", page)
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert outline.all("script") == []


def test_failed_claims_come_first_and_open_and_passed_ones_are_closed(folder):
    page = (folder / "report.html").read_text()
    claims = [a for a in Outline(page).all("details") if a.get("class", "").startswith("claim")]
    opened = [a["class"].split()[1] for a in claims if "open" in a]
    assert [a["class"].split()[1] for a in claims] == [
        *("error", "error", "violated", "violated", "not_applicable", "inconclusive"),
        *("verified", "verified", "inconclusive"),
    ]
    assert sorted(opened) == sorted([a["class"].split()[1] for a in claims if "verified" not in a["class"]])


def test_verdicts_are_words_and_marks_beside_colours(folder):
    page = (folder / "report.html").read_text()
    for verdict in Verdict:
        assert verdict.replace("_", " ") + "</span>" in page


def titles(page):
    return re.findall("<h3>(.*?)</h3>", page)


def test_the_conclusion_with_its_picture_comes_first_then_the_proof(folder):
    made = records.record(
        ("H", Verdict.VERIFIED, True),
        ("I", Verdict.VERIFIED, False),
        ("T", Verdict.VERIFIED, True),
        ("S", Verdict.VERIFIED, True),
        ("N", Verdict.NOT_APPLICABLE, False),
        kinds={"H": "hypothesis", "T": "conclusion"},
        figures=["loss.png"],
    )
    page = html(made, [folder / "figures"])
    assert titles(page)[:4] == [
        "Conclusion",
        "Hypotheses and steps of the proof",
        "Beside the theorem",
        "For other settings",
    ]
    places = [page.index(f"<strong>{claim}</strong>") for claim in "THSIN"]
    assert places == sorted(places)
    assert places[0] < page.index("<img ") < places[1]
    assert "Pictures" not in titles(page)


def test_what_failed_stands_before_the_conclusion():
    made = records.record(
        ("T", Verdict.VERIFIED, True), ("S", Verdict.VIOLATED, True), kinds={"T": "conclusion"}
    )
    page = html(made, [records.SOMEWHERE])
    assert titles(page)[:2] == ["Not verified", "Conclusion"]
    assert page.index("<strong>S</strong>") < page.index("<strong>T</strong>")


def test_a_failed_conclusion_keeps_its_picture_and_failed_steps_stand_below(folder):
    made = records.record(
        ("S", Verdict.VIOLATED, True),
        ("T", Verdict.VIOLATED, True),
        kinds={"T": "conclusion"},
        figures=["loss.png"],
    )
    document = lxml.html.fromstring(html(made, [folder / "figures"]))
    (lead,) = document.find_class("lead")
    assert len(lead.xpath(".//img")) == 1
    assert [strong.text for strong in lead.xpath(".//strong")] == ["T"]
    (remark,) = document.find_class("remark")
    assert remark.text_content() == "All claims: why it is VIOLATED"
    assert "violated" in remark.get("class")


def test_a_claim_for_other_settings_is_one_grey_line():
    made = records.record(("A", Verdict.VERIFIED, True), ("N", Verdict.NOT_APPLICABLE, False))
    silent = made.claims[1].checks[0].model_copy(update={"measured": None, "bound": None, "points": 0})
    told = made.claims[1].model_copy(update={"checks": [silent]})
    page = html(made.model_copy(update={"claims": [made.claims[0], told]}), [records.SOMEWHERE])
    line = re.search('<p class="elsewhere">(.*?)</p>', page)[1]
    assert "why it is NOT_APPLICABLE" in line
    assert 'class="claim not_applicable"' not in page


def test_one_sentence_is_said_once():
    made = records.record(*[(name, Verdict.NOT_APPLICABLE, True) for name in "ABC"])
    made = made.model_copy(update={"notes": ["why it is NOT_APPLICABLE", "another", "another"]})
    page = html(made, [records.SOMEWHERE])
    assert page.count("why it is NOT_APPLICABLE") == 1
    assert "<strong>All claims</strong>" in page
    assert page.count("another") == 1
    text = markdown(made)
    assert text.count("why it is NOT_APPLICABLE") == 1
    assert text.count("another") == 1


def test_a_message_of_several_checks_is_said_once():
    made = records.record(("A", Verdict.VIOLATED, True))
    claim = made.claims[0].model_copy(update={"checks": [made.claims[0].checks[0]] * 3})
    page = html(made.model_copy(update={"claims": [claim]}), [records.SOMEWHERE])
    assert page.count("why it is VIOLATED") == 1


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        (("VERIFIED", "VERIFIED"), "the printed form fails here, the repaired one holds"),
        (("VIOLATED", "VERIFIED"), "the printed form does not fail here, the repaired one holds"),
        (("VERIFIED", "VIOLATED"), "the printed form fails here, the repaired one fails"),
        (("VERIFIED",), "the refuted form fails here"),
    ],
)
def test_errata_say_in_words_what_came_of_the_printed_form(verdicts, words):
    made = records.record(("E", Verdict.VERIFIED, True), kinds={"E": "erratum"})
    names = ("erratum: ||u|| <= 2", "repaired: ||u|| <= 4")
    checks = [
        made.claims[0].checks[0].model_copy(update={"quantity": name, "verdict": Verdict(verdict)})
        for name, verdict in zip(names, verdicts, strict=False)
    ]
    made = made.model_copy(update={"claims": [made.claims[0].model_copy(update={"checks": checks})]})
    assert f"Erratum: {words}." in html(made, [records.SOMEWHERE])
    assert f"): {words}\n" in markdown(made)


def test_the_setting_as_run_is_one_line_and_whole_in_the_details():
    digest = "0123456789abcdef0123456789abcdef"
    effective = {"m": 32, "gamma": 0.123456789, "R": None, "data": f"digits {digest}", "m_y": 1}
    page = html(records.record(("A", Verdict.VERIFIED, True), effective=effective), [records.SOMEWHERE])
    line = lxml.html.fromstring(page).find_class("effective")[0].text_content()
    assert line == "m = 32, γ = 0.123457, data digits 01234567, my = 1"
    assert digest in page
    assert "0.123456789" in page


def test_a_run_that_broke_shows_where():
    made = records.record(verdict=Verdict.ERROR, error="MemoryError: too wide", traceback="in file x.py")
    page = html(made, [records.SOMEWHERE])
    assert re.search(r'<details class="traceback">.*in file x\.py', page, re.DOTALL)
    assert "\n    in file x.py\n" in markdown(made)


def test_draws_are_quantiles_and_the_worst_of_them():
    drawn = [records.draw(3, 2.0, 5.0), records.draw(4, 7.0, 1.5), records.draw(5, 3.0, 2.5)]
    made = records.record(("A", Verdict.VERIFIED, True), draws=drawn)
    tables = lxml.html.fromstring(html(made, [records.SOMEWHERE])).find_class("spread")
    rows = [[cell.text_content() for cell in table.xpath(".//tbody/tr/*")] for table in tables]
    assert rows == [["measured", "2", "3", "7"], ["A", "1.5", "2.5", "5"]]
    text = markdown(made)
    assert "| measured | 2 | 3 | 7 |" in text
    assert "| A | 1.5 | 2.5 | 5 |" in text
    assert "closest to failing was seed 4" in text
    assert "\n    verify theorem some-theorem --seed 4\n" in text


@pytest.mark.parametrize("moved", [[], [Difference("some-theorem  rate", "2.9", "3.1", "± 0.001")]])
def test_a_comparison_is_told_with_what_moved(moved):
    comparison = Comparison(reference="results/reference", compared=812, differences=moved)
    made = records.suite(records.record(("A", Verdict.VERIFIED, True)), compared=comparison)
    page = re.sub(r"<[^>]*>", "", html(made, [records.SOMEWHERE]))
    text = report_markdown(made, ["figures"])
    for view in (page, text):
        assert "results/reference: 812 numbers and texts" in view
        assert ("nothing moved" in view) == (not moved)
        assert ("1 moved" in view) == bool(moved)
        assert ("± 0.001" in view) == bool(moved)
    header = re.search(r'<header class="(\w+)"', html(made, [records.SOMEWHERE]))[1]
    assert header == ("differs" if moved else "verified")


def test_several_runs_have_an_overview_and_one_statement(tmp_path):
    one = records.record(("A", Verdict.VERIFIED, True), variant="one")
    two = records.record(("A", Verdict.VIOLATED, True), variant="two")
    write_views(tmp_path, records.suite(one, two))
    page = (tmp_path / "report.html").read_text()
    assert page.count("Statement. a &lt;= b") == 1
    assert page.index("some-theorem.one") < page.index("some-theorem.two")
    assert "## ✗ verify: VIOLATED" in (tmp_path / "report.md").read_text()


@chromium.needed
def test_a_browser_finds_nothing_to_complain_of_and_asks_for_nothing(folder, tmp_path):
    page = folder / "report.html"
    log = tmp_path / "net.json"
    done = chromium.run(page, tmp_path, "--dump-dom", "--enable-logging=stderr", f"--log-net-log={log}")
    assert "R-VIOLATED" in done.stdout
    assert "CONSOLE" not in done.stderr
    assert chromium.requests(log) == []


@chromium.needed
def test_the_browser_test_can_fail(folder, tmp_path):
    page = folder / "report.html"
    leaking = re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text())
    page.write_text(
        leaking.replace("<h1>", '<img src="http://127.0.0.1:8099/x"><script>nothing()</script><h1>')
    )
    log = tmp_path / "net.json"
    done = chromium.run(page, tmp_path, "--dump-dom", "--enable-logging=stderr", f"--log-net-log={log}")
    assert "CONSOLE" in done.stderr
    assert chromium.requests(log) == ["http://127.0.0.1:8099/x"]


@chromium.needed
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_of_the_page(folder, tmp_path, width):
    page = (folder / "report.html").read_text()
    measuring = "<script>document.title = document.documentElement.scrollWidth</script></body>"
    inner = re.sub(r"<meta http-equiv=[^>]*>", "", page).replace("</body>", measuring)
    (tmp_path / "inner.html").write_text(inner.replace("document.title =", "parent.document.title ="))
    frame = (
        f'<title>?</title><iframe src="inner.html" style="width:{width}px;height:800px;border:0"></iframe>'
    )
    (tmp_path / "outer.html").write_text(frame)
    done = chromium.run(
        tmp_path / "outer.html",
        tmp_path,
        "--dump-dom",
        "--allow-file-access-from-files",
        "--window-size=1400,900",
        "--virtual-time-budget=2000",
    )
    assert int(re.search(r"<title>(\d+)</title>", done.stdout)[1]) <= width
