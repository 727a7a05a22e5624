"""References: BibTeX that BibTeX reads, the papers behind every theorem and figure, and CITATION.cff."""

import re
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import theorems
import verify
from theorems import bibliography, figures
from verify.theorem.bibliography import Reference, reference_faults, references
from verify.views.bibtex import MAINTAINERS, TITLE, bibtex

ROOT = Path(__file__).parents[1]

PAPERS = [one for one in vars(bibliography).values() if isinstance(one, Reference)]


def entries(text):
    """Key and fields of each entry; asserts that each is one as BibTeX reads it."""
    found = {}
    for entry in text.strip().split("\n\n"):
        head, *lines, last = entry.splitlines()
        kind, key = re.fullmatch(r"@(inproceedings|misc)\{([A-Za-z][\w:-]*),", head).groups()
        fields = dict(re.fullmatch(r"  (\w+) += \{(.+)\},", line).groups() for line in lines)
        assert last == "}"
        assert entry.isascii()
        assert entry.count("{") == entry.count("}")
        assert {"author", "title", "year"} <= fields.keys()
        assert kind == "misc" or "booktitle" in fields
        found[key] = fields
    return found


@pytest.mark.parametrize("name", [*theorems.BUILT_IN, *figures.FIGURES])
def test_papers_behind_a_name_and_the_suite(command, name):
    done = command("cite", name)
    assert (done.code, done.err) == (0, "")
    *papers, suite = entries(done.out).items()
    assert len(papers) == 1
    assert suite[0] == "verify"
    assert suite[1]["note"] == f"Version {verify.__version__}"


def test_several_names_and_none(command):
    done = command("cite", "linear-rate", "trust-region-newton", "kawaguchi-1", "gao-1")
    assert list(entries(done.out)) == ["kawaguchi2021", "gao2022", "verify"]
    assert list(entries(command("cite").out)) == ["verify"]
    assert "did you mean 'ling-1'" in command("cite", "ling-2").err


def test_a_theorem_without_references_is_told_of_kindly(command, monkeypatch):
    theorem = theorems.load("linear-deq")
    monkeypatch.delattr(theorem, "REFERENCES")
    done = command("cite", "linear-deq")
    assert done.code == 0
    assert "linear-deq lists no references for BibTeX; its sources: ours;" in done.err
    assert list(entries(done.out)) == ["verify"]


def test_what_the_sources_say_is_what_is_cited():
    for name in theorems.BUILT_IN:
        theorem = theorems.load(name)
        for one in references(theorem):
            sources = " ".join(theorem.SOURCES)
            assert one.authors[0].split(",")[0] in sources
            assert "arXiv" not in sources or one.arxiv in sources
            assert not one.booktitle or str(one.year) in sources


@pytest.mark.parametrize("reference", PAPERS, ids=lambda one: one.key)
def test_every_paper_is_an_entry(reference):
    (fields,) = entries(bibtex(reference)).values()
    assert fields["title"] == f"{{{reference.title}}}"
    assert fields["author"].count(" and ") == len(reference.authors) - 1
    assert re.fullmatch(r"\d{4}\.\d{5}", fields["eprint"])


def test_what_tex_reads_as_marks_is_escaped():
    hostile = Reference("x", "50% of $5 & {more", ("Erdős, P_l",), 2000, "A & B")
    text = bibtex(hostile)
    assert r"{{50\% of \$5 \& \{more}}" in text
    assert r"Erd[U+0151]s" in text


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ("Kawaguchi 2021", "no sequence"),
        (bibliography.GAO_2022, "no sequence"),
        (("Kawaguchi",), "no sequence"),
        ((Reference("1 a", "t", ("A",), 2000),), "none of BibTeX"),
        ((Reference("a", "t", "A, B", 2000),), "authors is 'A, B'"),
        ((Reference("a", "t", (), 2000),), "authors is ()"),
    ],
)
def test_a_theorems_author_is_told_of_bad_references(found, fault):
    assert any(fault in text for text in reference_faults(found))
    assert list(reference_faults(bibliography.GAO_2022 and (bibliography.GAO_2022,))) == []


def test_lint_tells_of_bad_references():
    from verify.contract.module import module_faults

    theorem = theorems.load("linear-deq")
    spoiled = ModuleType(theorem.__name__)
    vars(spoiled).update({**vars(theorem), "REFERENCES": "Ramdas"})
    assert any("REFERENCES" in str(fault) for fault in module_faults(spoiled, "linear-deq", frozenset()))


def test_citation_cff_is_that_of_its_schema_and_agrees_with_the_code():
    """Fields and kinds of schema 1.2.0, by hand; the papers are those of the bibliography."""
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert found["cff-version"] == "1.2.0"
    assert found["type"] == "software"
    assert found["message"]
    assert found["title"] == TITLE
    assert found["version"] == verify.__version__
    assert found["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    assert found["authors"] == [{"name": MAINTAINERS}]
    assert MAINTAINERS in (ROOT / "LICENSE").read_text()
    assert set(found) == {
        *("cff-version", "message", "type", "title", "version", "license", "authors"),
        *("keywords", "references"),
    }
    assert all(isinstance(word, str) for word in found["keywords"])
    cited = {one["url"].rpartition("/")[2]: one for one in found["references"]}
    assert set(cited) == {one.arxiv for one in PAPERS}
    for paper in PAPERS:
        one = cited[paper.arxiv]
        assert one["type"] == ("conference-paper" if paper.booktitle else "article")
        names = [f"{person['family-names']}, {person['given-names']}" for person in one["authors"]]
        assert (one["title"], one["year"], tuple(names)) == (paper.title, paper.year, paper.authors)
        assert one.get("collection-title", "") == paper.booktitle
        assert set(one) <= {"type", "title", "authors", "year", "collection-title", "url"}
