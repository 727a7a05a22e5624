"""From a setting to its verdict: build, integrate, judge. Runs and `verify power` share it."""

from __future__ import annotations

import difflib
import os
import time
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import scipy.linalg  # noqa: F401 - a BLAS that is loaded later would not know of limits on its threads
import threadpoolctl

from verify.contract import results
from verify.contract.calls import calling, refuse
from verify.records.record import ClaimRecord, claim_records, overall_verdict
from verify.theorem.claims import Part, Statement
from verify.theorem.compare import Check
from verify.theorem.errors import HypothesisError, InputError, TheoremError, in_words
from verify.theorem.falsehoods import Falsehood
from verify.theorem.judgement import Caller, Judge, Laws, judged_from, laws, made
from verify.theorem.protocol import Progress, Theorem, silent
from verify.theorem.settings import BaseSetting
from verify.theorem.verdicts import Verdict, worst

#: Ids of the claims to judge; None for all.
Chosen = Collection[str] | None


@dataclass(frozen=True)
class Prepared:
    """A theorem built and integrated in a setting.

    theorem    the module
    known      what its claims are judged from, by name: `start`, `problem`, `path`
    effective  the values that the run is made with
    threads    BLAS threads
    timings    seconds by phase
    silence    which hypothesis ended the run before all was made
    error      what broke
    """

    theorem: Theorem
    known: Mapping[str, Any]
    effective: Mapping[str, Any]
    threads: int
    timings: Mapping[str, float]
    silence: str = ""
    error: Exception | None = None


@dataclass(frozen=True)
class Judged:
    """Every claim with its checks, and what comes of them: the theorem's verdict."""

    claims: Sequence[ClaimRecord] = ()
    checks: Sequence[Check] = ()
    verdict: Verdict = Verdict.ERROR


def prepare(
    theorem: Theorem,
    setting: BaseSetting,
    progress: Progress = silent,
    cores: int | None = None,
    chosen: Chosen = None,
) -> Prepared:
    """Build and integrate; the latter only where one of the `chosen` claims is judged from the path.

    Whatever breaks is kept in the result; only InputError is raised, for the user.
    """
    timings: dict[str, float] = {}
    known: dict[str, Any] = {}
    effective: dict[str, Any] = {"seed": setting.seed}
    threads = cores or os.cpu_count() or 1
    silence, error = "", None
    try:
        with timed(timings, "build"), calling(theorem, "build"):
            progress("build", 0, 0)
            problem = theorem.build(setting)
            known |= {"start": problem, "problem": problem}
            if hasattr(problem, "effective"):
                effective = {**member(theorem, problem, "effective"), **effective}
            if hasattr(problem, "threads"):
                threads = min(threads, int(member(theorem, problem, "threads")))
        if follows_path(theorem, chosen):
            with (
                threadpoolctl.threadpool_limits(limits=threads),
                timed(timings, "integrate"),
                calling(theorem, "integrate"),
            ):
                known["path"] = theorem.integrate(problem, progress)
    except InputError:
        raise
    except HypothesisError as unmet:
        silence = str(unmet)
        threads = 1 if "problem" not in known else threads  # nothing large is left to judge
        if unmet.start is not None and "start" not in known:
            known["start"] = unmet.start
    except Exception as problem_met:  # whatever broke, the record must say so
        error = problem_met
    return Prepared(theorem, known, effective, threads, timings, silence, error)


