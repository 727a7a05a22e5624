"""Two classes of inputs, as the theorems about implicit ReLU networks draw them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol

import numpy as np
from pydantic import AfterValidator

from verify.data import samples as datasets
from verify.data.images import OPENML, Images
from verify.theorem.space import Entries

#: Samples of the data sets that leave their number open.
SAMPLES = 50

#: Entries of an input that a search moves.
DIMENSION = 3


def _different(text: str) -> str:
    words = text.split(",")
    if len(words) != 2 or not all(word.strip().lstrip("-").isdigit() for word in words):
        raise ValueError("it should be two whole numbers with a comma between")
    if int(words[0]) == int(words[1]):
        raise ValueError("the two classes should differ")
    return text


#: Two whole numbers with a comma between.
Classes = Annotated[str, AfterValidator(_different)]


class NamesData(Protocol):
    """A setting that names the data."""

    @property
    def data(self) -> str: ...
    @property
    def data_home(self) -> str | None: ...
    @property
    def classes(self) -> str: ...
    @property
    def samples(self) -> int | None: ...


def draw_data(setting: NamesData, rng: np.random.Generator) -> datasets.Data:
    """The data that the setting names, inputs of norm 1; InputError for unusable ones."""
    first, second = (int(word) for word in setting.classes.split(","))
    if setting.data == "digits":
        return datasets.unit_digits((first, second), setting.samples or SAMPLES, rng)
    if setting.data == "sphere":
        return datasets.sphere(setting.samples or SAMPLES, rng)
    if setting.data in OPENML:
        pixels, labels = Images(setting.data, setting.data_home).loaded
        samples = setting.samples or SAMPLES
        return datasets.unit_classes(pixels, labels, (first, second), samples, setting.data, rng)
    return datasets.unit_file(Path(setting.data), (first, second), setting.samples, rng)


def searched_inputs(options: Mapping[str, Any]) -> Mapping[str, Entries]:
    """Inputs that a search moves, which the theorem scales to one norm, of two classes in turn."""
    n = options["samples"]
    return {"x": Entries((n, DIMENSION)), "y": Entries((n,), lambda normal: np.arange(n) % 2)}
