"""The record of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from verify.figures.protocol import Size
from verify.records.record import ClaimRecord
from verify.theorem.verdicts import Verdict


class FigureRecord(BaseModel):
    """A figure in one JSON file: what it shows and assumes, what its caption claims, every number."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1] = 1
    figure: str
    title: str
    verdict: Verdict
    preset: Size
    caption: str
    assumed: Sequence[str]
    setting: Mapping[str, Any]
    claims: Sequence[ClaimRecord]
    numbers: Mapping[str, Any]
    seconds: Mapping[str, float | None]
    environment: Mapping[str, Any]
    command: str
