"""The template package of examples/, and broken ones, installed as other people's packages are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "examples" / "quadratic-descent"


def install(scratch: Path) -> Path:
    """Install the template into a folder of its own, from a copy, without network."""
    copy, site = scratch / "source", scratch / "site"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--disable-pip-version-check", "--target", str(site), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return site


def provide(site: Path, name: str, source: str, package: str = "") -> Path:
    """A package (`their-<name>`) in `site` that provides the theorem `name` by a module of this source."""
    package = package or f"their-{name}"
    module = package.replace("-", "_")
    (site / f"{module}.py").write_text(source)
    metadata = site / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[verify.theorems]\n{name} = {module}\n")
    return site


def environment(*sites: Path) -> dict[str, str]:
    """The environment of a process that finds what is installed there."""
    paths = [*map(str, sites), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
