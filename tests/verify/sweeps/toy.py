"""A theorem of milliseconds, whose cells can break, die, or be slow."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from pydantic import Field

from verify.theorem.claims import Claims
from verify.theorem.compare import at_most
from verify.theorem.errors import InputError
from verify.theorem.settings import BaseSetting


class Setting(BaseSetting):
    """What can be swept."""

    size: int = Field(1, ge=1, le=100, description="size")
    ratio: float = Field(0.5, gt=0, le=2, description="ratio")
    word: str = Field("fine", description="what happens: fine, refuse, raise, die, or die once, at a path")
    pause: float = Field(0.0, ge=0, description="seconds")


CLAIMS = Claims("nowhere")


@CLAIMS.hypothesis("T-H", "ratio <= 1", otherwise=lambda problem: "use --ratio 1 or less")
def small(problem):
    return at_most("ratio", problem.ratio, 1.0 + 1e-9, budget={"rounding": 1e-12})


@CLAIMS.conclusion("T", "a draw is at most 1", given=[small])
def bounded(path):
    return at_most("draw", path.draws, 1.0, budget={"rounding": 1e-12}, where={"number": np.arange(5)})


@CLAIMS.step("T-L", "1 <= 2")
def law():
    return at_most("one", 1.0, 2.0, budget={"rounding": 0.0})


@dataclass(frozen=True)
class Toy:
    """A theorem as an object, so that it need not be installed."""

    NAME = "toy"
    TITLE = "Toy"
    SOURCES = ("nowhere",)
    CLAIMS = CLAIMS
    Setting = Setting
    STATEMENT = "It is so."

    def build(self, setting):
        if setting.word == "refuse":
            raise InputError("no such word: use another")
        if setting.word == "raise":
            raise ZeroDivisionError("broken")
        if setting.word == "die" or (setting.word.startswith("/") and not Path(setting.word).exists()):
            if setting.word != "die":
                Path(setting.word).mkdir()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(setting.pause)
        return setting

    def integrate(self, problem, progress):
        rng = np.random.default_rng([problem.seed, problem.size])
        return SimpleNamespace(
            draws=rng.uniform(0, problem.ratio, 5), rates={"tightness": 2.0}, counts={"steps": problem.size}
        )
