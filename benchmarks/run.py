"""How fast the suite is, beside what a user would write instead.

    pip install '.[bench]'
    python benchmarks/run.py [--only NAME]... [--quick] [--out FOLDER] [--threads N]

writes benchmarks.json (every number), benchmarks.md (the tables) and benchmarks.png into the folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this clone is measured, whatever is installed
    from benchmarks.command import main

    main()
