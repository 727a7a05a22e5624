"""The least that lambda_min(D) can be over all A and B, against the two floors known before training.

    python benchmarks/floor_of_d.py

D is at least U^{-T} U^{-1} (x) I, and comes as close to it as one likes where the columns of
softmax(A) tend to unit vectors, since the softmax Jacobians vanish there. So the infimum of
lambda_min(D) over all (A, B) is the inverse of the largest ||I - gamma S||^2 over column-stochastic
S; that norm is convex in S and hence largest where each column is a unit vector, k -> f(k). Up to m
= 6 all m^m maps f are tried, beyond that local search from random maps changes one column at a
time; both find the same f: all columns go to one unit, and that unit to another. lambda_min(D)
itself, of the suite's own operator, is then evaluated next to that f. Writes
results/laws/floor.json and floor.md.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verify.linear_deq.model import DeepEquilibriumLinear
from verify.linear_deq.spectrum import FlowOperator, smallest_eigenvalue_floors

Array = NDArray[np.float64]

GAMMAS = (0.3, 0.5, 0.9)

#: Widths of which every map is tried, and wider ones that are searched, each from so many random maps.
TRIED, SEARCHED, STARTS = (2, 3, 4, 5, 6), (8, 16, 32), 8

#: Widths of which the closed form alone is given.
WIDE = (100, 1000, 10_000, 1_000_000)

#: Size of the entries of A that put softmax(A) next to a map.
SHARP = 40.0

FOLDER = Path(__file__).parents[1] / "results" / "laws"


def squared_norm(target: NDArray[np.int64], gamma: float) -> float:
    """``||I - gamma S||^2`` where column k of S is the unit vector number ``target[k]``."""
    m = len(target)
    u = np.eye(m)
    u[target, np.arange(m)] -= gamma
    return float(np.linalg.norm(u, 2) ** 2)


def star(m: int) -> NDArray[np.int64]:
    """All units go to unit 0, and that to unit 1."""
    return np.array([1] + [0] * (m - 1))


def star_norm(m: int, gamma: float) -> float:
    """`squared_norm` of the star: all happens in the span of e_0, e_1 and the sum of the others."""
    s = np.sqrt(m - 2)  # 0 for m = 2, where there are no others
    u = np.array([[1, -gamma, -gamma * s], [-gamma, 1, 0], [0, 0, 1]])
    return float(np.linalg.norm(u, 2) ** 2)


def tried(m: int, gamma: float) -> float:
    """The largest squared norm of all maps."""
    return max(squared_norm(np.array(f), gamma) for f in itertools.product(range(m), repeat=m))


def searched(m: int, gamma: float, rng: np.random.Generator) -> float:
    """The largest found by changing one column at a time, as long as that helps, from random maps."""
    best = 0.0
    for _ in range(STARTS):
        f = rng.integers(0, m, m)
        now, before = squared_norm(f, gamma), 0.0
        while now > before:
            before = now
            for column, to in itertools.product(rng.permutation(m), range(m)):
                other = f.copy()
                other[column] = to
                if (size := squared_norm(other, gamma)) > now + 1e-12:
                    f, now = other, size
        best = max(best, now)
    return best


def eigenvalue(m: int, gamma: float) -> float:
    """``lambda_min(D)`` of the suite's operator, where softmax(A) is next to the star, at a random B."""
    a = np.zeros((m, m))
    a[star(m), np.arange(m)] = SHARP
    b = np.random.default_rng(0).standard_normal((2, m))
    model = DeepEquilibriumLinear(m, 2, gamma)
    state = model.at(model.pack(a, b))
    return float(1 / np.linalg.eigvalsh(FlowOperator(state).dense_inverse())[-1])


def main() -> None:
    """Search, compare, write."""
    rows = []
    for gamma in GAMMAS:
        for m in (*TRIED, *SEARCHED, *WIDE):
            norm = star_norm(m, gamma)
            found = (
                tried(m, gamma)
                if m in TRIED
                else searched(m, gamma, np.random.default_rng(m))
                if m in SEARCHED
                else None
            )
            printed, sharper = smallest_eigenvalue_floors(m, gamma)
            rows.append(
                {
                    "m": m,
                    "gamma": gamma,
                    "least lambda_min(D)": 1 / norm,
                    "by search": None if found is None else 1 / found,
                    "lambda_min(D) there": eigenvalue(m, gamma) if m <= max(SEARCHED) else None,
                    "over 1/(m (1+gamma)^2)": 1 / norm / printed,
                    "over 1/(1+gamma sqrt(m))^2": 1 / norm / sharper,
                }
            )
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "floor.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    lines = ["# The least lambda_min(D)", "", "    python benchmarks/floor_of_d.py", ""]
    lines += ["| " + " | ".join(rows[0]) + " |", "|" + " --- |" * len(rows[0])]
    lines += ["| " + " | ".join("" if v is None else f"{v:.6g}" for v in row.values()) + " |" for row in rows]
    (FOLDER / "floor.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines[4:]))


if __name__ == "__main__":
    main()
