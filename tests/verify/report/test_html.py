"""The HTML report: what stands in it, and what a browser makes of it."""

import re
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure

from tests.verify.report import chromium, records
from verify.claim import Verdict
from verify.report import figures as pictures
from verify.report.html import html
from verify.report.views import write_views

needs_chromium = pytest.mark.skipif(chromium.PROGRAM is None, reason="chromium is not installed")

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
    pictures.save({"loss": figure}, tmp_path / "figures")
    made = records.every_verdict().model_copy(
        update={"figures": ["loss.png", "gone.png"], "captions": {"loss.png": pictures.caption(figure)}}
    )
    write_views(tmp_path, [made])
    return tmp_path


def test_everything_is_there_and_well_formed(folder):
    page = (folder / "report.html").read_text()
    outline = Outline(page)
    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("h1")) == 1
    assert all("scope" in attributes for attributes in outline.all("th"))
    assert [image["alt"] for image in outline.all("img")] == ["Loss under e^-t"]
    assert outline.all("img")[0]["src"].startswith("data:image/svg+xml;base64,")
    assert "gone.png is not in the run" in page
    assert len(outline.all("math")) == 1
    assert "verify theorem some-theorem --seed 3" in re.sub("<[^>]*>", "", page)
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert outline.all("script") == []


def test_failed_claims_come_first_and_open_and_passed_ones_are_closed(folder):
    page = (folder / "report.html").read_text()
    claims = [a for a in Outline(page).all("details") if a.get("class", "").startswith("claim")]
    opened = ["open" in attributes for attributes in claims]
    assert opened == sorted(opened, reverse=True)
    assert [a["class"].split()[1] for a in claims] == [
        *("error", "error", "violated", "violated", "not_applicable", "inconclusive"),
        *("not_applicable", "inconclusive", "verified", "verified"),
    ]


def test_verdicts_are_words_and_marks_beside_colours(folder):
    page = (folder / "report.html").read_text()
    for verdict in Verdict:
        assert verdict.replace("_", " ") + "</span>" in page


def test_hostile_texts_are_texts():
    page = html([records.hostile()], [records.SOMEWHERE])
    outline = Outline(page)
    assert outline.all("script") == []
    assert "&lt;script&gt;" in page


def test_several_runs_have_an_overview_and_one_statement(tmp_path):
    one = records.record(("A", Verdict.VERIFIED, True), variant="one")
    two = records.record(("A", Verdict.VIOLATED, True), variant="two")
    write_views(tmp_path, [one, two])
    page = (tmp_path / "report.html").read_text()
    assert page.count("Statement. a &lt;= b") == 1
    assert page.index("some-theorem.one") < page.index("some-theorem.two")
    assert "## ✗ verify: VIOLATED" in (tmp_path / "report.md").read_text()


@needs_chromium
def test_a_browser_finds_nothing_to_complain_of_and_asks_for_nothing(folder, tmp_path):
    page = folder / "report.html"
    log = tmp_path / "net.json"
    done = chromium.run(page, tmp_path, "--dump-dom", "--enable-logging=stderr", f"--log-net-log={log}")
    assert "R-VIOLATED" in done.stdout
    assert "CONSOLE" not in done.stderr
    assert chromium.requests(log) == []


@needs_chromium
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


@needs_chromium
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
