"""Judgement: the checks of all claims of a theorem, and what hypotheses and open constants make of them.

Only here can a verdict differ from that of its numbers; `Check.compared` keeps the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from verify.theorem.claims import Comparisons, Condition, Part, Statement, called, claim_verdict, needs
from verify.theorem.compare import Check, not_applicable
from verify.theorem.falsehoods import Falsehood
from verify.theorem.verdicts import Verdict

#: The name of the check where a hypothesis fails and nothing is compared.
NOTHING = "hypothesis"

#: Calls the function of a part with what it needs and with replaced constants; gives its comparisons.
Caller = Callable[[Part, Mapping[str, object], Mapping[str, Any]], Sequence[Check]]

#: The checks of laws, by claim: they depend on no setting and are shared by the runs of a suite.
Laws = Mapping[str, Sequence[Check]]


def made(part: Part, known: Mapping[str, object], constants: Mapping[str, Any]) -> Sequence[Check]:
    """The comparisons of a part."""
    found: Comparisons = called(part.function, known, **constants)
    return [found] if isinstance(found, Check) else list(found)


def laws(statements: Iterable[Statement[Any]], call: Caller = made) -> Laws:
    """The checks of those that no setting changes."""
    judge = Judge({}, call=call)
    return {statement.claim.id: judge.checks(statement) for statement in statements if is_law(statement)}


def is_law(statement: Statement[Any]) -> bool:
    """Whether nothing that a claim is judged from, what it rests on included, depends on the setting."""
    return not judged_from(statement)


def judged_from(statement: Statement[Any]) -> set[str]:
    """Names of all that a claim is judged from, what it rests on included: `start`, `problem`, `path`."""
    found: set[str] = set(needs(statement.otherwise) if statement.otherwise else ())
    for part in statement.parts:
        found |= {*part.needs, *(needs(part.only) if part.only else ())}
        if part.constant:
            found |= {*needs(part.constant.met), *(needs(part.constant.tells) if part.constant.tells else ())}
        for given in part.given:
            found |= judged_from(given) if isinstance(given, Statement) else set(needs(given))
    return found


@dataclass
class Judge:
    """Judges claims from what a run has made.

    known      what the run made, by name: `start`, `problem`, `path`
    silence    which hypothesis ended the run; claims that need more than is known are then NOT_APPLICABLE
    laws       checks of laws that are already made, by claim
    falsehood  judged in place of its claim
    dropped    hypotheses, by `hypothesis_name`, without which claims are judged all the same
    call       calls the theorem's own functions
    """

    known: Mapping[str, object]
    silence: str = ""
    laws: Laws = field(default_factory=dict)
    falsehood: Falsehood | None = None
    dropped: Collection[str] = ()
    call: Caller = made
    _judged: dict[str, Sequence[Check]] = field(default_factory=dict)

    def checks(self, statement: Statement[Any]) -> Sequence[Check]:
        """The checks of a claim, made once."""
        claim = statement.claim.id
        if claim not in self._judged:
            honest = self.falsehood is None or self.falsehood.claim != claim
            shared = self.laws.get(claim) if honest else None
            found = shared if shared is not None else list(self._parts(statement))
            self._judged[claim] = [replace(check, claim=claim) for check in found]
        return self._judged[claim]

    def _parts(self, statement: Statement[Any]) -> Iterator[Check]:
        known, constants = self._as_told(statement)
        for part in statement.parts:
            if missing := [name for name in part.needs if name not in known]:
                yield self._unjudged(missing)
                continue
            if apart := part.only and called(part.only, known):
                yield replace(not_applicable(NOTHING, apart), beside=True)
                continue
            if unmet := self._unmet(part, known):
                yield not_applicable(NOTHING, unmet)
                continue
            own = {name: value for name, value in constants.items() if name in part.constants}
            for check in self.call(part, known, own):
                yield self._weighed(check, statement, part, known)

    def _unjudged(self, missing: Sequence[str]) -> Check:
        """What comes of comparisons that need what the run has not made."""
        if self.silence:
            return not_applicable(NOTHING, self.silence)
        return Check(NOTHING, Verdict.ERROR, message=f"the run has made no {' and no '.join(missing)}")

    def _as_told(self, statement: Statement[Any]) -> tuple[Mapping[str, object], Mapping[str, Any]]:
        """What is known, and which constants are replaced, for a claim; only a falsehood changes either."""
        told = self.falsehood
        if told is None or told.claim != statement.claim.id:
            return self.known, {}
        spoiled = {name: called(spoil, self.known) for name, spoil in told.spoiled.items()}
        return {**self.known, **spoiled}, told.constants

    def _weighed(
        self, check: Check, statement: Statement[Any], part: Part, known: Mapping[str, object]
    ) -> Check:
        """A comparison as a check of its claim, given the claim's hypotheses and constants."""
        if check.verdict is Verdict.ERROR:
            return check
        if statement.otherwise and check.verdict is Verdict.VIOLATED:
            message = str(called(statement.otherwise, known))
            return replace(check, verdict=Verdict.NOT_APPLICABLE, message=message, compared=check.verdict)
        verdicts = {
            given.claim.id: claim_verdict(self.checks(given))
            for given in part.given
            if isinstance(given, Statement) and given.claim.id not in self.dropped
        }
        if broken := [name for name, verdict in verdicts.items() if verdict is Verdict.NOT_APPLICABLE]:
            here = "holds here all the same" if check.verdict is Verdict.VERIFIED else f"here {check.verdict}"
            message = f"promised only under {' and '.join(broken)}; {here}"
            return replace(check, verdict=Verdict.NOT_APPLICABLE, message=message, compared=check.verdict)
        if check.verdict is not Verdict.VIOLATED:
            return check
        if undecided := [name for name, verdict in verdicts.items() if verdict is not Verdict.VERIFIED]:
            message = f"fails, but {' and '.join(undecided)} is not VERIFIED here: see there"
            return replace(check, verdict=Verdict.INCONCLUSIVE, message=message, compared=check.verdict)
        return part.constant.silence(check, known) if part.constant else check

    def _unmet(self, part: Part, known: Mapping[str, object]) -> str:
        """The message of the first condition that does not hold; "" where all do."""
        conditions = (
            given
            for given in part.given
            if not isinstance(given, Statement) and hypothesis_name(given) not in self.dropped
        )
        return next(filter(None, (called(condition, known) for condition in conditions)), "")


def hypothesis_name(given: Statement[Any] | Condition) -> str:
    """What a hypothesis is called by whoever drops it: its id, or the name of a condition's function."""
    return given.claim.id if isinstance(given, Statement) else given.__name__.replace("_", "-")
