"""How the house is built: small files, imports that go one way, no circle."""

from __future__ import annotations

import ast
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Longest file, in lines.
LONGEST = 400

#: Rooms from the ground up: each may import from those below it, and from itself.
FLOORS = (
    {"verify"},
    {"verify.theorem"},
    {"verify.numerics", "verify.plots"},
    {"verify.losses", "verify.flow", "verify.data"},
    {"verify.linear_deq", "verify.relu_deq"},
    {"verify.records"},
    {"verify.contract", "verify.views"},
    {"verify.runs"},
    {"verify.certificates", "verify.equilibrium", "verify.search", "verify.sweeps"},
    {"verify.figures"},
    {"verify.library"},
    {"theorems"},
    {"verify.papers"},
    {"verify.commands"},
    {"verify.app"},
    {"verify.api"},
    {"cli", "verify.__main__"},
)

#: Neither knows the other: theorems are handed to the commands by `verify.app`, which assembles both.
STRANGERS = {("verify.commands", "theorems")}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def sources() -> dict[str, Path]:
    files = [*(ROOT / "verify").rglob("*.py"), *(ROOT / "theorems").rglob("*.py"), ROOT / "cli.py"]
    return {name_of(path): path for path in files}


def imported(path: Path, known: dict[str, Path]) -> set[str]:
    """Modules that a file imports, those for types alone included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= parts & known.keys() or {node.module} & known.keys()
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & known.keys()
    return found - {name_of(path)}


def room(module: str) -> str:
    """The package below `verify`, or else the top-level one."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "verify" else parts[0]


def floor(of: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if of in rooms)


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    known = sources()
    return {name: imported(path, known) for name, path in known.items()}


@pytest.mark.parametrize("path", [*sources().values(), *(ROOT / "tests").rglob("*.py")], ids=str)
def test_no_file_is_too_long_to_live_in(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_every_room_has_a_floor(graph):
    assert {room(module) for module in graph} == set().union(*FLOORS)


def test_arrows_go_down_only(graph):
    up = [
        f"{module} -> {other}"
        for module, others in graph.items()
        for other in others
        if room(module) != room(other) and floor(room(module)) <= floor(room(other))
    ]
    assert up == []


def test_the_commands_know_no_theorem(graph):
    met = [(m, o) for m, others in graph.items() for o in others if (room(m), room(o)) in STRANGERS]
    assert met == []


def test_there_is_no_circle(graph):
    rooms = defaultdict(set)
    for module, others in graph.items():
        rooms[room(module)] |= {room(other) for other in others} - {room(module)}
    TopologicalSorter(rooms).prepare()
    TopologicalSorter(graph).prepare()  # nor one of files, imports for types alone included
