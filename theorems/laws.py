"""The sweeps of the preset `laws`: exponents that the papers print, and constants.

Printed are exponents of n at a fixed smallest eigenvalue of the limit kernel. On a sphere of a fixed
dimension that falls as n grows, by a power of about 3/4: a measured exponent below the printed one is all the
more below what the condition asks for here.
"""

from __future__ import annotations

from verify.sweeps.laws import LawAsked, LawSweep, Printed

#: Draws of each setting: as many as the 95% interval of a contour at 90% needs, 36, and some to fail.
SEEDS = 100

#: Draws of settings whose path is followed, which takes seconds each.
FOLLOWED = 8

LAWS = (
    LawSweep(
        name="relu-width",
        title="The width that lambda_min(G(0)) >= 3/4 lambda_0 needs",
        theorem="relu-convergence",
        claims=("G-start",),
        over={"width": (50, 70, 100, 140, 200, 280, 400, 560, 800), "samples": (8, 16, 32, 64)},
        seeds=SEEDS,
        fixed={"data": "sphere"},
        laws=(
            LawAsked(
                "G-start", "needed", "width", "samples", (Printed(2, "Theorem 3.1"), Printed(3, "Lemma 3.5"))
            ),
        ),
    ),
    LawSweep(
        name="ling-width",
        title="The width that lambda_0 >= (m/2) lambda_* needs",
        theorem="ling-convergence",
        claims=("L-T2",),
        over={"width": (20, 28, 40, 56, 80, 110, 160, 220, 320), "samples": (5, 10, 20, 40)},
        seeds=SEEDS,
        fixed={},
        laws=(LawAsked("L-T2", "needed", "width", "samples", (Printed(2, "Theorem 2"),)),),
    ),
    LawSweep(
        name="relu-limit",
        title="How fast G(0) tends to its limit",
        theorem="relu-convergence",
        claims=("G-L3.3",),
        over={"width": (50, 100, 200, 400, 800)},
        seeds=SEEDS,
        fixed={"data": "sphere", "samples": 10},
        laws=(  # measured is ||G(0) - G^inf|| over lambda_0, which for a seed is the same at every width
            LawAsked("G-L3.3", "power", "measured", "width", (Printed(-0.5, "proof of Lemma 3.3"),)),
        ),
    ),
    LawSweep(
        name="relu-step",
        title="The largest step of descent that keeps the rate, and the constants of Gao et al.",
        theorem="relu-convergence",
        claims=(),
        over={"samples": (4, 8, 16, 32)},
        seeds=FOLLOWED,
        fixed={"data": "sphere", "width": 200, "points": 9},
        laws=(
            LawAsked(
                "G-T3.2",
                "power",
                "largest step of descent",
                "samples",
                (Printed(-2, "Theorem 3.2, at a fixed lambda_0"),),
            ),
        ),
    ),
    LawSweep(
        name="linear-rate",
        title="The constants of Kawaguchi's Theorem 1",
        theorem="linear-rate",
        claims=(),
        over={"width": (4, 16, 64), "gamma": (0.3, 0.9)},
        seeds=FOLLOWED,
        fixed={"data": "synthetic", "outputs": 2, "points": 13, "rtol": 1e-8},
    ),
    LawSweep(
        name="linear-rate-aligned",
        title="The same where the rate is attained",
        theorem="linear-rate",
        claims=(),
        over={"width": (4, 16), "gamma": (0.3, 0.9)},
        seeds=FOLLOWED,
        fixed={"labels": "aligned", "alignment": 0.01, "outputs": 2, "points": 13},
    ),
    LawSweep(
        name="ling",
        title="The constants of Ling et al. along the path",
        theorem="ling-convergence",
        claims=(),
        over={"width": (100, 400), "samples": (3, 6)},
        seeds=FOLLOWED,
        fixed={"points": 9},
    ),
)
