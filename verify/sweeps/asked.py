"""What a sweep asks: a theorem, a grid of settings with seeds, the claims that are judged there."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verify.runs.code import code_version
from verify.runs.cost import Plan
from verify.runs.judged import follows_path
from verify.sweeps.cells import judged_claims, run_cell
from verify.sweeps.grid import Axis, Cell, make_cells
from verify.theorem.protocol import Theorem, module_name
from verify.theorem.settings import option_name


@dataclass(frozen=True)
class Sweep:
    """A grid of settings of a theorem.

    theorem  what is run
    given    the options that stay, as a command line has them
    axes     those that are swept
    cells    every setting with every seed
    claims   ids of the claims that are judged
    seeds    draws of each setting
    """

    theorem: Theorem
    given: Mapping[str, Any]
    axes: Sequence[Axis]
    cells: Sequence[Cell]
    claims: Sequence[str]
    seeds: int

    @classmethod
    def of(
        cls,
        theorem: Theorem,
        given: Mapping[str, Any],
        axes: Sequence[Axis],
        seeds: int,
        claims: Sequence[str] = (),
    ) -> Sweep:
        """The whole grid, of all claims that a setting changes or of some; InputError where it cannot be."""
        cells = make_cells(theorem, given, axes, seeds)
        return cls(theorem, given, axes, cells, judged_claims(theorem, claims), seeds)

    @property
    def command(self) -> str:
        """What repeats it."""
        words = ["verify", "sweep", self.theorem.NAME]
        words += [word for axis in self.axes for word in ("--over", axis.as_words)]
        words += [word for name, value in self.given.items() for word in (option_name(name), str(value))]
        if list(self.claims) != judged_claims(self.theorem):
            words += [word for claim in self.claims for word in ("--claim", claim)]
        return shlex.join([*words, "--seeds", str(self.seeds)])

    @property
    def plans(self) -> Sequence[Plan]:
        """Its runs, setting by setting, for their cost; none where no path is followed."""
        followed = follows_path(self.theorem, self.claims)
        settings = [cell.setting for cell in self.cells[:: self.seeds]] if followed else []
        return [Plan(self.theorem, setting, self.seeds) for setting in settings]

    @property
    def folder(self) -> str:
        """The name of its directory: another for other code, data or options, not for other values.

        So a sweep goes on where it was, and may grow, but never mixes what is not comparable.
        """
        code = code_version(module_name(self.theorem), run_cell.__module__)
        named = [*self.given.values(), *(value for axis in self.axes for value in axis.values)]
        files = {str(value): digest for value in named if (digest := _contents(value))}
        swept = sorted(axis.option for axis in self.axes)
        given = sorted((name, str(value)) for name, value in self.given.items())
        said = [self.theorem.NAME, given, swept, sorted(self.claims), files, code]
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.theorem.NAME}-{digest}"


def _contents(value: Any) -> str:
    """A digest of the file that an option names; "" for other values."""
    path = Path(str(value))
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    except OSError:
        return ""
