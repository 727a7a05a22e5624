"""`verify theorem --claim` and `--skip` as a user types them, and pictures for a paper."""

import json

import pytest

from verify.records.reading import read_record

#: A run of less than a second.
QUICK = ["theorem", "linear-deq", "--width", "3", "--samples", "8", "--points", "9"]
QUICK += ["--horizon", "0.1", "--rtol", "1e-7"]


def folder_of(done):
    return done.out.rsplit("report: ", 1)[1].strip()


def test_a_claim_with_what_it_rests_on(command, unpictured, tmp_path):
    done = command(*QUICK, "--claim", "d-4")
    assert done.code == 0
    assert "2 of 8 claims judged: D-4, and what it rests on, D-M. This is no verdict on the" in done.out
    assert done.out.splitlines()[-1].startswith("VERIFIED  linear-deq, 2 of 8 claims  report: ")
    folder = tmp_path / folder_of(done)
    record = read_record(folder)
    assert [claim.id for claim in record.claims] == ["D-M", "D-4"]
    again = command(*record.command.split()[1:], "--quiet", "--out", "again")
    (second,) = (tmp_path / "again").iterdir()
    assert (again.code, command("compare", folder, second).code) == (0, 0)
    assert command("accept", folder).code == 2
    assert not (tmp_path / "results" / "reference").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--claim", "D-9"], "did you mean D-"),
        (["--skip", "D-M"], "D-4, D-3 rest on it"),
        (["--claim", "K-T1"], "linear-deq has no claim 'K-T1'"),
        (["--format", "pdf"], "--format png,pdf"),
        (["--format", "word"], "it should be of png, svg, pdf"),
        (["--style", "nature"], "'neurips'"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_written(command, tmp_path, options, said):
    done = command("theorem", "linear-deq", *options)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_hypothesis_that_fails_silences_the_chosen_claim(command, unpictured, tmp_path):
    """The path leaves R: the bound was kept until then, and still the theorem has nothing to say."""
    left = ["--loss", "logistic", "--data", "synthetic", "--width", "4", "--points", "9", "--radius", "1.2"]
    done = command("theorem", "linear-rate", *left, "--claim", "K-T1", "--json")
    record = json.loads(done.out)
    verdicts = {claim["id"]: claim["verdict"] for claim in record["claims"]}
    assert verdicts["K-T1.R"] == "NOT_APPLICABLE"
    assert (record["verdict"], done.code) == ("NOT_APPLICABLE", 3)
    assert command("theorem", "linear-rate", *left, "--skip", "K-T1.R").code == 2


def test_pictures_for_a_paper_lie_beside_those_of_the_report(command, tmp_path):
    done = command(*QUICK, "--quiet", "--claim", "D-1", "--style", "icml", "--format", "png,pdf")
    figures = tmp_path / folder_of(done) / "figures"
    names = {path.suffix for path in figures.iterdir()}
    assert names == {".png", ".pdf"}
    assert all(path.read_bytes().startswith(b"%PDF") for path in figures.glob("*.pdf"))
