"""Records made to harm whoever reads their reports: to real parsers every text of theirs is text."""

import re

import lxml.html
import pytest
from markdown_it import MarkdownIt

from tests.verify.views import chromium, records
from verify.records.record import Comparison, Difference
from verify.views.html import html
from verify.views.markdown import plain, report_markdown, summary

TEXTS = [
    records.HOSTILE,
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)><a href="javascript:alert(1)">',
    "</style></title></pre></code></details><script>document.title = 'owned'</script>",
    "{{ 7 * 7 }} {% raw %} &lt;script&gt;",
    "||x||^{<b>} <script, a> sqrt(<i onclick=x>)",
    "[x](javascript:alert(1)) ![y](http://evil.example/y.png) [z]: javascript:alert(1)",
    "<http://evil.example> http://evil.example www.evil.example ~~struck~~ $x$ `code`",
    "\\[x\\](javascript:alert(1)) &#60;script&#62; \\",
    "a\n\n# heading\n\n![y](http://evil.example/y.png)\n\n| a |\n|---|",
    "- item\r\n> quote\n```\n<script>",
]
FORMULAS = [
    r"\text{<script>document.title = 'owned'</script>}",
    r"\href{javascript:alert(1)}{x}",
    r"\class{a}{x} \style{position:fixed}{x} \htmlData{onclick=a}{x} \htmlId{a}{b}",
    r"\mathrm{</math><img src=x onerror=alert(1)>}",
    r"\operatorname{<svg onload=alert(1)>} \text{&lt;script&gt;}",
    r"\colorbox{red}{x} \includegraphics{http://127.0.0.1/x}",
    "<!DOCTYPE x [<!ENTITY a 'b'>]> &a;",
]

#: Everything that a page is made of; whatever else stands in one came out of a record.
ELEMENTS = {
    *("html", "head", "meta", "title", "link", "style", "body", "header", "main", "section", "article"),
    *("h1", "h2", "h3", "p", "ul", "li", "dl", "dt", "dd", "pre", "code", "strong", "a", "i", "sub", "sup"),
    *("div", "span", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"),
    *(
        "figure",
        "figcaption",
        "math",
        "mi",
        "mn",
        "mo",
        "mrow",
        "mfrac",
        "msub",
        "msup",
        "mtext",
        "mspace",
        "mpadded",
    ),
}
ATTRIBUTES = {
    *("class", "id", "lang", "charset", "name", "content", "http-equiv", "rel", "href", "open", "scope"),
    *("colspan", "aria-hidden", "aria-labelledby", "data-label", "display", "stretchy", "fence"),
    "mathvariant",
}

MARKDOWN_ELEMENTS = {
    *("div", "h1", "h2", "h3", "p", "ul", "li", "strong", "code", "pre", "details", "summary", "img"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def attacks():
    made = [records.hostile(text) for text in TEXTS] + [records.hostile(latex=latex) for latex in FORMULAS]
    bad = Comparison(
        reference=TEXTS[1], compared=1, differences=[Difference(text, text, text, text) for text in TEXTS]
    )
    named = [one.model_copy(update={"theorem": f"theorem-{i}"}) for i, one in enumerate(made)]
    return records.suite(*named, compared=bad)


def test_the_page_has_no_element_and_no_attribute_of_theirs():
    suite = attacks()
    page = html(suite, [records.SOMEWHERE] * len(suite.theorems))
    document = lxml.html.document_fromstring(re.sub("[\x00\x0b]", "", page))
    for element in document.iter():
        assert element.tag in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES
        assert re.match(r"#run-\d+$|#moved$|data:,$|$", element.get("href", ""))


def test_the_markdown_has_no_element_and_no_address_of_theirs():
    suite = attacks()
    text = report_markdown(suite, [f"{record.label}/figures" for record in suite.theorems])
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    document = lxml.html.fragment_fromstring(re.sub("[\x00\x0b]", "", page), create_parent="div")
    for element in document.iter():
        assert element.tag in MARKDOWN_ELEMENTS
        assert set(element.attrib) <= {"open", "style", "src", "alt"}  # style aligns cells
        assert re.fullmatch(r"(theorem-\d+/figures/(loss|gone)\.png)?", element.get("src", ""))
    shown = re.sub(r"^    .*$|<code>.*?</code>", "", text, flags=re.MULTILINE)
    assert not re.search(r"(?<!\\)://|www\.", shown)  # GitHub makes links of addresses


@pytest.mark.parametrize("text", TEXTS)
def test_text_in_markdown_is_read_back_as_it_was(text):
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(f"x {plain(text)}")
    found = lxml.html.fromstring(re.sub("[\x0b\ufffd]", "", page)).text_content()
    assert found.split() == ["x", *re.sub("[\x00\x0b]", "", text).split()]


def test_the_summary_keeps_its_elements():
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(summary(attacks().theorems))
    document = lxml.html.fragment_fromstring(re.sub("[\x00\x0b]", "", page), create_parent="div")
    assert {element.tag for element in document.iter()} <= MARKDOWN_ELEMENTS


@chromium.needed
def test_a_browser_runs_nothing_of_theirs_even_without_the_policy(tmp_path):
    suite = attacks()
    page = html(suite, [records.SOMEWHERE] * len(suite.theorems))
    (tmp_path / "page.html").write_text(re.sub(r"<meta http-equiv=[^>]*>", "", page))
    seen = chromium.run(tmp_path / "page.html", tmp_path, "--dump-dom").stdout
    assert "VIOLATED" in seen
    assert "<title>owned" not in seen
    assert "<script" not in seen
