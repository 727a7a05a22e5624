"""The time and memory that a run of a theorem takes, about."""

from __future__ import annotations

from dataclasses import dataclass

#: Multiplications and additions a second of one core of this class of machine (AMD EPYC, AVX2, shared with
#: others), conservative: in products of large matrices, and in those of a matrix and a few columns.
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
