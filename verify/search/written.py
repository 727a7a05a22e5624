"""What a search leaves: a directory with the closest approaches, each with its files and its command."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from verify.data.file import write_arrays
from verify.records.directory import write_whole
from verify.runs.environment import environment
from verify.runs.run import directory_name, theorem_command
from verify.search.examine import Approach, Sought
from verify.search.search import Limits, Tally

#: Parts of a check that the record has.
SHOWN = (
    "quantity",
    "verdict",
    "compared",
    "relation",
    "measured",
    "bound",
    "slack",
    "budget",
    "where",
    "message",
)


#: The folder of the violations that went away.
GONE = "gone"


@dataclass(frozen=True)
class Result:
    """What came of a claim.

    claim     its id
    approach  the violation, or else the closest approach; None where nothing was compared
    seconds   after which a violation was found; None where none was
    folder    where its files are
    command   what reproduces the approach; "" without one
    """

    claim: str
    approach: Approach | None
    seconds: float | None
    folder: Path
    command: str

    @property
    def violated(self) -> bool:
        """Whether a second run, with smaller errors, showed the violation, too."""
        return self.seconds is not None


def results(sought: Sought, tally: Tally, folder: Path) -> tuple[list[Result], list[Result]]:
    """What came of each claim, and the violations that went away with smaller errors.

    Their commands read files below `folder`.
    """

    def result(claim: str, approach: Approach | None, place: Path, seconds: float | None = None) -> Result:
        files = {option: str(place / f"{option}.npz") for option in approach.point.arrays} if approach else {}
        command = (
            theorem_command(sought.theorem, approach.setting.model_copy(update=files)) if approach else ""
        )
        return Result(claim, approach, seconds, place, command)

    found = [
        result(
            claim,
            tally.violated.get(claim) or tally.closest.get(claim),
            folder / _subfolder(claim),
            tally.seconds.get(claim),
        )
        for claim in sought.claims
    ]
    gone = [result(claim, one, folder / GONE / _subfolder(claim)) for claim, one in tally.gone.items()]
    return found, gone


def write(sought: Sought, limits: Limits, tally: Tally, parent: Path) -> tuple[Sequence[Result], Path]:
    """Write the directory of a search into `parent`, whole or not at all; its results, and its path."""
    started = datetime.fromtimestamp(tally.begun, UTC).isoformat(timespec="seconds")
    name = directory_name(f"falsify-{sought.theorem.NAME}", started, str(limits))
    found, gone = results(sought, tally, parent / name)

    def fill(folder: Path) -> None:
        for result in (*found, *gone):
            if result.approach is not None and result.approach.point.arrays:
                own = folder / result.folder.relative_to(parent / name)
                own.mkdir(parents=True)
                write_arrays(result.approach.point.arrays, own)
        record = {
            "theorem": sought.theorem.NAME,
            "seed": limits.seed,
            "seconds": limits.seconds,
            "jobs": limits.jobs,
            "started": started,
            "dropped": sorted(sought.dropped),
            "pinned": dict(sought.pinned),
            "evaluations": tally.evaluations,
            "restarts": tally.restarts,
            "unconfirmed": tally.unconfirmed,
            "refused": tally.refused,
            "lost": tally.lost,
            "claims": [_shown(result) for result in found],
            "gone": [_shown(result) for result in gone],
            "environment": environment(),
        }
        (folder / "falsify.json").write_text(json.dumps(record, indent=1, default=str), encoding="utf-8")

    return found, write_whole(parent, name, fill)


def _shown(result: Result) -> dict[str, Any]:
    approach = result.approach
    shown: dict[str, Any] = {
        "claim": result.claim,
        "violated": result.violated,
        "seconds": result.seconds,
        "command": result.command,
    }
    if approach is not None:
        check = approach.check
        shown |= {"score": approach.score, **{name: getattr(check, name) for name in SHOWN}}
        shown["setting"] = dict(approach.point.options)
    return shown


def _subfolder(claim: str) -> str:
    return re.sub(r"[^\w.-]", "_", claim)
