"""A theorem made to be searched, whose claims are true, false in a corner, or false without a hypothesis.

Statement. Nothing that anyone would want to know.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from verify.theorem.claims import Claims, Constant
from verify.theorem.compare import at_least, at_most, equal
from verify.theorem.errors import InputError
from verify.theorem.settings import BaseSetting
from verify.theorem.space import Entries, Real, Space, Whole

NAME = "toy"
TITLE = "A theorem made to be searched"
SOURCES = ("nobody",)
CLAIMS = Claims("nobody")


class Setting(BaseSetting):
    """What varies."""

    size: int = Field(3, ge=1, le=5, description="entries of a")
    scale: float = Field(1.0, ge=0, le=10, description="a number")
    rough: float = Field(1e-2, ge=0, le=1, description="an error that no budget covers")
    brittle: bool = Field(False, description="whether a claim breaks")
    start: str | None = Field(None, description="a, in FILE.npz; default: 0")


@dataclass(frozen=True)
class Problem:
    """a and the setting."""

    a: NDArray[np.float64]
    setting: Setting


def build(setting):
    """From a file, or 0."""
    a = np.zeros(setting.size)
    if setting.start:
        with np.load(setting.start) as file:
            a = file["a"]
    if len(a) != setting.size:
        raise InputError(f"a has {len(a)} entries: use --size {len(a)}")
    return Problem(a, setting)


def integrate(problem, progress):
    """No path is needed."""
    return problem


@CLAIMS.hypothesis("T-H", "scale <= 5", otherwise=lambda problem: "too large: use --scale 5")
def small(problem, limit=5.0):
    return at_most("scale", problem.setting.scale, limit, budget={})


@CLAIMS.step("T-true", "||a||^2 >= 0")
def true(problem, off=0.0):
    return at_least("||a||^2 + 1", problem.a @ problem.a + 1, 1 + off, budget={"rounding": 1e-12})


true.false("more than 0.001", why="a may be 0", setting={}, off=1e-3)
true.false("less than nothing", why="it is not", setting={}, off=-1.0)


@CLAIMS.step("T-corner", "sum tanh(a_i) <= 0.9 n")
def corner(problem, share=0.9):
    return at_most(
        "sum tanh(a)", np.tanh(problem.a).sum(), share * len(problem.a), budget={"rounding": 1e-12}
    )


@CLAIMS.conclusion("T-given", "scale <= 6, if scale <= 5", given=(small,))
def given(problem, limit=6.0):
    moved = problem.setting.scale + 1e-3 * np.tanh(problem.a[0])
    return at_most("scale + tanh(a_1)/1000", moved, limit, budget={})


def gentle(problem):
    """ "" where it is."""
    return "" if problem.setting.scale < 2 else "scale is 2 or more: lower --scale"


@CLAIMS.conclusion("T-condition", "scale <= 3, if scale < 2", given=(gentle,))
def conditional(problem, limit=3.0):
    return at_most("scale", problem.setting.scale, limit, budget={})


@CLAIMS.step("T-needless", "scale <= 20, if scale <= 5", given=(small,))
def needless(problem, limit=20.0):
    return at_most("scale", problem.setting.scale, limit, budget={})


@CLAIMS.step("T-rough", "1 = 1, by an integrator whose error no budget covers")
def rough(problem, sign=1):
    return equal("1", 1 + problem.setting.rough, 1, budget={"rounding": 1e-6}, resolution=1e-3)


@CLAIMS.step("T-breaks", "it does")
def breaks(problem, times=1):
    if problem.setting.brittle and problem.setting.scale < 3:
        raise RuntimeError("a small scale")
    return at_least("1", 1.0, 0.0, budget={})


@CLAIMS.step("T-law", "1 = 1")
def law(one=1):
    return equal("1", one, 1, budget={}, resolution=1e-9)


@CLAIMS.step("T-open", "a_1 <= C", constant=Constant(lambda problem: 1.0))
def open_constant(problem, limit=0.0):
    return at_most("a_1", problem.a[0], limit, budget={})


open_constant.false("a_1 <= -2", why="it is 0", setting={}, limit=-2.0)

SEARCH = (
    Space(
        "start",
        options={"size": Whole(2, 3), "scale": Real(0.0, 10.0)},
        files={"start": lambda options: {"a": Entries((options["size"],))}},
        tight={"rough": 0.0},
    ),
    Space("no file", fixed={"size": 1, "rough": 0.0}, options={"scale": Real(0.1, 10.0, log=True)}),
)
