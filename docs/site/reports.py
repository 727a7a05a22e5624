"""Runs theorems as the pages say, and keeps their records and pictures beside the pages.

python docs/site/reports.py [NAME...]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def keep(name: str) -> None:
    """Run a theorem in its default setting, and keep record and pictures."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "verify", "theorem", name, "--quiet", "--out", folder]
        subprocess.run(command, cwd=ROOT, check=True)
        (made,) = Path(folder).iterdir()
        kept = ROOT / "docs" / "reports" / name
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for path in [made / "record.json", *(made / "figures").glob("*.svg")]:
            shutil.copy(path, kept)


if __name__ == "__main__":
    for chosen in sys.argv[1:] or [path.name for path in (ROOT / "docs" / "reports").iterdir()]:
        keep(chosen)
