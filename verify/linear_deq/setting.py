"""Settings that the theorems about the deep equilibrium linear model share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from verify.data.start import FEATURES, TARGETS, StartFormat, StartSetting
from verify.data.stored import DataHome
from verify.linear_deq.problem import Integrator

Loss = Literal["square", "logistic", "cross-entropy", "hinge"]

DEFAULT_TAU = 0.1

DEFAULT_RTOL = 1e-10


class LinearSetting(StartSetting):
    """The options of the theorems about this model, which assume nothing but 0 < gamma < 1."""

    GROUPS: ClassVar[Mapping[str, Sequence[str]]] = {
        "Network and data": ("width", "gamma", "data", "data_home", "samples", "outputs", "start", "seed"),
        "Loss": ("loss", "tau"),
        "Flow": ("horizon", "points", "integrator", "rtol"),
    }

    START: ClassVar[StartFormat] = StartFormat(
        {"A": ("m", "m"), "B": ("m_y", "m")},
        {"m": "width", "m_y": "outputs", "n": "samples"},
        {FEATURES: ("m", "n"), TARGETS: ("m_y", "n")},
    )

    start: str | None = Field(
        None,
        examples=["checkpoint.npz"],
        description="initial A (m, m) and B (m_y, m), in FILE.npz; with features (m, n) and targets (m_y, n) "
        "these are the data; default: drawn",
    )
    width: int = Field(
        32, ge=1, le=4096, examples=[64], description="width m: number of features and of hidden units"
    )
    samples: int | None = Field(
        None,
        ge=2,
        le=1_000_000,
        examples=[100],
        description="samples n; default 100 (hinge: half the width), or all rows of a file",
    )
    outputs: int | None = Field(
        None,
        ge=1,
        le=1000,
        examples=[10],
        description="outputs m_y; default 10 (logistic, hinge: 1), or as many as a file has",
    )
    gamma: float = Field(
        0.8, gt=0, lt=1, examples=[0.9], description="contraction factor of the equilibrium map"
    )
    loss: Loss = Field("square", description="loss function")
    tau: float | None = Field(
        None,
        ge=0,
        le=1e6,
        examples=[DEFAULT_TAU],
        description=f"weight of tau ||q||^2 in logistic and cross-entropy; default {DEFAULT_TAU}",
    )
    data: str = Field(
        "digits",
        examples=["mine.npz"],
        description="data set: digits, synthetic, images by name such as fashion-mnist, or a file FILE.npz",
    )
    data_home: DataHome = None
    horizon: float | None = Field(
        None,
        gt=0,
        le=1e12,
        examples=[10],
        description="flow time T; default: until the bound fell by exp(-12)",
    )
    points: int = Field(
        61, ge=9, le=10_000, examples=[121], description="times at which everything is checked"
    )
    integrator: Integrator = Field("cvode", description="how the flow is approximated")
    rtol: float = Field(
        DEFAULT_RTOL,
        ge=1e-12,
        le=1e-3,
        examples=[1e-8],
        description="relative tolerance of the integrator",
    )

    @model_validator(mode="after")
    def _fits_the_loss(self) -> LinearSetting:
        if self.loss in ("logistic", "hinge") and self.outputs not in (None, 1):
            raise ValueError(
                f"--loss {self.loss} is for one output: use --outputs 1, or --loss square or cross-entropy"
            )
        if self.loss == "cross-entropy" and self.outputs == 1:
            raise ValueError(
                "--loss cross-entropy needs two outputs or more: use --outputs 2 or --loss logistic"
            )
        if self.tau is not None and self.loss in ("square", "hinge"):
            raise ValueError(
                f"--tau belongs to --loss logistic and cross-entropy: leave it out for {self.loss}"
            )
        return self

    @property
    def outputs_drawn(self) -> int:
        """Outputs of data sets that leave them open."""
        return self.outputs or (1 if self.loss in ("logistic", "hinge") else 10)

    @property
    def tau_used(self) -> float | None:
        """tau of the losses that have one."""
        if self.loss in ("square", "hinge"):
            return None
        return DEFAULT_TAU if self.tau is None else self.tau

    @property
    def samples_drawn(self) -> int:
        """Samples of data sets that leave them open."""
        return self.samples or (max(2, self.width // 2) if self.loss == "hinge" else 100)
