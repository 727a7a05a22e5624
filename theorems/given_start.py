"""Parameters of a start file where the theorems about implicit ReLU networks draw them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from theorems.two_classes import NamesData, draw_data
from verify.data.samples import Data
from verify.data.start import Start
from verify.theorem.errors import InputError

#: Why nothing said of random draws is judged from a start file.
NOT_DRAWN = "said of a random draw, and the parameters are those of --start: leave it out to judge this"


class MayBeGiven(Protocol):
    """A start that says whether its parameters are those of a start file."""

    @property
    def given(self) -> bool: ...


def drawn(start: MayBeGiven) -> str:
    """A condition: "" where the parameters are drawn as the paper assumes."""
    return NOT_DRAWN if start.given else ""


def kinked(*guards: NDArray[np.float64]) -> str:
    """Says which argument of a ReLU, of the `guards` (m, n), is 0: there the outputs have no gradient.

    Of a draw none is; of a start file those of units without weights are.
    """
    for guard in guards:
        for unit, sample in np.argwhere(guard == 0):
            return (
                f"unit {unit} is at its kink on input {sample}, where the outputs have no gradient: give "
                "--start weights of that unit that are not 0, however small"
            )
    return ""


def draw_data_for(setting: NamesData, given: Start | None, inputs: str, rng: np.random.Generator) -> Data:
    """The data that the setting names; InputError where the start file's `inputs` (m, d) has another d."""
    data = draw_data(setting, rng)
    d = len(data.features)
    if given is not None and (has := given.parameters[inputs].shape[1]) != d:
        raise InputError(
            f"--start {given.path} has `{inputs}` for inputs of {has} entries; those of {setting.data} "
            f"have {d}, less entries that are 0 in all of them: give `{inputs}` {d} columns, or other --data"
        )
    return data
