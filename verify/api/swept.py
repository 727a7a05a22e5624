"""A finished sweep: its table, and in how many cells each claim was verified."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from markupsafe import Markup

from verify.api.rows import Rows, badge
from verify.sweeps.asked import Sweep as Asked
from verify.sweeps.summary import claims_of
from verify.sweeps.sweep import TABLE, Swept
from verify.theorem.verdicts import Verdict

SHOWN = ("worst", "id", "text", "verified", "cells", "others")


class Sweep:
    """A sweep, as `verify.sweep` gives it; what it found lies in `folder`."""

    def __init__(self, asked: Asked, found: Swept) -> None:
        self._asked, self._found = asked, found

    @property
    def folder(self) -> Path:
        """Where the table and `sweep.json` lie."""
        return self._found.folder

    @property
    def verdict(self) -> Verdict:
        """The worst of the finished cells."""
        return self._found.verdict

    @property
    def whole(self) -> bool:
        """Whether every cell is finished; the same call goes on with the others."""
        return self._found.whole

    @property
    def table(self) -> pa.Table:
        """A row a claim and seed, as docs/sweeps.md describes it; ``sweep.table.to_pandas()`` with pandas."""
        return pq.read_table(self.folder / TABLE)

    @property
    def claims(self) -> Rows:
        """A dict for each claim: id, text, worst verdict, verified in how many of how many cells.

        low and high are the 95% Clopper-Pearson interval of that share; others says how the rest came out.
        """
        rows = (
            {
                "id": one.claim,
                "text": one.text,
                "worst": str(one.worst),
                "verified": one.verified,
                "cells": one.cells,
                "low": one.interval[0],
                "high": one.interval[1],
                "others": one.others,
            }
            for one in claims_of(self._found, self._asked.theorem)
        )
        return Rows(rows, SHOWN)

    @property
    def _title(self) -> str:
        return f"{self._asked.theorem.NAME}  {'; '.join(self._found.remarks)}  table: {self.folder / TABLE}"

    def __repr__(self) -> str:
        return f"{self.verdict}  {self._title}\n{self.claims}"

    def _repr_html_(self) -> str:
        head = Markup("<div>{} {}</div>").format(badge(self.verdict), self._title)
        return str(head + self.claims.html())
