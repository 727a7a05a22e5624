"""Features of the inputs, phi_i from W x_i, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from array_api_compat import array_namespace

from verify.numerics.arrays import AnyArray


class Features(Protocol):
    """A function that is applied to every entry of W X (m, n)."""

    def values(self, before: AnyArray) -> AnyArray:
        """Phi for ``before = W X``, which may be complex: analytic there, away from kinks."""

    def pulled_back(self, before: AnyArray, adjoint: AnyArray) -> AnyArray:
        """`adjoint` (m, n) times the derivative of the features at `before`, entry by entry."""


@dataclass(frozen=True)
class ScaledRelu:
    """``relu(s) / divisor``."""

    divisor: float

    def values(self, before: AnyArray) -> AnyArray:
        """relu(s) = s where Re s > 0."""
        return self._where_positive(before, before)

    def pulled_back(self, before: AnyArray, adjoint: AnyArray) -> AnyArray:
        """The derivative at a kink is taken to be 0."""
        return self._where_positive(before, adjoint)

    def _where_positive(self, before: AnyArray, values: AnyArray) -> AnyArray:
        xp = array_namespace(before)
        return xp.where(before.real > 0, values, xp.zeros_like(values[0, 0])) / self.divisor
