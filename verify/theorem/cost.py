"""The time and memory that a run of a theorem takes, about."""

from __future__ import annotations

from dataclasses import dataclass

#: Multiplications and additions a second of one core (AMD EPYC, AVX2, shared with others), a low estimate: in
#: products of large matrices, and in products of a matrix with a few columns.
DENSE, SKINNY = 1.5e10, 1.2e9

#: Bytes of a process that holds the packages and no data, measured.
PROCESS = 190e6


@dataclass(frozen=True)
class Cost:
    """What a run will take on this machine, about."""

    #: Time from start to end, where nobody else computes.
    seconds: float
    #: Peak memory of the process on the host.
    bytes: float
