"""What a search for theorems finds, in a catalogue that may hold other people's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.theorem.protocol import Theorem


@dataclass(frozen=True)
class Found:
    """What a name stands for: the theorem, if it could be imported, and every fault of its package."""

    theorem: Theorem | None
    faults: Sequence[str]
    cause: BaseException | None = None


@dataclass(frozen=True)
class Catalogue:
    """The theorems that load, and for each other theorem why it does not."""

    theorems: Sequence[Theorem]
    broken: Sequence[Exception]
