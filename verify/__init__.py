"""Convergence theorems about implicit neural networks, tested numerically.

    run = verify.run("linear-rate", width=64, gamma=0.9)

`__all__` is the Python interface. It stands in `verify.api`, which is loaded when it is first asked for: the
command line's help need not wait for it.
"""

import importlib

__version__ = "0.1.0"

__all__ = [
    "HypothesisError",
    "InputError",
    "TheoremError",
    "Verdict",
    "__version__",
    "run",
    "sweep",
    "theorems",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module("verify.api"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
