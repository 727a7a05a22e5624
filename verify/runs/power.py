"""The power of the checks: whether they catch the false claims that every theorem plants."""

from __future__ import annotations

from dataclasses import dataclass

import threadpoolctl

from verify.contract.calls import calling, refuse
from verify.contract.results import planted_faults
from verify.theorem.claims import Planted
from verify.theorem.protocol import Theorem
from verify.theorem.verdicts import Verdict


@dataclass(frozen=True)
class Trial:
    """One planted claim and how it came out; by how much is in units of the error budget."""

    theorem: str
    planted: Planted

    @property
    def caught(self) -> bool:
        """Whether the false claim was found to be violated."""
        return self.planted.check.verdict is Verdict.VIOLATED

    @property
    def margin(self) -> float | None:
        """By how many error budgets the claim is off; None without a number."""
        check = self.planted.check
        if check.slack is None or not check.budget:
            return None
        return -check.slack / check.budget


def trials(theorem: Theorem) -> list[Trial]:
    """Every planted claim of a theorem; its small problems run fastest on one BLAS thread.

    TheoremError when they cannot be made, or when there are none: a check that nothing tests is no check.
    """
    with threadpoolctl.threadpool_limits(limits=1), calling(theorem, "planted"):
        found = theorem.planted()
    refuse(theorem, planted_faults(theorem, found))
    return [Trial(theorem.NAME, planted) for planted in found]
