"""The table of a sweep: finished cells on disk, each at once, and all of them as one Parquet file.

A cell is a file of its own as soon as it is done; now and then such files become one. A file appears whole or
not at all, and is removed only after its rows stand in a later one, so that whatever is killed loses nothing
that was finished. The rows of a cell that stands in several files are those of the last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from verify.records.directory import write_file_whole
from verify.sweeps.cells import Row
from verify.theorem.verdicts import Verdict

#: Cells in files of their own before they become one file.
TOGETHER = 200

#: Texts that few rows have to themselves.
WORD = pa.dictionary(pa.int32(), pa.string())

#: The columns beside those of the swept options.
COLUMNS: Mapping[str, pa.DataType] = {
    "cell": pa.string(),
    "seed": pa.int64(),
    "claim": pa.string(),
    "verdict": pa.string(),
    "compared": pa.string(),
    "run": pa.string(),
    "quantity": WORD,
    "relation": WORD,
    **dict.fromkeys(
        ("measured", "bound", "slack", "budget", "least_ratio", "largest_ratio", "tightness"), pa.float64()
    ),
    "message": WORD,
    "setting": WORD,
    "rates": WORD,
    "counts": WORD,
    "seconds": pa.float64(),
}


def schema_for(swept: Mapping[str, Collection[Any]]) -> pa.Schema:
    """Columns of a sweep over some options, each with the values that it takes."""
    options = {name: _kind({type(value) for value in values}) for name, values in swept.items()}
    head = {name: COLUMNS[name] for name in ("cell", "seed")}
    return pa.schema({**head, **options, **COLUMNS})


def _kind(types: Collection[type]) -> pa.DataType:
    """What holds values of all these types."""
    if set(types) <= {int}:
        return pa.int64()
    return pa.float64() if set(types) <= {int, float} else pa.string()


class Finished:
    """The finished cells of a sweep in a folder.

    Only one process may write there. `verdicts` has that of every cell that is there, by its key.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder, self._schema = folder, schema
        self._texts = [field.name for field in schema if field.type == pa.string()]
        folder.mkdir(parents=True, exist_ok=True)
        self._number = max((int(path.stem) for path in self._files()), default=0)
        self._last: dict[str, Path] = {}
        self.verdicts: dict[str, Verdict] = {}
        counts = {
            path: self._note(path, pq.read_table(path, columns=["cell", "run"])) for path in self._files()
        }
        self._single = [path for path, count in counts.items() if count == 1]

    def add(self, rows: Sequence[Row]) -> None:
        """Keep the rows of one cell; they are on disk when this returns."""
        self._single.append(self._write(pa.Table.from_pylist(list(map(self._typed, rows)), self._schema)))
        if len(self._single) >= TOGETHER:
            self._join()

    def write_table(self, file: Path, cells: Collection[str]) -> None:
        """All rows of these cells as one file, a few at a time: any number of them fits into memory."""
        partial = file.with_name(f".{file.name}")
        with pq.ParquetWriter(partial, self._schema) as writer:
            for table in self._tables(cells):
                writer.write_table(table)
        partial.replace(file)

    def _tables(self, cells: Collection[str]) -> Iterator[pa.Table]:
        """The rows of these cells, file by file, each cell from the last file that has it."""
        for path in self._files():
            yield self._rows(path, cells)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.parquet"))

    def _write(self, table: pa.Table) -> Path:
        self._number += 1
        path = self._folder / f"{self._number:08}.parquet"
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        write_file_whole(path, sink.getvalue().to_pybytes())
        self._note(path, table)
        return path

    def _join(self) -> None:
        """Make one file of those that hold a cell each."""
        joined = [self._rows(path, self._last.keys()) for path in self._single]
        self._write(pa.concat_tables(joined).combine_chunks())
        for path in self._single:
            path.unlink()
        self._single = []

    def _rows(self, path: Path, cells: Collection[str]) -> pa.Table:
        """The rows of those cells of which this is the last file."""
        table = pq.read_table(path)
        there = pc.unique(table["cell"]).to_pylist()
        current = [cell for cell in there if cell in cells and self._last[cell] == path]
        return table.filter(pc.is_in(table["cell"], pa.array(current, pa.string())))

    def _note(self, path: Path, table: pa.Table) -> int:
        """Remember that a file is the last that has the cells of this table; how many they are."""
        runs = dict(zip(table["cell"].to_pylist(), map(Verdict, table["run"].to_pylist()), strict=True))
        self.verdicts |= runs
        self._last |= dict.fromkeys(runs, path)
        return len(runs)

    def _typed(self, row: Row) -> Row:
        """A row whose texts are texts: an option may be a number in one cell and a word in another."""
        return {**row, **{name: str(row[name]) for name in self._texts if row.get(name) is not None}}
