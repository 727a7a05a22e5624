"""The disproofs that every test here is about, made once."""

import pytest

pytest.importorskip("flint")

from theorems.certificates import CERTIFIERS, certifier


@pytest.fixture(scope="session")
def disproofs():
    """All that `verify certify` makes."""
    return [one for name in CERTIFIERS["disproofs"] for one in certifier("disproofs", name)(False)]
