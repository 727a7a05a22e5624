"""Presets: how much of each theorem `verify all` runs.

A theorem module may carry ``PRESETS``, a mapping from the name of a preset to its `Variant`s. Without
one, or without that preset in it, the theorem runs once in its default setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from verify.theorem.protocol import Theorem

Preset = Literal["quick", "standard", "thorough"]

NAMES: tuple[Preset, ...] = get_args(Preset)


@dataclass(frozen=True)
class Variant:
    """One run of a preset.

    name     tells it from the others
    options  those that differ from the defaults
    seeds    number of draws
    """

    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = 1


#: What a theorem module's optional attribute PRESETS is.
Presets = Mapping[Preset, Sequence[Variant]]


def variants(theorem: Theorem, preset: Preset) -> Sequence[Variant]:
    """What `preset` runs of a theorem; its defaults where the theorem says nothing."""
    presets: Presets = getattr(theorem, "PRESETS", {})
    return presets.get(preset, (Variant(),))
