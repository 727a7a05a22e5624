"""What a sweep leaves beside its table: the maps that were asked for, and the pages of the preset of laws."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from verify import plots
from verify.records.directory import write_file_whole, write_whole
from verify.sweeps.asked import Sweep
from verify.sweeps.constants import best_constants
from verify.sweeps.laws import LawSweep
from verify.sweeps.maps import success_map, value_map
from verify.sweeps.page import law_row, sweep_page, table_lines
from verify.sweeps.pictures import Part, figure_of
from verify.sweeps.sweep import TABLE, Swept
from verify.theorem.errors import InputError
from verify.views.markdown import code, plain

MAPS, PICTURES = "maps", "pictures"


@dataclass(frozen=True)
class LawFound:
    """A sweep of the preset, and what came of it.

    asked  the preset's entry
    sweep  what was swept
    found  where it lies
    """

    asked: LawSweep
    sweep: Sweep
    found: Swept


def parse_map(text: str, axes: Sequence[str]) -> tuple[str, str]:
    """The two options of ``--map X,Y``; InputError where they are not two that are swept."""
    names = [name.strip().replace("-", "_") for name in text.split(",")]
    if len(names) != 2 or names[0] == names[1] or not set(names) <= set(axes):
        swept = ",".join(axes[:2]) if len(axes) > 1 else "width,samples, both with --over"
        raise InputError(f"--map {text}: give two options that are swept, such as --map {swept}")
    return names[0], names[1]


def write_maps(sweep: Sweep, found: Swept, pairs: Sequence[tuple[str, str]]) -> Path:
    """Maps over pairs of options, with the best constants, in the sweep's folder; gives the page.

    For each claim how often it was VERIFIED; and the tightness, where runs have one.
    """
    table = pq.read_table(found.folder / TABLE)
    parts: dict[str, Part] = {}
    for x, y in pairs:
        for claim in sweep.claims:
            parts[f"{claim}-{x}-{y}"] = success_map(table, claim, x, y)
        if pc.count(table["tightness"]).as_py():
            parts[f"tightness-{x}-{y}"] = value_map(table, sweep.claims[0], x, y, "tightness")
    page = sweep_page(
        sweep.theorem.TITLE, sweep.command, parts, best_constants(table, sweep.theorem), PICTURES
    )
    shutil.rmtree(found.folder / MAPS, ignore_errors=True)

    def fill(folder: Path) -> None:
        _save(parts, folder / PICTURES)
        (folder / "maps.md").write_text(page, encoding="utf-8")

    return write_whole(found.folder, MAPS, fill) / "maps.md"


def write_laws(laws: Sequence[LawFound], folder: Path, command: str) -> Path:
    """The tables, pictures and pages of the preset in `folder`, over older ones; gives the first page."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / PICTURES, ignore_errors=True)
    rows: list[Sequence[str]] = []
    pictures: dict[str, Part] = {}
    for one in laws:
        name, table = one.asked.name, pq.read_table(one.found.folder / TABLE)
        shutil.copy(one.found.folder / TABLE, folder / f"{name}.parquet")
        parts: dict[str, Part] = {}
        for asked in one.asked.laws:
            law = asked.law(table)
            rows.append(law_row(law, f"{name}.md"))
            parts[f"{name}-law"] = law
            if law.kind == "needed":
                parts[f"{name}-map"] = success_map(table, law.claim, law.of, law.against)
        constants = best_constants(table, one.sweep.theorem)
        page = sweep_page(one.asked.title, one.sweep.command, parts, constants, PICTURES)
        write_file_whole(folder / f"{name}.md", page)
        pictures |= parts
    _save(pictures, folder / PICTURES)
    head = ["law", "of", "exponent", "95% interval", "printed"]
    links = [f"- [{plain(one.asked.title)}]({one.asked.name}.md): {one.found.cells} cells" for one in laws]
    lines = ["# Laws", "", code(command), "", *table_lines(head, rows), *links]
    write_file_whole(folder / "README.md", "\n".join(lines) + "\n")
    return folder / "README.md"


def _save(parts: Mapping[str, Part], folder: Path) -> None:
    with plots.style():
        plots.save({name: figure_of(part) for name, part in parts.items()}, folder)
