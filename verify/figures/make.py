"""One figure: its curves from the cache or computed, its verdict, its files."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import threadpoolctl

from verify import plots
from verify.data.images import Images
from verify.figures.cache import Curve, CurveCache, Watch, workers_for
from verify.figures.page import figure_page
from verify.figures.paper import Paper
from verify.figures.protocol import FigureModule, Size
from verify.figures.record import FigureRecord
from verify.numerics.memory import available_memory, does_not_fit
from verify.plots import Format
from verify.records.directory import write_file_whole
from verify.records.record import claim_records, overall_verdict
from verify.runs.environment import environment
from verify.theorem.errors import InputError
from verify.theorem.judgement import Judge
from verify.theorem.settings import BaseSetting, option_words


def make_figure(
    module: FigureModule,
    setting: BaseSetting,
    preset: Size,
    cache: CurveCache,
    paper: Paper,
    formats: Sequence[Format],
    watch: Watch,
) -> tuple[FigureRecord, Mapping[Format, bytes]]:
    """The record of a figure and its picture in every format. InputError for a setting that cannot be."""
    curves = module.curves(setting)
    results = cache.results(curves, watch)
    with threadpoolctl.threadpool_limits(limits=1):
        judge = Judge({"setting": setting, "results": results})
        checks = [check for statement in module.CLAIMS for check in judge.checks(statement)]
        claims = claim_records(module.CLAIMS.claims, checks)
        drawn: dict[Format, bytes] = {}
        with plots.style(paper.rc):
            figure = module.draw(setting, results, paper)
            for suffix in formats:
                stream = BytesIO()
                figure.savefig(stream, format=suffix, metadata=plots.undated(suffix))
                drawn[suffix] = stream.getvalue()
    record = FigureRecord(
        figure=module.NAME,
        title=module.TITLE,
        verdict=overall_verdict(module.CLAIMS.claims, claims),
        preset=preset,
        caption=module.caption(setting, results),
        assumed=module.assumed(setting, results),
        setting=setting.model_dump(mode="json"),
        claims=claims,
        numbers=module.numbers(setting, results),
        seconds={curve.label: cache.seconds(curve) for curve in curves},
        environment=environment(),
        command=figure_command(module, setting, preset),
    )
    return record, drawn


def require_memory(curves: Sequence[Curve], cache: CurveCache) -> None:
    """InputError where memory does not hold the missing curves, with what to type instead."""
    free = available_memory()
    missing = [curve for curve in curves if not cache.has(curve)]
    workers = workers_for(sum(not curve.alone for curve in missing))
    for curve in missing:
        together, need = 1 if curve.alone else workers, curve.footprint
        if need and together * need.bytes > free:
            instead = f"{need.advice(free / together)}, or a machine with more memory"
            raise InputError(does_not_fit(curve.label, together, need.bytes, free, instead))


def load_sources(curves: Sequence[Curve], cache: CurveCache) -> None:
    """Load the data that missing curves need, before any work is done; InputError if they cannot be had."""
    for curve in curves:
        if isinstance(curve.source, Images) and not cache.has(curve):
            curve.source.loaded  # noqa: B018


def file_stem(module: FigureModule, setting: BaseSetting, preset: Size) -> str:
    """The name of a figure's files: its own name, then preset and data where they are not the defaults."""
    field = module.Setting.model_fields.get("data")
    usual = str(field.default) if field else ""
    data = str(getattr(setting, "data", usual))
    others = "" if data == usual else "-" + "+".join(Path(name.strip()).stem for name in data.split(","))
    return module.NAME + others + ("" if preset == "standard" else f"-{preset}")


def write_figure(record: FigureRecord, drawn: Mapping[Format, bytes], folder: Path, stem: str) -> list[Path]:
    """Write picture, caption and numbers, each file whole or not at all; their paths."""
    shown = next((f"{stem}.{suffix}" for suffix in ("png", "svg") if suffix in drawn), "")
    contents: dict[str, str | bytes] = {suffix: picture for suffix, picture in drawn.items()}
    contents |= {"md": figure_page(record, shown), "json": record.model_dump_json(indent=1)}
    for suffix, content in contents.items():
        write_file_whole(folder / f"{stem}.{suffix}", content)
    return [folder / f"{stem}.{suffix}" for suffix in contents]


def figure_command(module: FigureModule, setting: BaseSetting, preset: Size) -> str:
    """The command that makes the figure again."""
    named = [] if preset == "standard" else ["--preset", preset]
    given = option_words(setting, module.PRESETS[preset])
    return shlex.join(["verify", "figures", module.NAME, *named, *given])
