"""What an enclosed path shows of a rate: that the promised one holds, and that no faster one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flint import arb

from verify.certificates.certificate import Certificate, Word
from verify.certificates.exact import ends, interval

#: The factor of the claim that is false, a rate 1% faster than the promised 2.
FASTER = "2.02"

#: What a report calls the numbers of an enclosed path.
NAMED = {
    "optimal_value": "L*",
    "kappa": "kappa",
    "size": "||C||",
    "excess_start": "E(0)",
    "excess_end": "E(T)",
    "fall": "log E(0)/E(T)",
    "integral": "int lambda_min(D)",
    "lambda_T": "lambda_T",
    "tightness": "log E(0)/E(T) over its bound",
}


@dataclass(frozen=True)
class Promise:
    """A rate that a theorem promises, and the faster one that is false.

    kind, statement, advice          of the promise; the advice is for where the bound is attained
    faster_kind, faster, slower_bound  of the faster one; the last is for where the flow is faster than that
    """

    theorem: str
    claim: str
    kind: str
    statement: str
    advice: str
    faster_kind: str
    faster: str
    slower_bound: str


def rate_certificates(
    promise: Promise,
    given: Mapping[str, Any],
    numbers: Mapping[str, arb],
    unit: arb,
    remark: str,
    faster: bool,
) -> Iterator[Certificate]:
    """That ``log E(0)/E(T) >= 2 unit``, and with `faster` that it is below `FASTER` times `unit`.

    `numbers` are enclosures, of `fall` and what else is found; `remark` is the last line of the report.
    """
    fall, bound = numbers["fall"], 2 * unit
    numbers = {**numbers, "tightness": fall / bound}
    found = {name: ends(ball) for name, ball in numbers.items()}
    shown = [*(f"{NAMED[name]} in {interval(ball)}" for name, ball in numbers.items()), remark]
    theorem, claim = promise.theorem, promise.claim
    proved = bool(fall >= bound)
    word, advice = (Word.PROVED, "") if proved else (Word.UNDECIDED, promise.advice)
    yield Certificate(theorem, claim, promise.kind, promise.statement, word, given, found, shown, advice)
    if faster:
        false = bool(fall < arb(FASTER) * unit)
        word, advice = (Word.DISPROVED, "") if false else (Word.UNDECIDED, promise.slower_bound)
        given = {**given, "factor": FASTER}
        yield Certificate(
            theorem, claim, promise.faster_kind, promise.faster, word, given, found, shown, advice
        )
