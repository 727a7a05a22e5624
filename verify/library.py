"""What can be run, theorems and figures, as the commands and the Python interface see them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from verify.contract.catalogue import Catalogue, Found
    from verify.figures.protocol import FigureModule
    from verify.sweeps.laws import LawSweep
    from verify.theorem.protocol import Theorem


class Theorems(Protocol):
    """A catalogue of theorems; `reserved` has the names that no setting field may have.

    `REFERENCES` is the folder of the references that come with them.
    """

    REFERENCES: Path

    def names(self) -> Sequence[str]:
        """Names of all."""

    def find(self, name: str, reserved: Collection[str] = ()) -> Found:
        """What a name stands for; InputError when no theorem has it."""

    def load(self, name: str, reserved: Collection[str] = ()) -> Theorem:
        """The theorem of that name; InputError when no sound theorem has it."""

    def catalogue(self, chosen: Iterable[str] = (), reserved: Collection[str] = ()) -> Catalogue:
        """Some theorems, all of which must load; by default every one that loads."""


class Figures(Protocol):
    """A catalogue of figures."""

    FIGURES: Mapping[str, str]

    def load(self, name: str) -> FigureModule:
        """The figure of that name; InputError with the nearest name when no figure has it."""


class Certifiers(Protocol):
    """What makes certificates: `module:function` by kind, disproofs, state and path, and theorem."""

    CERTIFIERS: Mapping[str, Mapping[str, str]]

    def certifier(self, kind: str, name: str) -> Callable[..., Any]:
        """The function that makes these certificates of a theorem."""


class Library(Protocol):
    """What a command line can run. Each catalogue is imported when it is first asked for.

    `laws` are the sweeps of a preset.
    """

    @property
    def theorems(self) -> Theorems: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def certificates(self) -> Certifiers: ...
    @property
    def laws(self) -> Sequence[LawSweep]: ...
