"""Bad input, thirty ways and more: one clear line, exit 2, nothing written, nothing executed."""

import json
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import theorems
from verify.runs.config import read_config
from verify.runs.run import run_theorem
from verify.theorem.errors import InputError
from verify.theorem.settings import make_setting

#: What a configuration file may hold wrongly, and what the line must name.
CONFIGS = {
    "unknown theorem": ("[linear-rat]\nwidth = 4", "'linear-rate'"),
    "unknown setting": ("[linear-rate]\nwidht = 4", "'width'"),
    "unknown run": ("[linear-rate.tigth]\nseed = 1", "'tight'"),
    "unknown setting of a run": ("[linear-rate.tight]\nsede = 1", "'seed'"),
    "value for a theorem": ("linear-rate = 3", "[linear-rate]"),
    "no TOML": ("width: 4", "TOML"),
    "twice": ("[linear-rate]\nwidth = 4\nwidth = 5", "TOML"),
    "out of range": ("[linear-rate]\nwidth = 0", "--width 0"),
    "wrong type": ("[linear-rate]\nwidth = 'many'", "--width many"),
    "truth for a number": ("[linear-rate]\nwidth = true", "--width True"),
    "list": ("[linear-rate]\nwidth = [4]", "a number or a text"),
    "date": ("[linear-rate]\nseed = 2026-01-01", "a number or a text"),
    "not a number": ("[linear-rate]\ngamma = nan", "--gamma"),
    "infinite": ("[linear-rate]\nhorizon = inf", "--horizon"),
    "against the preset": ("[linear-rate]\nsamples = 7", "linear-rate.tight"),
    "bytes": (b"\xff\xfe\x00", "utf-8"),
}

#: Edits of a good record, and what the line must name.
EDITS = {
    "newer schema": ({"schema_version": 3}, "update this one"),
    "older schema": ({"schema_version": 0}, "make it anew with `verify theorem"),
    "schema as text": ({"schema_version": "1"}, "no schema_version"),
    "theorem leads out": ({"theorem": "../../evil"}, "theorem"),
    "variant leads out": ({"variant": "../evil"}, "variant"),
    "figure leads out": ({"figures": ["../../../etc/passwd"]}, "figures.0"),
    "unknown verdict": ({"verdict": "FINE"}, "verdict"),
    "claims no list": ({"claims": 3}, "claims"),
    "claim no object": ({"claims": ["K-T1"]}, "claims.0"),
    "rate as text": ({"rates": {"measured": "fast"}}, "rates.measured"),
    "counts missing": ({"counts": None}, "counts"),
}


