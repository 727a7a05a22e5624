"""`verify sweep` as it is typed."""

import json

import pyarrow.parquet as pq
import pytest

SMALL = ["--data", "synthetic", "--samples", "6", "--outputs", "2", "--claim", "K-T1.PL"]


def test_a_sweep_and_its_table(command, tmp_path):
    ended = command("sweep", "linear-rate", "--over", "width=3,4", "--seeds", 2, *SMALL)
    assert (ended.code, ended.err) == (0, "")
    assert "4 of 4 cells: 4 VERIFIED" in ended.out
    (folder,) = (tmp_path / "results" / "sweeps").iterdir()
    table = pq.read_table(folder / "table.parquet")
    assert table.num_rows == 4
    assert set(table["width"].to_pylist()) == {3, 4}
    said = json.loads((folder / "sweep.json").read_text())
    assert said["command"].startswith("verify sweep linear-rate --over width=3,4")
    assert "--claim K-T1.PL" in said["command"]
    again = command("sweep", "linear-rate", "--over", "width=3,4", "--seeds", 2, *SMALL, "--json")
    assert json.loads(again.out)["computed"] == 0


def test_failed_cells_show_in_the_exit_code(command):
    ended = command(
        "sweep",
        "linear-rate",
        "--data",
        "digits",
        "--outputs",
        2,
        "--over",
        "samples=10,9999",
        "--claim",
        "K-T1.PL",
    )
    assert ended.code == 4
    assert "1 ERROR" in ended.out
    assert "--retry" in ended.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nothing", "--over", "width=1"], "there is no theorem"),
        (["linear-rate"], "nothing to sweep"),
        ([], "nothing to sweep"),
        (["linear-rate", "--preset", "laws"], "leave out the theorem"),
        (["--preset", "laws", "--width", "3"], "leave out the theorem"),
        (["linear-rate", "--over", "width=3", "--map", "width,samples"], "two options that are swept"),
        (["linear-rate", "--over", "width"], "width=50,100,200"),
        (["linear-rate", "--over", "width=3", "--claim", "K-X"], "did you mean"),
        (["linear-rate", "--over", "width=3", "--claim", "K-D.floor"], "verify all"),
        (["linear-rate", "--over", "width=3", "--backend", "dask"], "go together"),
        (["linear-rate", "--over", "width=3", "--scheduler", "tcp://x:1"], "go together"),
        (["linear-rate", "--over", "width=3", "--minutes", "0"], "minutes"),
        (["linear-rate", "--over", "width=3", "--seed", "4294967295", "--seeds", "2"], "--seed 4294967294"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(command, tmp_path, words, says):
    ended = command("sweep", *words)
    assert ended.code == 2
    assert says in ended.err
    assert len(ended.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
