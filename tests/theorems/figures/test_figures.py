"""The figures of the papers: contract, checks that can fail, command line, a killed run."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
import torch

from theorems import figures
from theorems.figures import gao_1, kawaguchi_1, ling_1, relu_convergence
from verify.figures.paper import PAPERS
from verify.figures.training.curve import LossCurve
from verify.theorem.errors import InputError
from verify.theorem.judgement import Judge
from verify.theorem.verdicts import Verdict

#: A figure that takes two seconds.
CHEAP = [
    "gao-1",
    "--preset",
    "quick",
    "--widths",
    "20,40",
    "--trials",
    "2",
    "--epochs",
    "10",
    "--samples",
    "20",
]


def verify(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "verify", "figures", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


def loss_curve(train, test=None, norm=(1.0, 1.0)):
    losses = np.array([1.0, train]), np.array([1.0, train if test is None else test])
    return LossCurve(np.array([0, 9]), *losses, 0.1, np.array(norm), np.full(2, 1e-6))


def test_every_figure_keeps_the_contract():
    for name in figures.FIGURES:
        module = figures.load(name)
        assert name == module.NAME
        assert set(module.PRESETS) == {"quick", "standard", "paper"}
        for preset in module.PRESETS.values():
            setting = module.Setting(**preset)
            curves = module.curves(setting)
            assert len({curve.label for curve in curves}) == len(curves)
            assert all(curve.work > 0 for curve in curves)
        for field, info in module.Setting.model_fields.items():
            assert info.description, field


def test_paper_sizes():
    setting = gao_1.Setting(**gao_1.PRESETS["paper"], data="mnist")
    curves = gao_1.curves(setting)
    assert {curve.arguments["width"] for curve in curves} == {500, 1000, 2000, 4000}
    assert {curve.arguments["samples"] for curve in curves} == {1000}
    assert {curve.arguments["epochs"] for curve in curves} == {1000}
    assert len({curve.arguments["seed"] for curve in curves}) == 5


def widths(curves):
    """A setting and its results, of trials by width."""
    trials = len(next(iter(curves.values())))
    setting = gao_1.Setting(widths=",".join(map(str, curves)), trials=trials)
    return setting, [curve for of in curves.values() for curve in of]


@pytest.mark.parametrize(
    ("gain", "verdict"), [(0.5, Verdict.VERIFIED), (-0.5, Verdict.VIOLATED), (0.0, Verdict.INCONCLUSIVE)]
)
def test_wider_is_lower_can_fail(rng, gain, verdict):
    by_width = {
        width: [
            loss_curve(np.exp(-gain * i + 0.02 * rng.standard_normal()), np.exp(-0.5 * i)) for _ in range(5)
        ]
        for i, width in enumerate((10, 20, 40))
    }
    setting, results = widths(by_width)
    assert [check.verdict for check in gao_1.wider_is_faster(setting, results)] == [verdict]
    assert [check.verdict for check in gao_1.wider_is_better(setting, results)] == [Verdict.VERIFIED]


def test_one_trial_decides_nothing():
    setting, results = widths({10: [loss_curve(1.0)], 20: [loss_curve(0.1)]})
    assert [check.verdict for check in gao_1.wider_is_faster(setting, results)] == [Verdict.INCONCLUSIVE]


@pytest.mark.parametrize(("last", "verdict"), [(1.003, Verdict.VERIFIED), (1.02, Verdict.VIOLATED)])
def test_the_norm_may_not_move(last, verdict):
    setting, results = widths({10: [loss_curve(1.0, norm=(1.0, last))]})
    assert [check.verdict for check in gao_1.norm_stays(setting, results)] == [verdict]


def test_the_plain_network_descends_as_autograd_does():
    setting = ling_1.Setting(samples=6, dimension=5, widths="30,40", epochs=5)
    narrow, wide = (
        c.function(c.source, **c.arguments, progress=lambda fraction: None) for c in ling_1.curves(setting)
    )
    assert narrow.step == wide.step
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 6))
    x, y = (torch.tensor(v) for v in (x * np.sqrt(5 / (x**2).sum(axis=0)), rng.standard_normal(6)))
    rng = np.random.default_rng((0, 40))
    w, u, a = (
        torch.tensor(scale * rng.standard_normal(shape), requires_grad=True)
        for scale, shape in ((0.4 / np.sqrt(40), (40, 40)), (np.sqrt(2 / 5), (40, 5)), (40**-0.5, 40))
    )
    assert wide.epochs.tolist() == [0, 1, 2, 3, 4, 5]
    for epoch in range(6):
        z = torch.zeros((40, 6), dtype=torch.float64)
        for _ in range(60):
            z = torch.relu(w @ z + u @ x)
        outputs = a @ z
        loss = 0.5 * ((outputs - y) ** 2).sum()
        if epoch == 0:
            rows = [torch.autograd.grad(out, (w, u, a), retain_graph=True) for out in outputs]
            jacobian = torch.stack([torch.cat([part.ravel() for part in row]) for row in rows])
            assert wide.step == pytest.approx(float(torch.linalg.norm(jacobian, 2)) ** -2, rel=1e-3)
        assert wide.train[epoch] == pytest.approx(loss.item(), rel=2e-3)
        norm = torch.linalg.norm(w, 2).item()
        assert wide.norm[epoch] == pytest.approx(norm, abs=wide.norm_error[epoch] + 1e-5)
        for part, slope in zip((w, u, a), torch.autograd.grad(loss, (w, u, a)), strict=True):
            part.data -= wide.step * slope


@pytest.mark.parametrize(
    ("gain", "verdict"), [(0.5, Verdict.VERIFIED), (-0.5, Verdict.VIOLATED), (0.0, Verdict.INCONCLUSIVE)]
)
def test_wider_plain_networks_can_fail_to_be_faster(rng, gain, verdict):
    setting = ling_1.Setting(widths="10,20,40", trials=5)
    results = [
        loss_curve(np.exp(-gain * i + 0.02 * rng.standard_normal())) for i in range(3) for _ in range(5)
    ]
    assert [check.verdict for check in ling_1.wider_is_faster(setting, results)] == [verdict]


@pytest.mark.parametrize(
    ("width", "norm", "verdicts"),
    [
        (3000, (0.8, 0.803), (Verdict.VERIFIED, Verdict.VERIFIED)),
        (3000, (0.8, 0.804), (Verdict.VERIFIED, Verdict.VIOLATED)),
        (300, (0.8, 0.83), (Verdict.VERIFIED, Verdict.VERIFIED)),
        (300, (0.97, 1.002), (Verdict.VIOLATED, Verdict.VERIFIED)),
        (300, (0.8, 0.8), (Verdict.VERIFIED, Verdict.VERIFIED)),
    ],
)
def test_the_singular_value_may_neither_reach_1_nor_move(width, norm, verdicts):
    setting = ling_1.Setting(widths=str(width))
    checks = ling_1.norm_stays(setting, [loss_curve(1.0, norm=norm)])
    assert tuple(check.verdict for check in checks) == verdicts


@pytest.mark.parametrize(
    ("arguments", "free", "message"),
    [
        (["--widths", "21000,30000"], 8, r"m = 30000.* 13 GiB .* 8.0 GiB are free: use --widths \d+ or less"),
        (["--samples", "20000"], 8, "use fewer --samples"),
    ],
)
def test_networks_that_memory_does_not_hold_are_refused(
    tmp_path, monkeypatch, capsys, arguments, free, message
):
    from verify.figures import make

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(make, "available_memory", lambda: free * 2**30)
    assert run(monkeypatch, "ling-1", "--data", "mnist", *arguments) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert re.search(message, error), error
    assert not [path for path in tmp_path.rglob("*.p*") if path.suffix in (".png", ".pkl")]
    if advised := re.search(r"--widths (\d+)", error):
        fits = ling_1.Setting(data="mnist", widths=advised[1])
        make.require_memory(ling_1.curves(fits), make.CurveCache(tmp_path))


def test_delm_against_linear_can_fail(rng):
    setting = kawaguchi_1.Setting(trials=4)

    def verdicts(advantage):
        linear, dnn = ([loss_curve(1.0 + 0.01 * i) for i in range(4)] for _ in range(2))
        delm = [loss_curve((1.0 + 0.01 * i) * np.exp(-advantage + 0.001 * i)) for i in range(4)]
        results = [*linear, *dnn, *delm]
        return [check.verdict for of in kawaguchi_1.CLAIMS for check in of(setting, results)]

    assert verdicts(0.1) == [Verdict.VERIFIED, Verdict.VERIFIED]
    assert verdicts(-0.1)[0] is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("held", "verdict"), [(200, Verdict.VERIFIED), (150, Verdict.VIOLATED), (190, Verdict.INCONCLUSIVE)]
)
def test_the_probability_can_fail(held, verdict):
    curve = relu_convergence.WidthCurve(0.01, np.full(len(relu_convergence.WIDTHS), held))
    checks = relu_convergence.held_often_enough(relu_convergence.Setting(), [curve] * 3)
    assert {check.verdict for check in checks} == {verdict}


def test_wide_pages_have_rows_and_columns_have_stacks():
    with matplotlib.rc_context({"figure.max_open_warning": 0}):
        figure, axes = PAPERS["icml"].grid(2, 3)
        assert axes.shape == (2, 3)
        assert axes[0, 0].get_subplotspec().get_gridspec().get_geometry() == (3, 2)
        assert figure.get_figwidth() == 3.25
        wide, axes = PAPERS["iclr"].grid(2, 3)
        assert axes[0, 0].get_subplotspec().get_gridspec().get_geometry() == (2, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gao"], "'gao-1'"),
        (["gao-1", "--widths", "20,x"], "--widths"),
        (["gao-1", "--widths", "40,20"], "growing"),
        (["gao-1", "--classes", "1"], "--classes"),
        (["gao-1", "--data", "mnits"], "digits, mnist"),
        (["gao-1", "--data", "none.npz"], "none.npz"),
        (["ling-1", "--data", "mnits"], "or synthetic"),
        (["ling-1", "--widths", "50000"], "2 to 40000"),
        (["ling-1", "--sigma-w", "0.4"], "--sigma-w"),
        (["gao-1", "--classes", "0,12"], "no class 12"),
        (["gao-1", "--trials", "0"], "--trials"),
        (["gao-1", "--step", "nan"], "--step"),
        (["gao-1", "--hidden", "5"], "--hidden is no option of gao-1"),
        (["gao-1", "--format", "gif"], "png, svg, pdf"),
        (["gao-1", "--style", "nature"], "--style"),
        (["gao-1", "--preset", "huge"], "--preset"),
        (["kawaguchi-1", "--samples", "5000"], "--samples 898 or fewer"),
        (["kawaguchi-1", "--gamma", "1"], "--gamma"),
        (["gao-1", "--out", "/proc/nowhere"], "--out"),
    ],
)
def test_bad_input_is_one_line_exit_2_and_no_file(tmp_path, monkeypatch, capsys, arguments, message):
    from verify import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(sys, "argv", ["verify", "figures", *arguments])
    with pytest.raises(SystemExit) as stopped:
        app.main()
    assert stopped.value.code == 2
    errors = capsys.readouterr().err
    assert len(errors.splitlines()) == 1
    assert message in errors
    found = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert not [name for name in found if name not in (".gitignore", "func_code.py")]


def test_unknown_figures_name_the_nearest():
    with pytest.raises(InputError, match="'kawaguchi-1'"):
        figures.load("kawaguchi")


def run(monkeypatch, *arguments):
    """The exit code of the command, in this process and on one core."""
    from verify import app

    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(sys, "argv", ["verify", "figures", *arguments])
    with pytest.raises(SystemExit) as stopped:
        app.main()
    return stopped.value.code


def test_a_figure_leaves_picture_page_and_numbers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *CHEAP, "--list") == 0
    assert "0 of 4 curves are cached" in capsys.readouterr().out
    code = run(monkeypatch, *CHEAP, "--format", "png,svg,pdf", "--style", "icml")
    out = capsys.readouterr().out
    folder = tmp_path / "results" / "figures"
    names = {path.name for path in folder.iterdir()}
    assert names == {f"gao-1-quick.{suffix}" for suffix in ("png", "svg", "pdf", "md", "json")}
    record = json.loads((folder / "gao-1-quick.json").read_text())
    assert code == 0, "the pictures are made, whatever becomes of the caption's findings"
    assert run(monkeypatch, *CHEAP, "--check", "--out", "judged") == Verdict(record["verdict"]).exit_code != 0
    assert out.splitlines()[-1].startswith(f"{record['verdict']}  gao-1  ")
    assert max(map(len, out.splitlines())) <= 100
    assert len(record["numbers"]["curves"]) == 4
    assert sorted(record["command"].split()) == sorted(["verify", "figures", *CHEAP])
    page = (folder / "gao-1-quick.md").read_text()
    assert record["caption"] in page
    assert all(value in page for value in record["assumed"])
    pictures = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert run(monkeypatch, *CHEAP, "--list") == 0
    assert "4 of 4 curves are cached" in capsys.readouterr().out
    run(monkeypatch, *CHEAP, "--format", "png,svg,pdf", "--style", "icml")
    again = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert again == pictures
    assert run(monkeypatch, *CHEAP, "--trials", "3", "--list") == 0
    assert "4 of 6 curves are cached" in capsys.readouterr().out


def test_a_figure_that_breaks_leaves_the_others(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gao_1, "draw", lambda *_: 1 / 0)
    code = run(monkeypatch, "gao-1", "trust-region-newton", "--preset", "quick", "--quiet", *CHEAP[3:])
    assert code == 4
    out = capsys.readouterr().out
    assert "ERROR  gao-1  ZeroDivisionError" in out
    assert "VERIFIED  trust-region-newton" in out
    names = {path.stem for path in (tmp_path / "results" / "figures").iterdir()}
    assert names == {"trust-region-newton-quick"}


@pytest.mark.campaign
def test_a_killed_run_goes_on_with_identical_numbers(tmp_path):
    setting = gao_1.Setting(widths="40,80", trials=3, epochs=60, samples=40)
    sizes = ["--widths", "40,80", "--trials", "3", "--epochs", "60", "--samples", "40"]
    command = ["gao-1", "--preset", "quick", *sizes, "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-m", "verify", "figures", *command], cwd=tmp_path, start_new_session=True
    )
    while len(finished(tmp_path)) < 2 and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = finished(tmp_path)
    assert len(before) >= 2
    numbers = tmp_path / "results" / "figures" / "gao-1-quick.json"
    assert not numbers.exists()
    again = verify(*command, cwd=tmp_path)
    assert again.returncode in (0, 1, 3), again.stderr
    after = finished(tmp_path)
    assert len(after) == 6
    assert {path: after[path] for path in before} == before
    whole = [
        curve.function(curve.source, **curve.arguments, progress=lambda fraction: None)
        for curve in gao_1.curves(setting)
    ]
    assert json.loads(numbers.read_text())["numbers"] == gao_1.numbers(setting, whole)


def finished(folder):
    """Cached curves and when each was written."""
    return {path: path.stat().st_mtime_ns for path in (folder / "results").rglob("output.pkl")}


def test_two_data_sets_are_two_rows(tmp_path, rng):
    path = tmp_path / "own.npz"
    np.savez(path, x=rng.uniform(size=(40, 9)), y=np.arange(40) % 2)
    setting = gao_1.Setting(data=f"digits,{path}", widths="10,20", trials=2, epochs=3, samples=10)
    curves = gao_1.curves(setting)
    results = [c.function(c.source, **c.arguments, progress=lambda fraction: None) for c in curves]
    figure = gao_1.draw(setting, results, PAPERS["iclr"])
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["digits"] * 3 + ["own"] * 3
    judge = Judge({"setting": setting, "results": results})
    assert [len(judge.checks(statement)) for statement in gao_1.CLAIMS] == [2, 2, 2]


def test_the_stem_tells_preset_and_data():
    from verify.figures.make import file_stem

    setting = SimpleNamespace(data="digits, mnist")
    assert file_stem(gao_1, setting, "paper") == "gao-1-digits+mnist-paper"
    assert file_stem(gao_1, SimpleNamespace(), "standard") == "gao-1"
    assert file_stem(ling_1, ling_1.Setting(), "quick") == "ling-1-quick"
    assert file_stem(ling_1, ling_1.Setting(data="digits"), "standard") == "ling-1-digits"


def test_trials_that_diverged_are_left_out_of_the_picture_and_the_caption_says_so():
    setting = kawaguchi_1.Setting(trials=3)
    epochs = np.array([0, 10, 5000])
    calm, wild = (LossCurve(epochs, *[np.array([1.0, 0.9, end])] * 2, 0.1) for end in (0.5, 1e130))
    results = [calm, calm, calm, calm, wild, calm, wild, wild, wild]
    figure = kawaguchi_1.draw(setting, results, PAPERS["iclr"])
    _, panel = figure.axes
    heights = {line.get_label(): max(line.get_ydata()) for line in panel.get_lines()}
    assert heights["DNN, train"] == pytest.approx(0.9)
    assert heights["DELM, train"] > 1e100
    said = kawaguchi_1.caption(setting, results)
    assert "the DNN diverged with this step in 1 of 3 trials" in said
    assert "DELM diverged" not in said


def test_the_caption_says_how_many_samples_train():
    several = gao_1.caption(gao_1.Setting(data="digits,fashion-mnist,mnist"), [])
    assert "half of the samples for training or 1000 training samples:" in several
    assert "40 training samples:" in gao_1.caption(gao_1.Setting(samples=40), [])
