"""Features of the inputs, phi_i from W x_i, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from array_api_compat import array_namespace

from verify.numerics.arrays import AnyArray


class Features(Protocol):
    """A function that is applied to every entry of W X (m, n), linear on each side of its kinks."""

    def values(self, before: AnyArray) -> AnyArray:
        """Phi for ``before = W X``, which may be complex: analytic there, away from kinks."""

    def opened(self, before: AnyArray) -> AnyArray:
        """The gates (m, n) at `before`: 1 where an entry passes, else 0."""

    def through(self, opened: AnyArray, entries: AnyArray) -> AnyArray:
        """`entries` (m, n) through the linear map of given gates.

        Of `before` it is Phi, or its continuation over a kink; of an adjoint, the adjoint in W X.
        """


@dataclass(frozen=True)
class ScaledRelu:
    """``relu(s) / divisor``."""

    divisor: float

    def values(self, before: AnyArray) -> AnyArray:
        """relu(s) = s where Re s > 0."""
        xp = array_namespace(before)
        return xp.where(before.real > 0, before, xp.zeros_like(before[0, 0])) / self.divisor

    def opened(self, before: AnyArray) -> AnyArray:
        """A gate at its kink is closed."""
        return array_namespace(before).astype(before > 0, before.dtype)

    def through(self, opened: AnyArray, entries: AnyArray) -> AnyArray:
        """Entries of open gates over the divisor."""
        return opened * entries / self.divisor


@dataclass(frozen=True)
class Identity:
    """``phi = W x`` as it is, without a kink."""

    def values(self, before: AnyArray) -> AnyArray:
        """W X itself."""
        return before

    def opened(self, before: AnyArray) -> AnyArray:
        """Neither open nor closed: no sign of a guard is wrong for 1/2."""
        return array_namespace(before).full_like(before, 0.5)

    def through(self, opened: AnyArray, entries: AnyArray) -> AnyArray:
        """The entries."""
        return entries
