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

    The theorem is run in `setting`, with `data` (arrays by name, written to a file) where the setting needs a
    file. The claim's check then gets false `constants`, keyword arguments of its function, and what it judges
    is `spoiled`: functions by name, such as `path`, whose result takes the place of what the run made. `why`
    says why that is false there; `becomes` is the verdict that the claim must come out with.
    """

    claim: str
    what: str
    why: str
    becomes: Verdict
    setting: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, ArrayLike] | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    spoiled: Mapping[str, Callable[..., object]] = field(default_factory=dict)

    @property
    def breaks_hypothesis(self) -> bool:
        """Whether nothing but the setting is changed, so that a hypothesis fails."""
        return not self.constants and not self.spoiled
