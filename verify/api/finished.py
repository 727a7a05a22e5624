"""A finished run: verdict, claims, arrays and pictures, and the report of it in a notebook."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from verify.api.picture import Picture, picture_of
from verify.api.places import folder_of
from verify.api.rows import Rows, badge, sentence
from verify.api.wording import in_python, meant, pythonic
from verify.records.record import CheckRecord, ClaimRecord
from verify.runs.run import Run as Made
from verify.runs.run import write_arrays_and_figures, write_run
from verify.theorem.errors import HypothesisError, InputError, TheoremError
from verify.theorem.settings import BaseSetting
from verify.theorem.verdicts import Verdict
from verify.views.files import FIGURES
from verify.views.html import html
from verify.views.numbers import number, place, setting_line
from verify.views.part import part_told, titled

#: What is shown of each claim; the rest is in its dict.
SHOWN = ("verdict", "id", "measured", "bound", "slack_in_budgets", "text")

#: What a claim has of the comparison that decided it most narrowly.
COMPARED = ("quantity", "relation", "measured", "bound", "slack", "budget", "slack_in_budgets", "points")


class Arrays(Mapping[str, NDArray[Any]]):
    """Arrays by name, not to be written to; shown as a list of their types and shapes."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self._arrays = {name: np.asarray(array).view() for name, array in arrays.items()}
        for array in self._arrays.values():  # other runs may have the same, those of a law or of data
            array.flags.writeable = False

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._arrays:
            raise KeyError(f"there is no array {name!r}: {meant(name, self._arrays)}")
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        wide = max(map(len, self._arrays), default=0)
        return "\n".join(f"{name:{wide}}  {one.dtype} {one.shape}" for name, one in self._arrays.items())


class Run:
    """A finished run of a theorem, as `verify.run` gives it. It is complete, and nothing in it changes."""

    def __init__(self, made: Made, setting: type[BaseSetting]) -> None:
        self._made, self._setting = made, setting

    @property
    def theorem(self) -> str:
        """The theorem's name."""
        return self._made.record.theorem

    @property
    def verdict(self) -> Verdict:
        """The worst of its required claims. A text, too: ``run.verdict == "VERIFIED"``."""
        return self._made.record.verdict

    @property
    def reason(self) -> str:
        """Why the verdict is not VERIFIED, and what to change; "" where it is."""
        return in_python(self._made.silence or self._made.record.reason, self._setting)

    @property
    def claims(self) -> Rows:
        """A dict for each claim, in the theorem's order.

        id, text, kind, source, required; verdict; then the comparison that was decided most narrowly:
        quantity, relation, measured, bound, slack, budget, slack_in_budgets, points, where, message; and with
        several draws verified and drawn, in how many of how many the claim was VERIFIED. None stands for what
        there is not. `run.record` has every comparison.
        """
        drawn = bool(self._made.record.draws)
        return Rows((_row(claim, drawn) for claim in self._made.record.claims), SHOWN)

    @property
    def rates(self) -> dict[str, float | None]:
        """Rates by name, such as measured and guaranteed, both of log E per unit of gradient-flow time."""
        return dict(self._made.record.rates)

    @property
    def record(self) -> dict[str, Any]:
        """Everything, as it stands in `record.json`."""
        found: dict[str, Any] = json.loads(self._made.record.model_dump_json())
        return found

    @cached_property
    def trajectory(self) -> Arrays:
        """The arrays of the path, as in `trajectory.npz`, from which every number can be recomputed.

        With several draws those of the worst one. HypothesisError where a hypothesis failed before there was
        a path, TheoremError where the run broke.
        """
        self._require_path()
        return Arrays(self._made.arrays)

    @cached_property
    def comparisons(self) -> Arrays:
        """Every point of every comparison, as in `comparisons.npz`: both sides, parts of the error budget.

        "K-T1/3/measured" is the left-hand side of the fourth comparison made for claim K-T1.
        """
        return Arrays(self._made.compared)

    @property
    def figures(self) -> list[str]:
        """Names of the pictures."""
        return list(self._made.figures)

    def figure(self, name: str) -> Picture:
        """A picture, to be changed at will: each call gives a new one.

        InputError for a name that is not there; HypothesisError as of `trajectory`.
        """
        self._require_path()
        if name not in self._made.figures:
            raise InputError(f"{self.theorem} has no figure {name!r}: {meant(name, self._made.figures)}")
        return picture_of(self._made.figures[name])

    def save(self, out: str | PathLike[str]) -> Path:
        """Write the directory that the command line would into the folder `out`; gives its path.

        InputError where nothing can be written there.
        """
        with pythonic(self._setting):
            parent = folder_of(out)
        _, written = write_run(self._made, parent)
        return written

    def _require_path(self) -> None:
        """HypothesisError or TheoremError where the run ended before there was a path."""
        if self._made.silence:
            raise HypothesisError(self.reason)
        if self._made.record.error and not self._made.arrays:
            raise TheoremError(self._made.record.error)

    def __repr__(self) -> str:
        record = self._made.record
        title = "  ".join(filter(None, [record.verdict, titled(record), self.reason]))
        return f"{title}\n{self.claims}"

    def _repr_html_(self) -> str:
        record = self._made.record
        verified = sum(claim.verdict is Verdict.VERIFIED for claim in record.claims)
        lines = [setting_line(record.effective or record.setting)]
        lines += [f"{verified} of {len(record.claims)} claims VERIFIED"]
        lines += [", ".join(f"{name} {number(rate)}" for name, rate in record.rates.items())]
        said = Markup().join(
            Markup('<div style="margin:.3em 0">{}</div>').format(sentence(line))
            for line in (part_told(record), self.reason, *lines)
            if line
        )
        shown = Markup(
            "<div><div>{} <b>{}</b></div>{}<details><summary>Claims</summary>"
            '<div style="max-height:30em;overflow:auto">{}</div></details>'
            "<details open><summary>Report</summary>"
            '<iframe srcdoc="{}" sandbox="" title="Report" style="width:100%;height:32em;'
            'border:1px solid #8888;resize:vertical"></iframe></details></div>'
        ).format(badge(record.verdict), record.title, said, self.claims.html(), self._report())
        return str(shown)

    def _report(self) -> str:
        """The report as one page, pictures and all."""
        with tempfile.TemporaryDirectory() as folder:
            record = write_arrays_and_figures(self._made, Path(folder))
            return html(record, [Path(folder) / FIGURES])


def _row(claim: ClaimRecord, drawn: bool) -> dict[str, Any]:
    """A claim as a flat dict."""
    head = {"id": claim.id, "text": claim.text, "kind": claim.kind, "source": claim.source}
    check = claim.narrowest
    seeds = {name: getattr(claim.seeds, name, None) for name in ("verified", "drawn")}
    return {
        **head,
        "required": claim.required,
        "verdict": str(claim.verdict),
        **_comparison(check),
        **(seeds if drawn else {}),
    }


def _comparison(check: CheckRecord | None) -> dict[str, Any]:
    found = {name: getattr(check, name, None) for name in COMPARED}
    return {**found, "where": place(check.where) if check else "", "message": check.message if check else ""}
