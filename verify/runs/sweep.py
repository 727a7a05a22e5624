"""Many draws of one setting: a statement that holds with some probability is tested on many seeds."""

from __future__ import annotations

from collections.abc import Sequence

from joblib import cpu_count, delayed

from verify.numerics.statistics import proportion_interval
from verify.records.record import CheckRecord, ClaimRecord, Draw, Record, Seeds
from verify.runs.judged import laws_of
from verify.runs.run import Run, run_theorem
from verify.runs.workers import pool
from verify.theorem.judgement import Laws
from verify.theorem.protocol import Progress, Theorem, silent
from verify.theorem.settings import BaseSetting, draws
from verify.theorem.verdicts import Verdict, worst


def run_seeds(
    theorem: Theorem,
    setting: BaseSetting,
    count: int,
    progress: Progress = silent,
    processes: int | None = None,
) -> Run:
    """`count` independent draws as one run, with seeds from the setting's own upwards.

    Draws run in parallel processes. Each check shows the draw that decided it most narrowly, each claim in
    how many draws it was verified. Pictures and arrays are made for the worst draw only.
    """
    settings = draws(setting, count)
    processes = min(count, processes or cpu_count())
    workers = pool(processes)
    shared, cores = laws_of(theorem), max(1, cpu_count() // processes)
    records: list[Record] = []
    progress("draws", 0, count)
    for record in workers(delayed(_record)(theorem, one, shared, cores) for one in settings):
        records.append(record)
        progress("draws", len(records), count)
    run = run_theorem(theorem, settings[worst_draw(records)], laws=shared)
    return Run(merged(theorem, records, run.record), run.arrays, run.compared, run.figures)


def worst_draw(records: Sequence[Record]) -> int:
    """Index of the first draw with the worst verdict."""
    return max(range(len(records)), key=lambda i: records[i].verdict.severity)


def merged(theorem: Theorem, records: Sequence[Record], shown: Record) -> Record:
    """One record of all draws, with the notes, rates and pictures of the draw `shown`."""
    count, first = len(records), records[0]
    broken = next((record for record in records if record.error), shown)
    return shown.model_copy(
        update={
            "verdict": worst(record.verdict for record in (*records, shown)),
            "setting": {**shown.setting, "seed": first.setting["seed"], "seeds": count},
            "claims": [_merged([record.claims[i] for record in records]) for i in range(len(theorem.CLAIMS))]
            if all(record.claims for record in records)
            else [],
            "notes": [
                f"{count} draws; notes, rates and pictures are those of seed {shown.setting['seed']}",
                *shown.notes,
            ],
            "draws": [_draw(record) for record in records],
            "error": broken.error,
            "traceback": broken.traceback,
            "command": f"{first.command} --seeds {count}",
        }
    )


def _draw(record: Record) -> Draw:
    """What a draw leaves in the record of all."""
    return Draw(
        seed=record.setting["seed"],
        verdict=record.verdict,
        rates=record.rates,
        slack={
            claim.id: min(
                (slack for check in claim.checks if (slack := check.slack_in_budgets) is not None),
                default=None,
            )
            for claim in record.claims
        },
        command=record.command,
    )


def _record(theorem: Theorem, setting: BaseSetting, shared: Laws, cores: int) -> Record:
    return run_theorem(theorem, setting, cores=cores, laws=shared, pictured=False).record


def _merged(claims: Sequence[ClaimRecord]) -> ClaimRecord:
    """One claim over all draws."""
    verified = sum(claim.verdict is Verdict.VERIFIED for claim in claims)
    by_quantity: dict[str, list[CheckRecord]] = {}
    for claim in claims:
        for check in claim.checks:
            by_quantity.setdefault(check.quantity, []).append(check)
    return claims[0].model_copy(
        update={
            "verdict": worst(claim.verdict for claim in claims),
            "checks": [max(checks, key=lambda check: check.narrowness) for checks in by_quantity.values()],
            "seeds": Seeds(
                verified=verified, drawn=len(claims), interval=proportion_interval(verified, len(claims))
            ),
        }
    )
