"""What the numbers were computed with: packages, BLAS and its kernels, processor, revision."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

import scipy.linalg  # noqa: F401  (its BLAS must be loaded to be seen)
import threadpoolctl

import verify

DISTRIBUTION = "verify-theorems"

#: Where the code lies that decides what a run finds.
OWN = ("verify", "theorems")

PACKAGES = (
    "numpy",
    "scipy",
    "scikit-sundae",
    "scikit-learn",
    "pydantic",
    "matplotlib",
    "click",
    "torch",
    "python-flint",
)


def environment() -> dict[str, Any]:
    """Everything a record stamps on a run; JSON-ready."""
    stamped: dict[str, Any] = {
        "verify": verify.__version__,
        "revision": _revision(),
        "source": source_digest(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "device": "cpu",
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "blas": [
            f"{library['internal_api']} {library.get('version')} {library.get('architecture')}"
            for library in threadpoolctl.threadpool_info()
            if library["user_api"] == "blas"
        ],
    }
    if warning := blas_warning(stamped["blas"]):
        stamped["warning"] = warning
    return stamped


def blas_warning(libraries: list[str]) -> str:
    """A line when BLAS runs kernels older than the processor, "" when it does not."""
    older = any("Haswell" in name for name in libraries)
    if not (older and "avx512f" in _processor_flags()):
        return ""
    cause = os.environ.get("OPENBLAS_CORETYPE")
    remedy = f"OPENBLAS_CORETYPE={cause} is set: unset it" if cause else "update NumPy and SciPy"
    return f"BLAS uses AVX2 kernels on an AVX-512 processor, at about half its speed; {remedy}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@cache
def source_digest() -> str:
    """A digest of the suite's own code as installed: it tells two installations of one version apart."""
    root = Path(verify.__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for file in sorted(path for folder in OWN for path in (root / folder).rglob("*.py")):
        digest.update(f"{file.relative_to(root).as_posix()}\n".encode() + file.read_bytes())
    return f"sha256:{digest.hexdigest()[:16]}"


def _revision() -> str | None:
    """Git revision of the source tree that the suite runs from, or that it was installed from."""
    root = Path(verify.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return _installed_revision()
    try:
        described = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()


def _installed_revision() -> str | None:
    """The commit that pip noted, when it installed from a repository."""
    try:
        noted = distribution(DISTRIBUTION).read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    origin = json.loads(noted) if noted else {}
    return origin.get("vcs_info", {}).get("commit_id")


def _cpuinfo(key: str) -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _processor_flags() -> list[str]:
    return _cpuinfo("flags").split()