class Payload:
    """Executed when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("executed",)


def everything(folder):
    return {path: path.stat().st_mtime_ns if path.is_file() else 0 for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def record():
    theorem = theorems.load("linear-rate")
    setting = make_setting(theorem, {"width": 2, "outputs": 1, "samples": 4, "points": 9})
    return json.loads(run_theorem(theorem, setting).record.model_dump_json())


@pytest.fixture
def refused(tmp_path, command):
    """Runs the command line, expects one line on stderr and no file made or changed; returns the line."""

    def run(*arguments):
        before = everything(tmp_path)
        said = command(*arguments)
        assert said.code == 2
        assert said.out == ""
        assert len(said.err.splitlines()) == 1
        assert said.err.startswith("verify: ")
        assert everything(tmp_path) == before
        return said.err

    return run


@pytest.mark.parametrize("case", CONFIGS)
def test_configuration_files(tmp_path, refused, case):
    text, named = CONFIGS[case]
    file = tmp_path / "verify.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    line = refused("all", "--config", file)
    assert named in line
    assert "verify.toml" in line or "linear-rate" in line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("all", "--preset", "slow"), "'quick'"),
        (("all", "--jobs", "0"), "--jobs"),
        (("all", "--width", "0"), "--width"),
        (("all", "--widht", "4"), "--width"),
        (("all", "--config", "missing.toml"), "missing.toml"),
        (("all", "--config", "."), "TOML"),
        (("all", "--against", "nowhere"), "`verify accept RUN --out"),
        (("all", "linear-rate"), "linear-rate"),
        (("theorem", "../linear_rate"), "'linear-rate'"),
        (("theorem", "linear-rate", "--data", "../../etc/passwd"), "npz"),
        (("theorem", "linear-rate", "--width", "1" * 5000), "--width"),
        (("theorem", "linear-rate", "--labels", "aligned", "--alignment", "1e-300"), "--alignment 1e-300"),
        (("theorem", "relu-convergence", "--labels", "aligned", "--alignment", "1e-7"), "--alignment 1e-7"),
        (("theorem", "linear-rate", "--seed", "4294967290", "--seeds", "7"), "--seed 4294967289 or less"),
        (("all", "--seed", "4294967295", "--preset", "thorough"), "or less"),
        (("theorem", "linear-rate", "--data", "missing.npz"), "missing.npz"),
        (("theorem", "linear-rate", "--out", ""), "empty name"),
        (("all", "--out", " "), "empty name"),
        (("figures", "--out", ""), "empty name"),
        (("accept", ".", "--out", ""), "empty name"),
        (("compare", "nowhere", "elsewhere"), "elsewhere"),
        (("accept", "nowhere"), "run directory"),
        (("accept", "."), "record.json"),
    ],
)
def test_options(refused, arguments, named):
    assert named in refused(*arguments)


@pytest.mark.parametrize("case", EDITS)
def test_records(tmp_path, refused, record, case):
    edit, named = EDITS[case]
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record | edit))
    assert named in refused("accept", file)
    assert named in refused("compare", file, file)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"3", b"null", b"\x80\x04", b"[" * 200_000, b'{"schema_version": NaN}', b"PK\x03\x04"],
    ids=["empty", "cut", "list", "number", "null", "pickle", "deep", "not a number", "zip"],
)
def test_files_that_are_no_records(tmp_path, refused, content):
    (tmp_path / "record.json").write_bytes(content)
    assert "record.json" in refused("accept", tmp_path)


def test_an_unverified_run_is_not_accepted(tmp_path, refused, record):
    (tmp_path / "record.json").write_text(json.dumps(record | {"verdict": "INCONCLUSIVE"}))
    assert "--allow-unverified" in refused("accept", tmp_path)


@pytest.mark.parametrize("name", theorems.BUILT_IN)
def test_pickled_objects_are_refused_unloaded(tmp_path, refused, name):
    objects = np.empty((2, 2), dtype=object)
    objects[:] = Payload()
    np.savez(tmp_path / "data.npz", x=objects, y=np.arange(2))
    assert "data.npz" in refused("theorem", name, "--data", "data.npz")
    assert not (tmp_path / "executed").exists()


ANY_VALUE = st.text(max_size=8) | st.sampled_from(
    ["nan", "inf", "-1", "1e400", "0", "auto", "0,0", "\0", "²"]
)


def refusal(call, *arguments):
    """What an InputError says; None where there is none."""
    try:
        call(*arguments)
    except InputError as problem:
        return str(problem)
    return None


@pytest.mark.parametrize("name", theorems.BUILT_IN)
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_text_for_any_option_is_a_setting_or_one_line(name, data):
    theorem = theorems.load(name)
    fields = st.dictionaries(st.sampled_from(sorted(theorem.Setting.model_fields)), ANY_VALUE, max_size=4)
    assert refusal(make_setting, theorem, data.draw(fields)) != ""


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=st.binary(max_size=40) | st.text(alphabet='[].="\nlinear-rate1', max_size=40).map(str.encode))
def test_any_bytes_as_configuration_are_settings_or_one_line(tmp_path, content):
    file = tmp_path / "verify.toml"
    file.write_bytes(content)
    line = refusal(read_config, file, [theorems.load(name) for name in theorems.names()])
    assert line is None or len(line.splitlines()) == 1
