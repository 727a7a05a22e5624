"""Commands whose options are the setting fields of theorems, or of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from verify.commands.base import library, reserved_names
from verify.commands.options import SettingCommand

if TYPE_CHECKING:
    from verify.theorem.settings import HasSetting


class TheoremCommand(SettingCommand):
    """A command that has every setting field of every theorem as an option."""

    named_by = "verify theorem"
    takes_fields = True

    def names(self) -> Sequence[str]:
        return library().theorems.names()

    def modules(self, names: Sequence[str]) -> Mapping[str, HasSetting]:
        return {
            module.NAME: module for module in library().theorems.catalogue(names, reserved_names()).theorems
        }


class FiguresCommand(SettingCommand):
    """A command that has every setting field of every figure as an option."""

    named_by = "verify figures"

    def names(self) -> Sequence[str]:
        return list(library().figures.FIGURES)

    def modules(self, names: Sequence[str]) -> Mapping[str, HasSetting]:
        figures = library().figures
        return {name: figures.load(name) for name in names or figures.FIGURES}
