"""What a module that redraws a figure provides, and the setting fields that every figure has.

A figure has curves, which take long and are kept, and things made of them at once: the picture, its caption,
its numbers, and a verdict on what the caption claims.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from verify.figures.cache import Curve
from verify.theorem.claims import Claims
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from verify.figures.paper import Paper

#: How much of a figure is computed: its preset.
Size = Literal["quick", "standard", "paper"]


class FigureModule(Protocol):
    """A module that redraws one figure.

    `results` are those of `curves`, in their order. `PRESETS` gives the fields that differ from the defaults
    of `Setting`, which are those of the preset `standard`. The functions of `CLAIMS` take `setting` and
    `results` by name. It may have `REFERENCES`; see `verify.theorem.bibliography`.
    """

    NAME: str
    TITLE: str
    CLAIMS: Claims
    Setting: type[BaseSetting]
    PRESETS: Mapping[Size, Mapping[str, Any]]

    def curves(self, setting: Any) -> Sequence[Curve]:
        """The long work. InputError for a setting that cannot be."""

    def numbers(self, setting: Any, results: Sequence[Any]) -> Mapping[str, Any]:
        """All that is drawn, JSON-ready."""

    def draw(self, setting: Any, results: Sequence[Any], paper: Paper) -> Figure:
        """The picture."""

    def caption(self, setting: Any, results: Sequence[Any]) -> str:
        """What it shows, for below it."""

    def assumed(self, setting: Any, results: Sequence[Any]) -> Sequence[str]:
        """The values that the source does not state."""
