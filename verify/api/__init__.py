"""The Python interface, which `verify` hands on: `verify.run`, `verify.sweep`, `verify.theorems`.

It does what the command line does, with the same settings, numbers and files, and gives objects instead of
printing. Nothing here prints, and nothing is kept between calls but laws, which no setting changes.
"""

from verify.api.calls import run, sweep, theorems
from verify.api.finished import Arrays, Run
from verify.api.listing import Theorem, Theorems
from verify.api.rows import Rows
from verify.api.swept import Sweep
from verify.theorem.errors import HypothesisError, InputError, TheoremError
from verify.theorem.verdicts import Verdict

__all__ = [
    "Arrays",
    "HypothesisError",
    "InputError",
    "Rows",
    "Run",
    "Sweep",
    "Theorem",
    "TheoremError",
    "Theorems",
    "Verdict",
    "run",
    "sweep",
    "theorems",
]
