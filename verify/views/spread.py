"""How the numbers of several draws spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from verify.records.record import Draw


@dataclass(frozen=True)
class Spread:
    """Quantiles of one number over the draws that have it."""

    name: str
    least: float
    median: float
    largest: float


def rate_spreads(draws: Sequence[Draw]) -> list[Spread]:
    """How each rate spreads."""
    return _spreads(draws, lambda draw: draw.rates)


def slack_spreads(draws: Sequence[Draw]) -> list[Spread]:
    """How the least slack of each claim spreads, in units of its error budget."""
    return _spreads(draws, lambda draw: draw.slack)


def closest(draws: Sequence[Draw]) -> Draw:
    """The draw that came closest to failing."""
    return max(draws, key=lambda draw: draw.narrowness)


def _spreads(draws: Sequence[Draw], numbers: Callable[[Draw], Mapping[str, float | None]]) -> list[Spread]:
    found: dict[str, list[float]] = {}
    for draw in draws:
        for name, value in numbers(draw).items():
            if value is not None:
                found.setdefault(name, []).append(value)
    return [Spread(name, min(values), median(values), max(values)) for name, values in found.items()]
