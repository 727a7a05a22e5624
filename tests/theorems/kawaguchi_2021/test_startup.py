"""`verify list` and `--help` import the theorems: that loads nothing that takes long."""

import subprocess
import sys

import pytest

SLOW = ("scipy.linalg", "scipy.optimize", "scipy.special", "scipy.stats", "scipy.sparse", "sklearn", "joblib")


@pytest.mark.parametrize("name", ["linear_rate", "trust_region_newton"])
def test_a_theorem_is_imported_without_what_only_a_run_needs(name):
    code = f"import sys, theorems.kawaguchi_2021.{name}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not set(loaded.split()) & {*SLOW, "scipy.integrate", "sksundae", "matplotlib", "torch"}
