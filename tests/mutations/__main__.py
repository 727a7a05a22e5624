"""The runner; `tests.mutations` says what it does."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import click

from tests.mutations import MUTATIONS
from tests.mutations.judging import CAUGHT, CRASHED, PASSED
from tests.mutations.mutation import Mutation
from tests.mutations.parts import parts_for

ROOT = Path(__file__).parents[2]

#: The commands whose exit codes count; the second also tests the machinery that judges.
COMMANDS = (["all", "--preset", "quick", "--jobs", "1", "--out", "runs"], ["power"])

#: What their exit codes mean; see `verify.commands.guard`.
OUTCOMES = {0: PASSED, 1: CAUGHT, 3: CAUGHT}

#: Seconds after which a part is taken to hang.
PATIENCE = 120


@dataclass(frozen=True)
class Result:
    """What came of a mutation: the outcome, the part or command that decided it, what it said, seconds."""

    mutation: Mutation
    outcome: str
    part: str
    line: str
    seconds: float

    @property
    def kind(self) -> str:
        """How it counts."""
        if self.outcome == PASSED:
            return "equivalent" if self.mutation.equivalent else "MISSED"
        return self.outcome


def judged(tree: Path, parts: Sequence[str]) -> tuple[str, str, str]:
    """Outcome, part and line of the parts judged in `tree`: that of a catch, else of a crash, if any."""
    words = [sys.executable, "-m", "tests.mutations.judging", *parts]
    done = _called(words, tree, PATIENCE * len(parts))
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"part"')]
    if len(found) < len(parts) and not any(one["outcome"] == CAUGHT for one in found):
        said = (done.stderr.strip().splitlines() or ["no word"])[-1]
        found.append({"part": parts[len(found)], "outcome": CRASHED, "line": said})
    worst = max(found, key=lambda one: (PASSED, CRASHED, CAUGHT).index(one["outcome"]))
    return worst["outcome"], worst["part"], worst["line"]


def commanded(tree: Path) -> tuple[str, str, str]:
    """The same of the two commands themselves."""
    seen = (PASSED, "", "")
    for words in COMMANDS:
        done = _called([sys.executable, "-m", "verify", *words], tree, 10 * PATIENCE)
        outcome = OUTCOMES.get(done.returncode, CRASHED)
        said = [*done.stderr.strip().splitlines()[-1:], *done.stdout.strip().splitlines()[-1:]]
        if outcome != PASSED:
            seen = outcome, " ".join(words[:1]), f"exit {done.returncode}: {' '.join(said)}"
        if outcome == CAUGHT:
            break
    return seen


def _called(words: Sequence[str], tree: Path, patience: float) -> subprocess.CompletedProcess[str]:
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONPATH": str(tree), "MPLBACKEND": "agg"}
    try:
        return subprocess.run(
            words, cwd=tree, env=environment, capture_output=True, text=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired as stopped:
        begun = (stopped.stdout or b"").decode()
        return subprocess.CompletedProcess(words, 124, begun, f"not done in {patience:g} s")


def copied(target: Path) -> None:
    """The repository as it lies here, without what git ignores and without results, compiled."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("results/"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    compileall.compile_dir(target, quiet=2)


@click.command()
@click.option("--only", multiple=True, metavar="TEXT", help="mutations whose name or file contains it")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="at a time")
@click.option("--commands", is_flag=True, help="run the two commands themselves, whole: minutes for each")
def main(only: Sequence[str], jobs: int, commands: bool) -> None:
    """Plant each mutation in a copy of the repository and see whether the suite notices."""
    chosen = [m for m in MUTATIONS if not only or any(text in m.name or text in m.file for text in only)]
    if not chosen:
        raise click.UsageError(f"no mutation is called like {' or '.join(only)}")
    with tempfile.TemporaryDirectory(prefix="verify-mutations-") as folder:
        honest = Path(folder) / "honest"
        copied(honest)
        reached = {m: parts_for(m.file, ROOT, m.expected) for m in chosen}
        parts = list(dict.fromkeys(part for of_one in reached.values() for part in of_one))
        outcome, part, line = commanded(honest) if commands else judged(honest, parts)
        if outcome != PASSED:
            click.echo(f"without a mutation {part} is {outcome} already: {line}")
            sys.exit(2)

        def tried(mutation: Mutation) -> Result:
            begun = time.perf_counter()
            with tempfile.TemporaryDirectory(dir=folder) as own:
                tree = Path(own) / "tree"
                shutil.copytree(honest, tree)
                mutation.apply(tree)
                found = commanded(tree) if commands else judged(tree, reached[mutation])
            return Result(mutation, *found, time.perf_counter() - begun)

        with ThreadPoolExecutor(jobs) as pool:
            results = []
            for ended in as_completed(pool.submit(tried, mutation) for mutation in chosen):
                one = ended.result()
                results.append(one)
                click.echo(
                    f"{one.kind:10} {one.seconds:5.0f} s  {one.mutation.file}: {one.mutation.name}"
                    + (f"  [{one.part}] {one.line}" if one.outcome != PASSED else "")
                )
    counts = Counter(one.kind for one in results)
    due = len(results) - sum(1 for one in results if one.mutation.equivalent)
    score = sum(1 for one in results if one.outcome == CAUGHT and not one.mutation.equivalent)
    click.echo(f"{score} of {due} caught; " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    sys.exit(1 if score < due else 0)


if __name__ == "__main__":
    main()
