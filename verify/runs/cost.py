"""What runs will take: announced before a long one, refused where memory does not suffice."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from verify.numerics.memory import as_size, available_memory, does_not_fit
from verify.theorem.cost import Cost
from verify.theorem.errors import InputError
from verify.theorem.settings import option_name, require_seeds
from verify.views.numbers import duration

if TYPE_CHECKING:
    from verify.theorem.protocol import Theorem
    from verify.theorem.settings import BaseSetting

#: Predictions shorter than this are not worth a line.
WORTH_TELLING = 20.0

#: Bisections between the value of an option and the least that it may have.
BISECTIONS = 8


@dataclass(frozen=True)
class Plan:
    """Runs of one theorem: its setting, and how many draws of it."""

    theorem: Theorem
    setting: BaseSetting
    seeds: int = 1

    @property
    def cost(self) -> Cost:
        """The cost of one draw; zero for a theorem that does not say."""
        known = getattr(self.theorem, "cost", None)
        return known(self.setting) if known else Cost(0.0, 0.0)


def announcement(groups: Sequence[Sequence[Plan]], processes: int | None = None) -> str:
    """The line that announces the cost, "" where it is small; InputError where memory does not suffice.

    Groups run one after another. The draws of a group run side by side in up to `processes` processes, by
    default as many as there are cores.
    """
    costs = [_side_by_side(group, processes or os.cpu_count() or 1) for group in groups]
    expected = Cost(sum(cost.seconds for cost in costs), max(cost.bytes for cost in costs))
    return cost_in_words(expected) if expected.seconds > WORTH_TELLING else ""


def cost_in_words(cost: Cost) -> str:
    """A cost in words."""
    return f"about {duration(cost.seconds)} and {as_size(cost.bytes)}"


def _side_by_side(plans: Sequence[Plan], processes: int) -> Cost:
    """The cost of plans that share so many processes: the time of all work, or of the longest run."""
    for plan in plans:
        require_seeds(plan.setting, plan.seeds)
    costs = [plan.cost for plan in plans]
    # Of several draws the one to show runs once more, at the end.
    runs = [plan.seeds + (plan.seeds > 1) for plan in plans]
    processes = min(processes, sum(plan.seeds for plan in plans))
    largest, free = max(range(len(plans)), key=lambda i: costs[i].bytes), available_memory()
    if processes * costs[largest].bytes > free:
        _refuse(plans[largest], processes, free)
    work = sum(cost.seconds * count for cost, count in zip(costs, runs, strict=True))
    longest = max(cost.seconds * (1 + (plan.seeds > 1)) for cost, plan in zip(costs, plans, strict=True))
    return Cost(max(longest, work / processes), processes * costs[largest].bytes)


def _refuse(plan: Plan, processes: int, free: int) -> None:
    """Raise InputError with the options to lower, and the values to lower them to."""
    advice = [
        f"{option_name(name)} {value}"
        for name in type(plan.setting).model_fields
        if (value := largest_that_fits(plan, name, free / processes)) is not None
    ]
    if plan.cost.bytes <= free:
        advice.append(f"{free // int(plan.cost.bytes)} at a time (--jobs, or fewer --seeds)")
    instead = " or ".join(advice) or "a machine with more memory"
    raise InputError(does_not_fit(plan.theorem.NAME, processes, plan.cost.bytes, free, instead))


def largest_that_fits(plan: Plan, name: str, size: float) -> int | None:
    """About the largest value of a whole-number setting field for which a run fits into `size` bytes.

    It is below the present value; None where there is none.
    """
    field = type(plan.setting).model_fields[name]
    now = getattr(plan.setting, name)
    if isinstance(now, bool) or not isinstance(now, int) or name == "seed":
        return None
    low = next((limit.ge for limit in field.metadata if hasattr(limit, "ge")), 1)

    def fits(value: int) -> bool:
        changed = replace(plan, setting=plan.setting.model_copy(update={name: value}))
        return changed.cost.bytes <= size

    if low >= now or not fits(low):
        return None
    high = now
    for _ in range(BISECTIONS):
        middle = math.isqrt(low * high)
        low, high = (middle, high) if fits(middle) else (low, middle)
    digits = max(0, len(str(low)) - 2)
    return low if low < 100 else low // 10**digits * 10**digits
