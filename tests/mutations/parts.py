"""Which parts of the suite a file can change: those whose code imports it, directly or not."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import theorems
from tests.mutations.judging import SELF_TEST, parts_of

#: What judges every theorem, so that a mistake there can show in each.
SHARED = (
    "verify/app.py",
    "verify/theorem",
    "verify/runs",
    "verify/records",
    "verify/contract",
    "verify/commands",
)


def parts_for(file: str, root: Path, expected: str = "") -> Sequence[str]:
    """The parts that a change of `file` can reach, the `expected` one first."""
    shared = file.startswith(SHARED)
    reached = [name for name, module in theorems.BUILT_IN.items() if shared or file in closure(module, root)]
    parts = [part for name in reached for part in parts_of(name)] + [SELF_TEST] * shared
    return sorted(parts, key=lambda part: part != expected)


@cache
def closure(module: str, root: Path) -> frozenset[str]:
    """The files below `root` that a module imports, those inside functions included, with their packages."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        parts = waiting.pop().split(".")
        for length in range(1, len(parts) + 1):
            stem = root.joinpath(*parts[:length])
            for file in (stem.with_suffix(".py"), stem / "__init__.py"):
                name = str(file.relative_to(root))
                if file.is_file() and name not in found:
                    found.add(name)
                    waiting += _imported(file)
    return frozenset(found)


def _imported(file: Path) -> list[str]:
    """Names that may be modules, as a file imports them."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found
