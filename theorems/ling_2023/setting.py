"""What can be varied, and what `verify all` runs."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from theorems.two_classes import Classes
from verify.data.start import StartFormat, StartSetting
from verify.data.stored import DataHome
from verify.theorem.presets import Presets, Variant


class Setting(StartSetting):
    """What can be varied."""

    START: ClassVar[StartFormat] = StartFormat(
        {"W": ("m", "m"), "U": ("m", "d"), "a": ("m",)}, {"m": "width"}
    )

    start: str | None = Field(
        None,
        examples=["checkpoint.npz"],
        description="initial W (m, m), U (m, d) and a (m,), in FILE.npz; default: drawn",
    )
    width: int = Field(400, ge=2, le=20_000, description="width m: number of hidden units")
    samples: int = Field(5, ge=1, le=5000, description="samples n")
    data: str = Field(
        "sphere",
        examples=["digits"],
        description="sphere, digits, images by name such as fashion-mnist, or a file FILE.npz",
    )
    data_home: DataHome = None
    classes: Classes = Field("0,1", description="the two classes of images or of a file, coded -1 and +1")
    sigma_w: float = Field(
        0.2828, gt=0, lt=10, description="W is drawn from N(0, 2 sigma_w^2/m); sigma_w^2 < 1/8"
    )
    init: Literal["small", "paper"] = Field(
        "small",
        description="a of N(0, 1/m), as printed, or so small that Condition 1 can hold; with --start, its a "
        "is made small only where this is asked for",
    )
    labels: Literal["near", "data"] = Field(
        "near", description="targets of the data, or near yhat(0), along the slowest direction of Z^T Z"
    )
    distance: float | None = Field(
        None,
        gt=0,
        le=1e6,
        examples=[1e-4],
        description="of near targets; default 9/10 of what (7), (8) allow",
    )
    step: float | None = Field(
        None, gt=0, le=1e6, examples=[1e-8], description="eta; default 99/100 of what Theorem 1 allows"
    )
    epochs: int = Field(200, ge=1, le=100_000, description="steps of descent")
    horizon: float | None = Field(
        None, gt=0, le=1e12, examples=[0.1], description="flow time T; default 3/lambda_min(H(0))"
    )
    points: int = Field(31, ge=9, le=10_000, description="times at which the flow is checked")
    tolerance: float = Field(
        1e-3, ge=1e-6, le=0.1, description="relative error of the residual that a step of the flow may make"
    )
    device: Literal["cpu", "cuda"] = Field("cpu", description="where flow and descent are computed")


#: The setting that false claims share, and one of few units that move far and are followed closely.
SMALL = {"width": 100, "samples": 3, "points": 9, "epochs": 60}
FAR = {"width": 30, "samples": 3, "init": "paper", "labels": "data", "tolerance": 1e-5, "points": 9}

PRESETS: Presets = {
    "quick": (
        Variant("near", {"width": 200, "samples": 3, "points": 15}),
        Variant("digits", {"data": "digits", "width": 200, "samples": 4, "points": 15, "sigma_w": 0.1}),
    ),
    "standard": (Variant("near"), Variant("digits", {"data": "digits"}), Variant("calm", {"sigma_w": 0.1})),
    "thorough": (Variant("near", seeds=10), Variant("wide", {"width": 2000, "samples": 10})),
}
