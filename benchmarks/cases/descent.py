"""Descent: products that warm and extrapolated equilibria save. They are counted, and nothing is timed."""

from __future__ import annotations

from typing import Any

from benchmarks.cases import plain, relu
from benchmarks.cases.implicit import descent_products
from verify.relu_deq.descent import stable_step

#: Steps of the plain network in units of 1/lambda_max(H): as short as the other's, and those of ling-1.
SHARES = (4e-4, 1.0)


def counted(quick: bool) -> dict[str, Any]:
    """Products of descent steps, warm and cold, of both networks; JSON-ready."""
    steps, size = (10, 60) if quick else (50, 300)
    sizes = {"m": size, "n": size, "d": size}
    state, targets = relu.network(size, size, size)
    rows = [
        {
            "network": "Gao et al.",
            "step": "1e-3/n",
            "size": sizes,
            **descent_products(state, targets, 1e-3 / size, steps),
        }
    ]
    state, targets = plain.network(size, size, size)
    longest = stable_step(state)
    rows += [
        {
            "network": "Ling et al.",
            "step": f"{share:g}/lambda_max(H)",
            "size": sizes,
            **descent_products(state, targets, share * longest, steps),
        }
        for share in SHARES
    ]
    return {
        "kind": "descent",
        "name": "descent",
        "title": "Descent: products with A and its transpose",
        "rows": rows,
    }
