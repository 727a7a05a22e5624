"""False claims, planted to show that the honest ones can fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import ArrayLike

from verify.theorem.verdicts import Verdict


@dataclass(frozen=True)
class Falsehood:
    """One false claim, or one setting in which a hypothesis fails.

    claim      id of the honest claim
    what       what was changed
    why        why that is false in the setting
    becomes    the verdict that the claim must come out with
    setting    options that the theorem is run with
    files      arrays by the option that names their file, and by name
    constants  false keyword arguments for the claim's function
    spoiled    functions by the name of what they replace, such as `path`: each makes a false one of what the
               run made
    """

    claim: str
    what: str
    why: str
    becomes: Verdict
    setting: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, ArrayLike]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    spoiled: Mapping[str, Callable[..., object]] = field(default_factory=dict)

    @property
    def breaks_hypothesis(self) -> bool:
        """Whether nothing but the setting is changed, so that a hypothesis fails."""
        return not self.constants and not self.spoiled
