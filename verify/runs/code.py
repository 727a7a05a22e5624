"""The version of the code that a number comes from: its source, and the packages whose rounding is in it."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

#: Packages whose rounding is in the numbers.
PACKAGES = ("numpy", "scipy", "scikit-learn", "scikit-sundae", "torch")


@cache
def code_version(*modules: str) -> str:
    """Digest of modules' sources, of all modules of their projects they import, and of `PACKAGES`."""
    digest = hashlib.sha256()
    sources = {name: path for module in modules for name, path in _sources(module).items()}
    for name, path in sorted(sources.items()):
        digest.update(f"{name}\n".encode() + path.read_bytes())
    for package in PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    return digest.hexdigest()[:16]


def _sources(module: str) -> dict[str, Path]:
    """Source files of a module and of what it imports from its project, by module name."""
    found: dict[str, Path] = {}
    queue = [module]
    projects = {module.partition(".")[0], __name__.partition(".")[0]}
    while queue:
        name = queue.pop()
        if name in found or name.partition(".")[0] not in projects:
            continue
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:  # `from module import function` names no module
            continue
        if spec is None or spec.origin is None:
            continue
        found[name] = Path(spec.origin)
        queue += _imported(found[name].read_text(encoding="utf-8"))
    return found


def _imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
