"""One planted mistake: a piece of source text and what stands in its place."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path


class StaleError(ValueError):
    """The text that a mutation replaces is not there, or not there once: the list must follow the code."""


@dataclass(frozen=True)
class Mutation:
    """A text replacement that makes the suite say something false, or compute with less care than it claims.

    name        short and unique
    file        path from the root of the repository
    old         text that occurs exactly once in the file
    new         what replaces it; the file must still parse
    why         why the result is false
    expected    the part that should catch it, tried first: a run such as ``linear-rate.tight``, ``power
                relu-convergence`` or ``self-test``; a hint for speed, not a condition
    equivalent  the argument that nothing false reaches a user, for one that need not be caught
    """

    name: str
    file: str
    old: str
    new: str
    why: str
    expected: str = ""
    equivalent: str = ""

    def applied(self, source: str) -> str:
        """The source of the file with the replacement made; StaleError where it cannot be."""
        if (count := source.count(self.old)) != 1:
            raise StaleError(f"{self.name}: `{self.old}` occurs {count} times in {self.file}, not once")
        changed = source.replace(self.old, self.new)
        try:
            ast.parse(changed)
        except SyntaxError as problem:
            raise StaleError(f"{self.name}: {self.file} no longer parses: {problem}") from None
        return changed

    def apply(self, tree: Path) -> None:
        """Make the replacement in a copy of the repository."""
        file = tree / self.file
        file.write_text(self.applied(file.read_text(encoding="utf-8")), encoding="utf-8")
