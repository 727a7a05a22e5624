"""The width that lambda_min(G(0)) >= 3/4 lambda_0 needs on random inputs, and how it grows with their number.

    python benchmarks/width_law.py

writes results/tables/width_law.json: for every n and draw the smallest width from which on the premise holds,
and the exponent of n, fitted in two ranges, with its 95% interval.
"""

from __future__ import annotations

import json
from itertools import accumulate
from pathlib import Path

import numpy as np

from verify.data.samples import sphere
from verify.numerics.statistics import power_law
from verify.relu_deq.kernels import arc_cosine_kernel, sampled_kernel

#: Numbers of samples in each range, draws, the widest network over n, and blocks in which width grows, per n.
RANGES, DRAWS, WIDEST, BLOCK = ((8, 16, 32, 64), (32, 64, 128, 256)), 12, 40, 8

TABLE = Path(__file__).parents[1] / "results" / "tables" / "width_law.json"


def needed_width(samples: int, seed: int) -> int:
    """The smallest multiple of samples/8 from which on the premise holds, for one draw."""
    rng = np.random.default_rng([samples, seed])
    inputs = sphere(samples, rng).features
    lambda_0 = float(np.linalg.eigvalsh(arc_cosine_kernel(inputs))[0])
    block = samples // BLOCK
    widths = block * np.arange(1, WIDEST * BLOCK + 1)
    totals = accumulate(block * sampled_kernel(inputs, block, rng) for _ in widths)
    lowest = [np.linalg.eigvalsh(total / width)[0] for total, width in zip(totals, widths, strict=True)]
    below = np.flatnonzero(np.array(lowest) < 0.75 * lambda_0)
    return int(widths[below[-1] + 1])


def main() -> None:
    """Measure, fit, write."""
    sizes = sorted({n for numbers in RANGES for n in numbers})
    widths = {n: [needed_width(n, seed) for seed in range(DRAWS)] for n in sizes}
    fits = []
    for numbers in RANGES:
        law = power_law(numbers, np.array([widths[n] for n in numbers], dtype=float))
        fits.append({"n": numbers, "exponent": law.slope, "half_width": law.half_width})
        print(f"n = {numbers[0]} to {numbers[-1]}: exponent {law.slope:.3f} +- {law.half_width:.3f}")
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(json.dumps({"widths": widths, "fits": fits}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
