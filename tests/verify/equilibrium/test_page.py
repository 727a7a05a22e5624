"""What docs/equilibrium-checks.md shows runs as it stands."""

import re
import sys
import types
from pathlib import Path

import pytest

DOCUMENT = (Path(__file__).parents[3] / "docs" / "equilibrium-checks.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```python\n# (\w+)\.py\n(.*?)^```", DOCUMENT, flags=re.DOTALL | re.MULTILINE))


@pytest.fixture
def load(monkeypatch):
    """Runs one of the page's files as a module."""

    def run(name):
        module = types.ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(FILES[name], f"{name}.py", "exec"), module.__dict__)
        return module

    return run


def test_the_layer_passes_and_the_one_with_a_bug_does_not(load, equilibrium_checks, capsys):
    load("deq")
    load("test_deq").test_layer(equilibrium_checks)
    report = load("test_bug").report
    shown = re.search(r"^The table has\n\n```\n(.*?)^```", DOCUMENT, flags=re.DOTALL | re.MULTILINE)[1]
    digits = r"\d[\d.e+-]*"
    assert re.sub(digits, "#", shown) in re.sub(digits, "#", capsys.readouterr().out)
    rows = re.findall(r"^\| ([a-z -]+?)(?: \(informative\))? \|", DOCUMENT, flags=re.MULTILINE)
    assert rows[1:] == [found.name for found in report.findings]
    informative = re.findall(r"^\| ([a-z -]+) \(informative\) \|", DOCUMENT, flags=re.MULTILINE)
    assert informative == [found.name for found in report.findings if not found.required]


def test_torchdeq(load, equilibrium_checks):
    pytest.importorskip("torchdeq")
    load("test_torchdeq").test_net(equilibrium_checks)
