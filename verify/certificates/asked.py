"""Which certificates were asked for, and the states of a run at which some are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.certificates.certificate import Certificate
from verify.data.file import UNREADABLE
from verify.records.reading import read_record
from verify.records.record import Record
from verify.theorem.errors import InputError
from verify.theorem.protocol import Theorem
from verify.theorem.settings import BaseSetting, make_setting

Parameters = Mapping[str, NDArray[np.float64]]

#: `certify_state` of a theorem: pointwise claims at a setting's initial state, or at given parameters.
CertifyState = Callable[[Any, Parameters | None], Iterator[Certificate]]


def at_run(theorem: Theorem, run: Path, certify: CertifyState) -> Iterator[Certificate]:
    """The certificates of each stored state of a run; InputError where that is no run of the theorem."""
    record = read_record(run)
    if not isinstance(record, Record) or record.theorem != theorem.NAME:
        what = record.theorem if isinstance(record, Record) else "several theorems"
        raise InputError(f"{run} is a run of {what}: give one of `verify theorem {theorem.NAME}`")
    setting = make_setting(
        theorem, {name: value for name, value in record.setting.items() if value is not None}
    )
    for time, parameters in stored_states(setting, run):
        for one in certify(setting, parameters):
            yield replace(one, statement=f"at time {time:.6g} of {run}: {one.statement}")


def stored_states(setting: BaseSetting, run: Path) -> Iterator[tuple[float, Parameters]]:
    """The times and parameters that a run has stored: those of all stored times, or of its ends.

    InputError where it has none, or the file is unusable.
    """
    file, layout = run / "trajectory.npz", getattr(setting, "START", None)
    names = list(layout.parameters) if layout else []
    try:
        with np.load(file, allow_pickle=False) as stored:
            if names and all(name in stored for name in names):
                times = stored["stored_times"] if "stored_times" in stored else stored["times"]
                arrays = {name: stored[name] for name in names}
                states = [{name: arrays[name][k] for name in names} for k in range(len(times))]
            else:  # only those of the ends, by names of the network's own, in the order of a start's
                times = stored["times"][[0, -1]]
                states = [
                    dict(zip(names, [stored[key] for key in stored if key.startswith(end)], strict=True))
                    for end in ("first_", "last_")
                ]
    except (*UNREADABLE, KeyError, IndexError) as problem:
        raise InputError(
            f"{file} has no parameters of this theorem ({problem}): give another --run"
        ) from None
    yield from zip(map(float, times), states, strict=True)
