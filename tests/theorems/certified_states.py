"""What the tests of certificates share."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from verify.certificates.certificate import Certificate, Word
from verify.certificates.eigenvalues import Proposed, lowest_eigenvalue, proposed
from verify.certificates.exact import parsed

#: The words of a certificate of a true statement that nothing was proposed well for.
OPEN = {Word.UNDECIDED}


def by_kind(certificates) -> dict[str, Certificate]:
    """The last certificate of each kind."""
    return {one.kind: one for one in certificates}


def words(certificates) -> dict[str, Word]:
    """The words, by kind; of identities by their name."""
    return {one.given.get("identity", one.kind): one.word for one in certificates}


def holds(ends: list[str], value: float, narrow: float, slack: float = 1e-11) -> None:
    """Asserts that an enclosure has a float, up to the `slack` of the float, and is `narrow`; relatively."""
    low, high = map(parsed, ends)
    size = abs(Fraction(value))
    assert low - slack * size <= value <= high + slack * size
    assert 0 <= high - low <= narrow * size


def noise(middle: np.ndarray) -> Proposed:
    """Random numbers in place of a factor and of an eigenvector."""
    rng, size = np.random.default_rng(1), len(middle)
    return Proposed(0.0, rng.standard_normal((size, size)), rng.standard_normal(size))


def too_high(middle: np.ndarray) -> Proposed:
    """A bound far above the eigenvalue, with the factor of the right one."""
    found = proposed(middle)
    return Proposed(found.below + 100 * np.abs(middle).max(), found.factor, found.vector)


def propose_badly(monkeypatch: pytest.MonkeyPatch, propose) -> None:
    """From here on eigenvalues are proposed like that."""
    monkeypatch.setattr(lowest_eigenvalue, "__defaults__", (propose,))
