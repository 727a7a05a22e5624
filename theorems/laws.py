"""The sweeps of the preset `laws`, with the exponents that their papers print.

Printed are exponents of n at a fixed smallest eigenvalue of the limit kernel. On a sphere of a fixed
dimension that falls as n grows, by a power of about 3/4: a measured exponent below the printed one is all the
more below what the condition asks for here.
"""

from __future__ import annotations

from verify.sweeps.laws import LawSweep, Printed

#: Draws of each setting: as many as the 95% interval of a contour at 90% needs, 36, and some to fail.
SEEDS = 100

LAWS = (
    LawSweep(
        name="relu-start",
        theorem="relu-convergence",
        claim="G-start",
        over={"width": (50, 70, 100, 140, 200, 280, 400, 560, 800), "samples": (8, 16, 32, 64)},
        seeds=SEEDS,
        fixed={"data": "sphere"},
        kind="needed",
        of="width",
        against="samples",
        printed=(Printed(2, "Theorem 3.1"), Printed(3, "Lemma 3.5")),
    ),
    LawSweep(
        name="relu-limit",
        theorem="relu-convergence",
        claim="G-L3.3",
        over={"width": (50, 100, 200, 400, 800)},
        seeds=SEEDS,
        fixed={"data": "sphere", "samples": 10},
        kind="power",
        of="measured",  # ||G(0) - G^inf|| over lambda_0, which for a seed is the same at every width
        against="width",
        printed=(Printed(-0.5, "proof of Lemma 3.3"),),
    ),
    LawSweep(
        name="ling-start",
        theorem="ling-convergence",
        claim="L-T2",
        over={"width": (20, 28, 40, 56, 80, 110, 160, 220, 320), "samples": (5, 10, 20, 40)},
        seeds=SEEDS,
        fixed={},
        kind="needed",
        of="width",
        against="samples",
        printed=(Printed(2, "Theorem 2"),),
    ),
)
