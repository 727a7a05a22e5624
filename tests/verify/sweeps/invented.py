"""Tables of sweeps that never ran, whose laws are known."""

from __future__ import annotations

import pyarrow as pa

from verify.sweeps.table import COLUMNS

KINDS = {"seed": pa.int64(), "measured": pa.float64(), "bound": pa.float64(), "tightness": pa.float64()}
KINDS |= {"slack": pa.float64(), "budget": pa.float64(), "seconds": pa.float64()}
KINDS |= {"least_ratio": pa.float64(), "largest_ratio": pa.float64()}


def table_of(rows):
    """A table of rows given as mappings; what a row leaves out has a default."""
    default = {
        **{name: None if name in KINDS else "" for name in COLUMNS},
        "seed": 0,
        "claim": "C",
        "verdict": "VERIFIED",
        "quantity": "q",
        "relation": "<=",
        "setting": "{}",
        "rates": "{}",
        "counts": "{}",
    }
    whole = [{**default, "compared": row.get("verdict", "VERIFIED"), **row} for row in rows]
    names = list(whole[0]) if whole else list(COLUMNS)
    columns = {name: pa.array([row[name] for row in whole], KINDS.get(name)) for name in names}
    return pa.table(columns)


def tosses(probability, xs, ys, seeds, rng):
    """A row for each x, y and seed: VERIFIED where a coin of `probability(x, y, seed)` falls so."""
    return [
        {
            "width": x,
            "samples": y,
            "seed": seed,
            "verdict": "VERIFIED" if rng.random() < probability(x, y, seed) else "VIOLATED",
        }
        for x in xs
        for y in ys
        for seed in range(seeds)
    ]


def settled(counts, xs, ys, drawn):
    """Rows in which the first counts[y][x] of `drawn` seeds are VERIFIED and the others VIOLATED."""
    return [
        {"width": x, "samples": y, "seed": seed, "verdict": "VERIFIED" if seed < counts[j][i] else "VIOLATED"}
        for j, y in enumerate(ys)
        for i, x in enumerate(xs)
        for seed in range(drawn)
    ]
