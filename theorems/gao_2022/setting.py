"""What can be varied, and what `verify all` runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from theorems.two_classes import Classes
from verify.data.start import StartFormat, StartSetting
from verify.data.stored import DataHome
from verify.theorem.presets import Presets, Variant

#: Targets closer than this are equal to the outputs as far as these are known: to 1e-9, along the flow.
LEAST_ALIGNMENT = 1e-6


class Setting(StartSetting):
    """What can be varied."""

    GROUPS: ClassVar[Mapping[str, Sequence[str]]] = {
        "Network": ("width", "gamma", "start", "seed"),
        "Data": ("data", "data_home", "samples", "classes", "perturb", "labels", "alignment"),
        "Flow": ("horizon", "points", "tolerance", "dtype", "device"),
        "Descent": ("step",),
    }

    START: ClassVar[StartFormat] = StartFormat(
        {"A": ("m", "m"), "W": ("m", "d"), "u": ("m",), "v": ("m",)}, {"m": "width"}
    )

    start: str | None = Field(
        None,
        examples=["checkpoint.npz"],
        description="initial A (m, m), W (m, d), u (m,) and v (m,), in FILE.npz; default: drawn",
    )
    width: int = Field(1000, ge=2, le=20_000, examples=[400], description="width m: number of hidden units")
    samples: int | None = Field(
        None, ge=2, le=5000, examples=[50], description="samples n; default 50, or all rows of a file"
    )
    data: str = Field(
        "digits",
        examples=["sphere"],
        description="data set: digits, sphere, images by name such as fashion-mnist, or a file FILE.npz",
    )
    data_home: DataHome = None
    classes: Classes = Field(
        "0,1", examples=["3,8"], description="the two classes of images or of a file, coded -1 and +1"
    )
    gamma: float | None = Field(
        None,
        gt=0,
        lt=1,
        examples=[0.1],
        description="scale of A; default min(1/2, 1/(4c)) with c = max(||A(0)||, ||W(0)||)/sqrt(m)",
    )
    labels: Literal["data", "aligned"] = Field(
        "data",
        description="targets: those of the data, or at a distance from yhat(0) along the slowest "
        "direction of H(0), where the sharp bound is tight",
    )
    alignment: float = Field(
        0.1,
        ge=LEAST_ALIGNMENT,
        le=1,
        examples=[0.01],
        description="distance of aligned targets from the initial outputs",
    )
    horizon: float | None = Field(
        None, gt=0, le=1e12, examples=[10], description="flow time T; default 3/lambda_min(H(0))"
    )
    points: int = Field(
        41, ge=9, le=10_000, examples=[81], description="times at which everything is checked"
    )
    tolerance: float = Field(
        1e-2,
        ge=1e-6,
        le=0.1,
        examples=[1e-3],
        description="relative error of the residual that a step may make",
    )
    step: float | None = Field(
        None, gt=0, le=1e6, examples=[1e-6], description="step of descent; default lambda_0/n^2"
    )
    dtype: Literal["float64", "float32"] = Field(
        "float64", description="precision of the flow; descent and derivatives are in float64 always"
    )
    device: Literal["cpu", "cuda"] = Field("cpu", description="where flow and descent are computed")
    perturb: float = Field(
        0.0,
        ge=0,
        le=1,
        examples=[0.01],
        description="noise, relative to norm 1, added to inputs that are parallel to others",
    )


#: Nearly no slide along kinks, and the sharp bound attained to 1e-7.
TIGHT = {"data": "sphere", "labels": "aligned", "alignment": 1e-3, "tolerance": 1e-3, "samples": 10}

#: The setting that false claims share: nothing decays faster than it must, and it is small.
SMALL = {**TIGHT, "width": 200, "points": 9}

#: A draw of two inputs and 400 units whose G(0) is 0.178 lambda_0 from its limit.
CLOSE = {**SMALL, "samples": 2, "width": 400, "seed": 5}

#: Labels so near, along the slowest direction, that the explicit theorems speak of them, and are attained.
#: So few inputs that the printed step of descent gets somewhere.
EXPLICIT = {**TIGHT, "alignment": 3e-5, "samples": 5, "width": 200, "points": 13}

PRESETS: Presets = {
    "quick": (
        Variant("digits", {"width": 300, "samples": 14, "points": 21}),
        Variant("tight", {**TIGHT, "width": 200, "points": 21}),
        Variant("explicit", EXPLICIT),
    ),
    "standard": (
        Variant("digits"),
        Variant("tight", {**TIGHT, "width": 400}),
        Variant("explicit", EXPLICIT),
        Variant("sphere", {"data": "sphere"}),
    ),
    "thorough": (
        Variant("digits", seeds=5),
        Variant("tight", {**TIGHT, "width": 400}, seeds=10),
        Variant("explicit", EXPLICIT, seeds=10),
        Variant("sphere", {"data": "sphere"}, seeds=5),
        Variant("wide", {"width": 2000, "data": "sphere"}),
    ),
}
