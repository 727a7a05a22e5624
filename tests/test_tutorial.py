"""The tutorial: the notebook is what its script makes, and it runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import nbformat
import pytest

MAKER = Path(__file__).parents[1] / "docs" / "make_tutorial.py"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_tutorial", MAKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_notebook_is_that_of_the_script(maker):
    notebook = nbformat.read(maker.NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert [(cell["cell_type"], cell["source"]) for cell in notebook.cells] == maker.cells()
    assert [cell["execution_count"] for cell in notebook.cells if cell["cell_type"] == "code"] == list(
        range(1, 1 + sum(kind == "code" for kind, _ in maker.cells()))
    )


def test_tutorial_runs(maker):
    """Whatever a cell raises, an assertion of its own included, is raised here."""
    notebook = maker.run_notebook()
    code = [cell for cell in notebook.cells if cell["cell_type"] == "code"]
    warned = [out["text"] for cell in code for out in cell["outputs"] if out.get("name") == "stderr"]
    assert warned == []
    shown = {kind for cell in code for out in cell["outputs"] for kind in out.get("data", ())}
    assert shown == {"text/plain", "text/html", "image/png"}
    assert "nothing moved" in str(code[-1]["outputs"])
