"""Whose code it is, and where: package, file and line of what a theorem module has, returns or raises."""

from __future__ import annotations

import ast
import inspect
import traceback
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

#: Entry-point group through which other packages add theorem modules.
ENTRY_POINT_GROUP = "verify.theorems"


def package_of(name: str) -> str:
    """The package that adds the theorem of that name; "" for a built-in one."""
    entry = next(iter(entry_points(group=ENTRY_POINT_GROUP, name=name)), None)
    return entry.dist.name if entry and entry.dist else ""


def home_of(found: object) -> str:
    """The name of the module that a theorem is, or was made in."""
    return str(getattr(found, "__name__", type(found).__module__))


def place_of(found: object, attribute: str = "") -> str:
    """File and line of an attribute such as `CLAIMS` or `Setting.step`; less where that is not known."""
    module = inspect.getmodule(found)
    try:
        file, body = inspect.getsourcefile(module), ast.parse(inspect.getsource(module)).body  # type: ignore[arg-type]
    except (OSError, TypeError, SyntaxError):
        return ""
    return _place(file or "", _line(body, attribute.split(".")))


def place_of_member(owner: object, name: str) -> str:
    """File and line of a property of a result, or else of its class; "" where there is no source."""
    kind = type(owner)
    member = inspect.getattr_static(kind, name, kind)
    candidates: tuple[Any, ...] = (getattr(member, "fget", None), getattr(member, "func", None), member, kind)
    for candidate in candidates:
        try:
            return _place(inspect.getsourcefile(candidate) or "", inspect.getsourcelines(candidate)[1])
        except (OSError, TypeError):
            continue
    return ""


def place_of_function(function: Callable[..., object]) -> str:
    """File and line of a function; "" where there is no source."""
    try:
        return _place(inspect.getsourcefile(function) or "", inspect.getsourcelines(function)[1])
    except (OSError, TypeError):
        return ""


def place_of_problem(problem: BaseException, home: str) -> str:
    """File and line where an exception left the package that contains the module `home`."""
    if isinstance(problem, SyntaxError) and problem.filename:
        return _place(problem.filename, problem.lineno)
    package = home.partition(".")[0]
    lines = [
        _place(frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(problem.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package
    ]
    return lines[-1] if lines else ""


def _place(file: str, line: int | None) -> str:
    path = Path(file)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}:{line}" if line else str(shown)


def _line(body: Iterable[ast.stmt], path: Sequence[str]) -> int | None:
    """The line of the statement that gives a name, of a class or of what is in it."""
    for node in body:
        if path[0] in _given(node):
            inner = _line(node.body, path[1:]) if isinstance(node, ast.ClassDef) and path[1:] else None
            return inner or node.lineno
    return None


def _given(node: ast.stmt) -> set[str]:
    """The names that a statement gives."""
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return {node.name}
        case ast.ImportFrom():
            return {alias.asname or alias.name for alias in node.names}
        case ast.Assign() | ast.AnnAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return {part.id for of in targets for part in ast.walk(of) if isinstance(part, ast.Name)}
    return set()
