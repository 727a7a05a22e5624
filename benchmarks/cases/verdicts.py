"""Time to a verdict: a whole run of a theorem, and a user's script that draws the loss under its bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

import theorems
from benchmarks.kernels import DisagreementError
from benchmarks.timing import Call, Missing, Ratio, interleaved
from verify.runs.run import Run, run_theorem
from verify.theorem.protocol import Theorem
from verify.theorem.settings import BaseSetting, make_setting

#: How far, relatively, the two may be apart in how much log E falls.
ALLOWED = 0.05


@dataclass(frozen=True)
class Trial:
    """A theorem in a setting, and the script.

    name       as `--only` has it
    theorem    its name
    options    those that differ from the defaults
    script     module below `benchmarks.peers`
    packages   that the script needs
    arguments  what its `check` takes, from the problem that the theorem's `build` makes
    """

    name: str
    theorem: str
    options: Mapping[str, Any]
    script: str
    packages: Sequence[str]
    arguments: Callable[[Any], tuple[Any, ...]]


def linear(quick: bool) -> Trial:
    """Kawaguchi's Theorem 1 on digits, in the setting of the quick preset."""

    def arguments(problem: Any) -> tuple[Any, ...]:
        start = problem.model.unpack(problem.theta)
        return problem.features, problem.targets, *start, problem.model.gamma, problem.horizon

    options = {"width": 3, "outputs": 2, "samples": 20, "data": "synthetic", "points": 11, "horizon": 1}
    chosen = options if quick else {"width": 16, "points": 31}
    return Trial("linear-verdict", "linear-rate", chosen, "linear_rate_script", ("torchdiffeq",), arguments)


def relu(quick: bool) -> Trial:
    """Theorem 3.1 of Gao et al. on digits, for a small network and a short time."""

    def arguments(problem: Any) -> tuple[Any, ...]:
        start = tuple(problem.start.theta.parts.values())
        return problem.inputs, problem.targets, start, problem.gamma, problem.horizon

    options: dict[str, Any] = {"width": 100, "samples": 10, "points": 21, "horizon": 10}
    if quick:
        options = {"width": 30, "samples": 3, "points": 9, "horizon": 0.5}
    packages = ("torchdeq", "torchdiffeq")
    return Trial("relu-verdict", "relu-convergence", options, "relu_convergence_script", packages, arguments)


def tried(trial: Trial, rounds: int) -> dict[str, Any]:
    """Times in turns, verdicts, and what the script leaves unchecked; JSON-ready.

    Neither includes the time of imports; both draw, neither writes. DisagreementError where the two find that
    log E falls by different amounts.
    """
    theorem = theorems.load(trial.theorem)
    setting = make_setting(theorem, trial.options)
    result: dict[str, Any] = {
        "kind": "verdict",
        "name": trial.name,
        "theorem": trial.theorem,
        "options": dict(trial.options),
    }
    runs: list[Run] = []
    calls: dict[str, Call] = {"ours": lambda: runs.append(run_theorem(theorem, setting))}
    lacking = [package for package in trial.packages if not find_spec(package)]
    found: list[Any] = []
    if lacking:
        result["missing"] = str(Missing(lacking[0]))
    else:
        script = import_module(f"benchmarks.peers.{trial.script}")
        calls["script"] = _script(script, theorem, setting, trial, found)
        result["unchecked"] = list(script.NOT_CHECKED)
    times = interleaved(calls, rounds, batch=0.0)
    record = runs[-1].record
    result |= {
        "verdict": record.verdict,
        "claims": len(record.claims),
        "seconds": {name: one.tolist() for name, one in times.items()},
        "medians": {name: float(np.median(one)) for name, one in times.items()},
    }
    if found:
        result["holds"] = found[-1].holds
        result["ratio"] = vars(Ratio.of(times["script"], times["ours"]))
        result["falls"] = falls(runs[-1], found[-1])
    return result


def falls(run: Run, found: Any) -> dict[str, float]:
    """By how much log E fell, by us and by the script; DisagreementError where these differ."""
    rates = run.record.rates
    end = rates.get("checked until", found.times[-1])
    measured = found.excess if hasattr(found, "excess") else found.loss
    ours, theirs = rates["measured"] * end, float(np.log(measured[0] / measured[-1]))
    if not abs(ours - theirs) <= ALLOWED * abs(ours):
        raise DisagreementError(
            f"log E falls by {ours:.4g} in the suite's run and by {theirs:.4g} in the script's: they did not "
            "follow the same flow"
        )
    return {"ours": float(ours), "script": theirs}


def _script(script: Any, theorem: Theorem, setting: BaseSetting, trial: Trial, found: list[Any]) -> Call:
    arguments = trial.arguments(theorem.build(setting))

    def call() -> None:
        found.append(script.check(*arguments))
        script.draw(found[-1])

    return call
