"""Makes docs/tutorial.ipynb from docs/tutorial.py: its cells, run, with what they show.

python docs/make_tutorial.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HERE = Path(__file__).parent
SOURCE, NOTEBOOK = HERE / "tutorial.py", HERE / "tutorial.ipynb"

#: The line that begins a cell.
MARK = re.compile(r"^# %%( \[markdown\])?\n", re.MULTILINE)

#: Seconds that one cell may take.
PATIENCE = 120


def cells() -> list[tuple[str, str]]:
    """Kind and source of every cell, in their order."""
    _, *parts = MARK.split(SOURCE.read_text(encoding="utf-8"))
    return [
        ("markdown", re.sub(r"^# ?", "", text.strip(), flags=re.MULTILINE))
        if mark
        else ("code", text.strip())
        for mark, text in zip(parts[::2], parts[1::2], strict=True)
    ]


def run_notebook() -> Any:
    """The notebook with what its cells show; nbclient's CellExecutionError where one fails."""
    made = [new_markdown_cell(text) if kind == "markdown" else new_code_cell(text) for kind, text in cells()]
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"  # the same at every making
    notebook = new_notebook(
        cells=made, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    client = NotebookClient(notebook, timeout=PATIENCE, kernel_name="python3", record_timing=False)
    return client.execute()


if __name__ == "__main__":
    nbformat.write(run_notebook(), NOTEBOOK)
