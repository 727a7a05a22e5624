"""The benchmarks: what they time agrees, and what they conclude from times follows. Nothing is timed here."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import command, kernels, races, suite
from benchmarks.cases import eigenvalue, linear, linear_deq, linear_flow, plain, relu
from benchmarks.cases.verdicts import falls
from benchmarks.kernels import DisagreementError, Duel, Kernel
from benchmarks.picture import picture
from benchmarks.report import page
from benchmarks.timing import Missing, Ratio, interleaved
from verify.linear_deq.setting import LinearSetting

MODELS = (linear, linear_deq, relu, plain, eigenvalue)


@pytest.mark.parametrize("case", MODELS, ids=lambda case: case.__name__.rpartition(".")[2])
@pytest.mark.filterwarnings("ignore")  # of peers, where they are installed
def test_all_ways_of_the_quick_cases_agree(case):
    kernel = case.kernel(quick=True)
    duel = kernel.duel(**kernel.sizes[0])
    distances = duel.distances()
    assert list(distances) == list(duel.others)
    assert any(isinstance(call, Missing) or distances[name] is not None for name, call in duel.others.items())


def test_a_gradient_that_is_a_little_off_disagrees():
    duel = linear.duel(m=4, m_y=2, n=6)
    a, b = duel.ours()
    with pytest.raises(DisagreementError, match="torch is 1"):
        Duel(duel.ours, {"torch": lambda: (a, b * (1 + 1e-8))}, duel.allowed).distances()
    with pytest.raises(DisagreementError):
        Duel(duel.ours, {"torch": lambda: (a, b * np.nan)}, duel.allowed).distances()


def test_a_fit_finds_the_exponent_in_spite_of_a_busy_moment():
    values, random = (32, 64, 128, 256), np.random.default_rng(0)
    times = 1e-7 * np.array(values, float)[:, None] ** 2.5 * np.exp(0.01 * random.standard_normal((4, 9)))
    times[1, 4] *= 20
    found = kernels.exponent(values, times)
    assert abs(found["exponent"] - 2.5) <= found["half_width"] < 0.1
    assert found["departure"] < 1.02
    bent = kernels.exponent(values, times + 0.01)
    assert bent["exponent"] < 2.4
    assert bent["departure"] > 1.05  # no power law, and it shows


def test_calls_take_turns():
    order = []
    times = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3, batch=0.0)
    assert order == ["a", "b"] * 3
    assert {name: len(found) for name, found in times.items()} == {"a": 3, "b": 3}


def test_a_ratio_is_of_neighbours():
    ours = np.array([1.0, 10.0, 2.0])  # the second round was a busy one
    assert Ratio.of(3 * ours, ours) == Ratio(3.0, 3.0, 3.0)


def run(integrator, error, median, evaluations=1):
    return {"integrator": integrator, "error": error, "median": median, "evaluations": evaluations}


def test_equal_error_takes_the_fastest_run_that_is_accurate_enough():
    runs = [run("us", 1e-5, 2.0), run("us", 1e-3, 1.0), run("peer", 1e-4, 6.0, 3), run("peer", 1e-2, 1.0)]
    equal = races.at_equal_error(runs, 1e-3, "us", ["peer"])
    assert equal["runs"] == {"us": runs[1], "peer": runs[2]}
    assert equal["ratios"]["peer"] == {"median": 6.0, "evaluations": 3.0}


def test_there_is_no_ratio_to_an_integrator_that_is_not_accurate_enough():
    runs = [run("us", 1e-5, 2.0), run("peer", 1e-2, 6.0), run("peer", 1.0, 1.0)]
    equal = races.at_equal_error(runs, 1e-3, "us", ["peer"])
    assert equal["runs"]["peer"] == runs[1]  # its most accurate one
    assert equal["ratios"]["peer"] == {"median": None, "evaluations": None}


def test_a_reference_that_two_integrators_do_not_share_is_none(monkeypatch):
    setting = LinearSetting(width=3, outputs=1, samples=8, data="synthetic", horizon=0.2)
    assert linear_flow.Flow(setting, (1e-4,))._error(np.empty(0)) == np.inf
    monkeypatch.setattr(linear_flow, "TIGHT", 1e-3)
    with pytest.raises(DisagreementError, match="CVODE and DOP853"):
        linear_flow.Flow(setting, (1e-4,))


def test_an_early_end_is_no_small_error():
    flow = object.__new__(linear_flow.Flow)
    flow.reference = np.array([1.0, 0.1])
    assert flow._error(np.array([1.0, 0.1 * np.e])) == pytest.approx(1.0)
    assert flow._error(np.array([1.0])) == np.inf


class Record:
    """What `falls` reads of a run and of a script."""

    def __init__(self, rate, end):
        self.record = self
        self.rates = {"measured": rate, "checked until": 2.0}
        self.times, self.loss = np.array([0.0, 2.0]), np.array([1.0, end])


def test_scripts_that_follow_another_flow_are_not_compared():
    found = Record(3.0, np.exp(-6.1))
    assert falls(found, found) == pytest.approx({"ours": 6.0, "script": 6.1})
    with pytest.raises(DisagreementError, match="same flow"):
        falls(Record(3.0, 1.0), Record(3.0, np.exp(-5.0)))


def results():
    """One quick result of each kind, of functions that do nothing."""
    duel = Duel(lambda: [np.ones(2)], {"torch": lambda: [np.ones(2)], "JAX": Missing("jax")}, 1e-9)
    kernel = Kernel("linear", "Model: gradient", lambda **_: duel, [{"m": 2}, {"m": 3}], {}, {"m": (2, 4)})
    entrants = {
        "us": races.Entrant(lambda rtol: (rtol, 7), (1e-2, 1e-4)),
        "dopri5": races.Entrant(lambda rtol: (1.0, 9), (1e-2,)),
        "other": races.Entrant(Missing("torchdiffeq"), (1e-2,)),
    }
    return [
        kernels.measured(kernel, 3),
        races.raced(races.Race("linear-flow", "A flow", (1e-2,), entrants), 1),
    ]


def test_what_is_missing_is_a_line_of_the_table(monkeypatch, tmp_path):
    first, second = results()
    chosen = {"linear": lambda quick: first, "linear-flow": lambda quick: second}
    monkeypatch.setattr(suite, "BENCHMARKS", {**suite.BENCHMARKS, **chosen})
    asked = [word for name in chosen for word in ("--only", name)]
    done = CliRunner().invoke(command.main, [*asked, "--quick", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"benchmarks.{ending}" for ending in ("json", "md", "png")
    ]
    kept = json.loads((tmp_path / "benchmarks.json").read_text())
    assert [one["name"] for one in kept["results"]] == list(chosen)
    text = (tmp_path / "benchmarks.md").read_text()
    assert text == page(kept)
    assert "| JAX | jax is not installed: pip install '.[bench]' |" in text
    assert "| other | torchdiffeq is not installed: pip install '.[bench]' |" in text
    assert "| dopri5 | (9, " in text  # not accurate enough
    assert [axes.get_title() for axes in picture(kept).axes] == ["Model:\ngradient", ""]


def test_a_disagreement_ends_a_run_and_writes_nothing(monkeypatch, tmp_path):
    def wrong(quick):
        raise DisagreementError("torch is 1e-2 away from our result")

    monkeypatch.setattr(suite, "BENCHMARKS", {**suite.BENCHMARKS, "linear": wrong})
    done = CliRunner().invoke(command.main, ["--only", "linear", "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "torch is 1e-2 away" in done.output
    assert not (tmp_path / "out").exists()
