"""What a sweep found, claim by claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow.compute as pc
import pyarrow.parquet as pq

from verify.numerics.statistics import proportion_interval
from verify.sweeps.sweep import TABLE, Swept
from verify.theorem.protocol import Theorem
from verify.theorem.verdicts import Verdict, worst
from verify.views.terminal import SweptClaim


def claims_of(found: Swept, theorem: Theorem) -> Sequence[SweptClaim]:
    """Every claim that was judged: in how many cells it came out how."""
    table = pq.read_table(found.folder / TABLE, columns=["claim", "verdict"])
    texts = {claim.id: claim.text for claim in theorem.CLAIMS.claims}
    rows = []
    for claim, text in texts.items():
        own = table.filter(pc.equal(table["claim"], claim))
        if own.num_rows == 0:
            continue
        verdicts = Counter(map(Verdict, own["verdict"].to_pylist()))
        verified, cells = verdicts.pop(Verdict.VERIFIED, 0), own.num_rows
        worst_one = worst(verdicts or [Verdict.VERIFIED])
        others = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
        interval = proportion_interval(verified, cells)
        rows.append(SweptClaim(claim, text, worst_one, verified, cells, interval, others))
    return rows