def judge(
    prepared: Prepared,
    shared: Laws | None = None,
    falsehood: Falsehood | None = None,
    progress: Progress = silent,
    chosen: Chosen = None,
    dropped: Collection[str] = (),
    asked: Collection[str] = (),
) -> Judged:
    """Every claim of a theorem, or the `chosen` ones, judged; a `falsehood` takes the place of its claim.

    Claims are judged without the hypotheses that are `dropped`; see `verify.theorem.judgement.Judge`. Of the
    chosen claims those that were `asked` for decide the verdict even where they are informative, and nothing
    but the chosen claims does. TheoremError for the theorem's author.
    """
    theorem = prepared.theorem
    shared = laws_of(theorem, chosen) if shared is None else shared
    judges = Judge(prepared.known, prepared.silence, shared, falsehood, dropped, _caller(theorem))
    checks: list[Check] = []
    wanted = statements(theorem, chosen)
    for done, statement in enumerate(wanted):
        progress("checks", done, len(wanted))
        with calling(theorem, statement.parts[0].function.__name__):  # its conditions and falsehoods, too
            checks += judges.checks(statement)
    progress("checks", len(wanted), len(wanted))
    claims = [statement.claim for statement in wanted]
    records = claim_records(claims, checks, asked)
    if chosen is not None and not any(one.required for one in records):
        # Of a theorem informative claims count only when they fail; who chooses no others asks for these.
        records = claim_records(claims, checks, chosen)
    verdict = overall_verdict(claims, records)
    # Nothing that is left to judge of the theorem makes up for the hypothesis that ended the run. Claims that
    # were asked for are judged by what they rest on.
    if prepared.silence and not asked:
        verdict = worst([verdict, Verdict.NOT_APPLICABLE])
    return Judged(records, checks, verdict)


def statements(theorem: Theorem, chosen: Chosen = None) -> Sequence[Statement[Any]]:
    """The theorem's claims, or the chosen ones, in its order; InputError for an id that it lacks."""
    claims = {statement.claim.id: statement for statement in theorem.CLAIMS}
    if unknown := [name for name in chosen or () if name not in claims]:
        near = difflib.get_close_matches(unknown[0], claims, n=1, cutoff=0.0)
        raise InputError(
            f"{theorem.NAME} has no claim {unknown[0]!r}: did you mean {near[0]}? "
            f"`verify show {theorem.NAME}` lists them"
        )
    return [statement for name, statement in claims.items() if chosen is None or name in chosen]


def follows_path(theorem: Theorem, chosen: Chosen = None) -> bool:
    """Whether one of the chosen claims is judged from the path; a run of all always follows it."""
    return chosen is None or any("path" in judged_from(one) for one in statements(theorem, chosen))


def laws_of(theorem: Theorem, chosen: Chosen = None) -> Laws:
    """The checks of the theorem's claims that no setting changes, or of the chosen ones, for many runs.

    None where one of them breaks: each run then makes them itself, and its record says what broke.
    """
    with threadpoolctl.threadpool_limits(limits=1):  # fastest for their sizes, and the same for every run
        try:
            return laws(statements(theorem, chosen), _caller(theorem))
        except Exception:  # whatever a law does, the runs that meet it say so
            return {}


def _caller(theorem: Theorem) -> Caller:
    """Calls the functions of claims, whose faults are told to their author."""

    def call(part: Part, known: Mapping[str, object], constants: Mapping[str, Any]) -> Sequence[Check]:
        with calling(theorem, part.function.__name__):
            found = made(part, known, constants)
        refuse(theorem, results.check_faults(part, found))
        return found

    return call


def left_by(prepared: Prepared) -> dict[str, Any]:
    """What the path leaves for the record, each kind that the theorem has; nothing without a path."""
    theorem, path = prepared.theorem, prepared.known.get("path")
    with calling(theorem, "integrate"):
        return {name: member(theorem, path, name) for name in results.LEFT if hasattr(path, name)}


def member(theorem: Theorem, owner: object, name: str) -> Any:
    """What a problem or a path has under that name; TheoremError when the record cannot hold it."""
    value = getattr(owner, name)
    refuse(theorem, results.member_faults(owner, name, value))
    return value


def broken(problem: Exception) -> dict[str, Any]:
    """What the record says of whatever broke the run."""
    shown = problem.__cause__ if isinstance(problem, TheoremError) else problem
    return {
        "verdict": Verdict.ERROR,
        "error": str(problem) if isinstance(problem, TheoremError) else in_words(problem),
        "traceback": "".join(traceback.format_exception(shown)) if shown else None,
    }


@contextmanager
def timed(timings: dict[str, float], phase: str) -> Iterator[None]:
    """Notes how many seconds its block takes."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        timings[phase] = time.perf_counter() - begun
