"""What the suite can run: theorems, figures, certificates, laws, each imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.library import Certifiers, Figures, Theorems
    from verify.sweeps.laws import LawSweep


class Papers:
    """The theorems, the papers' figures, the sweeps behind their laws, imported when they are asked for."""

    @property
    def theorems(self) -> Theorems:
        import theorems

        return theorems

    @property
    def figures(self) -> Figures:
        from theorems import figures

        return figures

    @property
    def certificates(self) -> Certifiers:
        from theorems import certificates

        return certificates

    @property
    def laws(self) -> Sequence[LawSweep]:
        from theorems.laws import LAWS

        return LAWS
