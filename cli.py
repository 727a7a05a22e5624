"""The command line: parse, call, print, exit code. No numerics and no file formats.

`verify.commands.guard` has the exit codes.
"""

from __future__ import annotations

import os
import sys
import traceback
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import verify
from verify.commands.base import Command, Folder, Group
from verify.commands.guard import BROKEN, run_guarded
from verify.commands.options import SettingCommand
from verify.theorem import presets
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from verify.figures.make import Format
    from verify.figures.protocol import FigureModule, Preset
    from verify.records.record import Difference, Record
    from verify.runs.config import Config
    from verify.theorem.protocol import Theorem
    from verify.theorem.settings import BaseSetting, HasSetting

DEFAULT_OUT = Path("results") / "runs"
DEFAULT_REFERENCE = Path("results") / "reference"
DEFAULT_FIGURES = Path("results") / "figures"
CACHE = Path("results") / "cache"

#: The exit code of a run that differs from its reference; verdicts have their own.
DIFFERS = 5


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem | str]:
    """Theorem names, for the shell."""
    import theorems

    return [name for name in theorems.names() if name.startswith(incomplete)]


class TheoremCommand(SettingCommand):
    """A command that has every setting field of every theorem as an option."""

    named_by = "verify theorem"

    def names(self) -> Sequence[str]:
        import theorems

        return theorems.names()

    def modules(self, names: Sequence[str]) -> Mapping[str, HasSetting]:
        import theorems

        return {module.NAME: module for module in theorems.catalogue(names, reserved_names()).theorems}


class FiguresCommand(SettingCommand):
    """A command that has every setting field of every figure as an option."""

    named_by = "verify figures"

    def names(self) -> Sequence[str]:
        from theorems import figures

        return list(figures.FIGURES)

    def modules(self, names: Sequence[str]) -> Mapping[str, HasSetting]:
        from theorems import figures

        return {name: figures.load(name) for name in names or figures.FIGURES}


def reserved_names() -> frozenset[str]:
    """What no setting field of a theorem may be called: the options of all commands, and more arguments."""
    context = click.Context(cli, **cli.context_settings)
    commands = [command for command in cli.commands.values() if isinstance(command, Command)]
    own = [(command, parameter) for command in commands for parameter in Command.get_params(command, context)]
    options = {flag for _, parameter in own for flag in parameter.opts if flag.startswith("--")}
    arguments = {str(parameter.name) for command, parameter in own if isinstance(command, TheoremCommand)}
    return frozenset({flag[2:].replace("-", "_") for flag in options} | arguments)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(verify.__version__, prog_name="verify")
def cli() -> None:
    """Test convergence theorems about implicit neural networks numerically."""


@cli.command("list")
def list_theorems() -> int:
    """List the theorems."""
    import theorems

    found = theorems.catalogue(reserved=reserved_names())
    rows = [(module.NAME, module.TITLE) for module in found.theorems]
    if sys.stdout.isatty():
        formatter = click.get_current_context().make_formatter()
        formatter.write_dl(rows)
        click.echo(formatter.getvalue(), nl=False)
    else:  # a line each, for other programs
        for name, title in rows:
            click.echo(f"{name:22} {title}")
    _tell_broken(found.broken)
    return 0


@cli.command()
@click.argument("name", shell_complete=_complete)
def show(name: str) -> int:
    """Print what theorem NAME states and claims, and its sources."""
    import theorems

    theorem = theorems.load(name, reserved_names())
    click.echo(f"{theorem.TITLE}\n{'=' * len(theorem.TITLE)}\n\n{theorem.STATEMENT.rstrip()}\n\nClaims\n")
    for claim in theorem.CLAIMS:
        informative = "" if claim.required else ", informative"
        click.echo(f"  {claim.id:11} {claim.text}\n{'':13} ({claim.kind}{informative}; {claim.source})")
    click.echo("\nSources\n")
    for source in theorem.SOURCES:
        click.echo(f"  {source}")
    click.echo(f"\nRun it:  verify theorem {theorem.NAME}\nOptions: verify theorem --help")
    return 0


_out = click.option(
    "--out",
    type=Folder(),
    default=DEFAULT_OUT,
    show_default=True,
    help="where run directories go",
)
_config = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="settings by theorem, in tables like [linear-rate]; options given here win",
)


_verbose = click.option("-v", "--verbose", is_flag=True, help="show every comparison, not a line a claim")
_quiet = click.option("--quiet", is_flag=True, help="print the last line only")
_json = click.option("--json", "as_json", is_flag=True, help="print the record and nothing else")


@cli.command(cls=TheoremCommand)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=_complete)
@_out
@_config
@click.option(
    "--seeds",
    type=click.IntRange(1, 100_000),
    default=1,
    metavar="N",
    help="run N independent draws, with seeds from --seed upwards; one row a claim",
)
@_verbose
@_quiet
@_json
def theorem(
    names: tuple[str, ...],
    out: Path,
    config: Path | None,
    seeds: int,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    **options: str | None,
) -> int:
    """Check theorem NAME (or several) in the setting that the options describe.

    An option goes to each theorem that has it; an option left out keeps its default.
    """
    import theorems

    modules = theorems.catalogue(names, reserved_names()).theorems
    given, pinned = _given(modules, options), _read_config(config)
    chosen = [(module, _setting(module, pinned, given, presets.Variant())) for module in modules]

    # What runs and writes takes half a second to load: not before the options are known to be good.
    from verify.commands.progress import progress_line
    from verify.records.directory import require_writable
    from verify.runs.cost import Plan, announcement
    from verify.runs.run import run_theorem, write_run
    from verify.runs.sweep import run_seeds
    from verify.theorem.verdicts import worst
    from verify.views import terminal
    from verify.views.github import require_summary

    expected = announcement([[Plan(module, setting, seeds)] for module, setting in chosen])
    require_writable(out)
    require_summary(os.environ)
    _tell(expected, not (quiet or as_json))
    console = terminal.console()
    page = terminal.Page(console)
    records = []
    for module, setting in chosen:
        with progress_line(module.NAME, shown=not (quiet or as_json)) as progress:
            if seeds > 1:
                run = run_seeds(module, setting, seeds, progress)
            else:
                run = run_theorem(module, setting, progress)
        record, written = write_run(run, out)
        records.append(record)
        _tell_traceback(record)
        if as_json:
            continue
        if not quiet:
            console.print((page.seeds if seeds > 1 else page.result)(record, verbose))
        line = terminal.last_line(record.verdict, record.theorem, str(written), record.reason)
        console.print(line, soft_wrap=True)
    if as_json:
        texts = [record.model_dump_json(indent=1) for record in records]
        click.echo(texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]")
    _show_in_job(records)
    return worst(record.verdict for record in records).exit_code


@cli.command("all", cls=TheoremCommand)
@click.option(
    "--preset",
    type=click.Choice(presets.NAMES),
    default="quick",
    show_default=True,
    help="how much of it: quick for every push, thorough for every night",
)
@_config
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="REFERENCE",
    help="compare with the reference of the preset in this folder, or with this record; exit 5 if it differs",
)
@_out
@click.option(
    "--jobs", type=click.IntRange(1, 1000), metavar="N", help="parallel processes  [as many as cores]"
)
@_verbose
@_quiet
@_json
def all_theorems(
    preset: presets.Preset,
    config: Path | None,
    against: Path | None,
    out: Path,
    jobs: int | None,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    **options: str | None,
) -> int:
    """Check every theorem, in parallel: one table, one record, one exit code, the worst.

    An option goes to every run of each theorem that has it, over what the preset and --config say.
    """
    import theorems
    from verify.commands.progress import progress_line
    from verify.records.directory import require_writable
    from verify.records.regression import read_reference
    from verify.runs.cost import Plan, announcement
    from verify.runs.suite import Job, command_line, run_suite
    from verify.views import terminal
    from verify.views.github import require_summary

    found = theorems.catalogue(reserved=reserved_names())
    modules = found.theorems
    given, pinned = _given(modules, options), _read_config(config)
    runs = [
        Job(module, variant.name, _setting(module, pinned, given, variant), variant.seeds)
        for module in modules
        for variant in presets.variants(module, preset)
    ]
    reference = read_reference(against, preset) if against else None
    expected = announcement([[Plan(job.theorem, job.setting, job.seeds) for job in runs]], jobs)
    require_writable(out)
    require_summary(os.environ)
    command = command_line(preset, config, given)
    _tell(expected, not (quiet or as_json))
    with progress_line("all", shown=not (quiet or as_json)) as progress:
        suite, written = run_suite(
            runs, preset, command, out, jobs, progress, (str(against), reference) if reference else None
        )
    moved = suite.compared.differences if suite.compared else []
    if as_json:
        click.echo(suite.model_dump_json(indent=1))
    else:
        console = terminal.console()
        page = terminal.Page(console)
        if not quiet:
            console.print(page.suite(suite, verbose))
            if moved:
                console.print(page.differences(moved))
        if suite.compared:
            console.print(page.compared(suite.compared))
        console.print(terminal.last_line(suite.verdict, f"all, {preset}", str(written)), soft_wrap=True)
    if moved:
        click.echo(f"verify: numbers or texts that differ from {against}: {len(moved)}", err=True)
    for record in suite.theorems:
        _tell_traceback(record)
    _show_in_job(suite.theorems, moved)
    broken = _tell_broken(found.broken)
    return suite.verdict.exit_code or broken or (DIFFERS if moved else 0)


@cli.command(cls=FiguresCommand)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--preset",
    type=click.Choice(["quick", "standard", "paper"]),
    default="standard",
    show_default=True,
    help="sizes: quick for a look, paper for those of the papers; options given here win",
)
@click.option("--list", "listed", is_flag=True, help="say which curves are cached, and draw nothing")
@click.option("--check", "judged", is_flag=True, help="let the exit code judge what the captions claim")
@click.option(
    "--out",
    type=Folder(),
    default=DEFAULT_FIGURES,
    show_default=True,
    help="where pictures go",
)
@click.option(
    "--format", "formats", default="png,svg", show_default=True, help="of png, svg, pdf, with commas"
)
@click.option(
    "--style",
    type=click.Choice(["iclr", "neurips", "icml", "wide"]),
    default="iclr",
    show_default=True,
    help="column width and font size of a conference's papers",
)
@_verbose
@_quiet
def figures(
    names: tuple[str, ...],
    preset: Preset,
    listed: bool,
    judged: bool,
    out: Path,
    formats: str,
    style: str,
    verbose: bool,
    quiet: bool,
    **options: str | None,
) -> int:
    """Redraw figure NAME of the papers and of the suite (default: all), from cached curves where there are.

    The exit code is 0 when the pictures were made. What their captions claim is judged beside them, and by
    the exit code with --check: a finding that does not show on this data is a result.
    """
    from verify.commands.progress import progress_line
    from verify.figures import make as figure_run
    from verify.figures.cache import CurveCache
    from verify.figures.paper import PAPERS
    from verify.records.directory import require_writable
    from verify.theorem.verdicts import Verdict, worst
    from verify.views import terminal

    suffixes = _formats(formats)
    settings = _figure_settings(names, preset, options)
    chosen = [(module, setting, module.curves(setting)) for module, setting in settings]
    console = terminal.console()
    page = terminal.Page(console)
    cache = CurveCache(CACHE)
    if listed:
        curves = [curve for _, _, of in chosen for curve in of]
        rows = [(curve.label, cache.has(curve), cache.seconds(curve)) for curve in curves]
        console.print(page.curves(rows))
        return 0
    require_writable(out)
    for _, _, needed in chosen:
        figure_run.load_sources(needed, cache)
    verdicts = []
    for module, setting, _ in chosen:
        try:
            with progress_line(module.NAME, not quiet) as progress:
                record, drawn = figure_run.make_figure(
                    module, setting, preset, cache, PAPERS[style], suffixes, progress
                )
        except InputError:
            raise
        except Exception as broken:  # one figure that breaks leaves the others to be drawn
            verdicts.append(Verdict.ERROR)
            click.echo(f"ERROR  {module.NAME}  {type(broken).__name__}: {broken}")
            continue
        written = figure_run.write_figure(record, drawn, out, figure_run.file_stem(module, setting, preset))
        verdicts.append(record.verdict)
        if not quiet:
            console.print(page.figure(record.claims, record.title, verbose))
        click.echo(f"{record.verdict}  {module.NAME}  {written[0]}")
    made = [verdict for verdict in verdicts if judged or verdict is Verdict.ERROR]
    return worst(made).exit_code if made else 0


def _figure_settings(
    names: tuple[str, ...], preset: Preset, options: Mapping[str, str | None]
) -> list[tuple[FigureModule, BaseSetting]]:
    """Every figure with its setting; an option goes to each that has it, the preset fills in the others."""
    from theorems import figures
    from verify.theorem.settings import make_setting

    modules = [figures.load(name) for name in dict.fromkeys(names or figures.FIGURES)]
    values = _given(modules, options)
    return [
        (
            module,
            make_setting(
                module,
                {
                    **module.PRESETS[preset],
                    **{name: value for name, value in values.items() if name in module.Setting.model_fields},
                },
            ),
        )
        for module in modules
    ]


def _formats(text: str) -> list[Format]:
    from typing import get_args

    from verify.figures.make import Format

    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in get_args(Format)]:
        raise InputError(
            f"--format {unknown[0]}: it should be of {', '.join(get_args(Format))}, with commas between, for "
            "example --format png,pdf"
        )
    return list(dict.fromkeys(words))  # type: ignore[arg-type]


@cli.command()
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("run", type=click.Path(path_type=Path))
def compare(reference: Path, run: Path) -> int:
    """Compare RUN with REFERENCE, number by number, each by its own tolerance; exit 5 if one moved.

    Both are records or the folders that hold one; a folder of references is searched for the one of
    the run's preset or theorem. Timings are never compared.
    """
    from verify.records.reading import read_record
    from verify.records.regression import compare_records, read_reference
    from verify.views import terminal

    record = read_record(run)
    found = compare_records(read_reference(reference, record.reference_name), record, str(reference))
    console = terminal.console()
    page = terminal.Page(console)
    if found.differences:
        console.print(page.differences(found.differences))
    console.print(page.compared(found))
    return DIFFERS if found.differences else 0


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=Folder(),
    default=DEFAULT_REFERENCE,
    show_default=True,
    help="folder of references",
)
@click.option("--allow-unverified", is_flag=True, help="accept a run that is not VERIFIED throughout")
def accept(run: Path, out: Path, allow_unverified: bool) -> int:
    """Make RUN the reference of its preset (or theorem), which later runs are compared with."""
    from verify.records.reading import read_record
    from verify.records.regression import write_reference

    click.echo(f"wrote {write_reference(read_record(run), out, allow_unverified)}")
    return 0


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--open", "opened", is_flag=True, help="open the HTML report")
def report(folder: Path, opened: bool) -> int:
    """Remake report.md, report.html and junit.xml of the run in DIR from its record."""
    from verify.records.reading import RECORD, read_record
    from verify.views.files import write_views

    if folder.name == RECORD:
        folder = folder.parent
    if opened:
        _require_browser()
    write_views(folder, read_record(folder))
    page = folder / "report.html"
    click.echo(page)
    if opened:
        webbrowser.open(page.resolve().as_uri())
    return 0


def _require_browser() -> None:
    try:
        webbrowser.get()
    except webbrowser.Error:
        raise InputError("found no browser for --open: leave it out, and open report.html yourself") from None


def _show_in_job(records: Sequence[Record], moved: Sequence[Difference] = ()) -> None:
    """Tell the GitHub job that this runs in, if it is one; on stderr, so that --json stays what it is."""
    from verify.views.github import append_summary, error_commands

    append_summary(records, os.environ, moved)
    for line in error_commands(records, os.environ, moved):
        click.echo(line, err=True)


@cli.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=_complete)
def power(names: tuple[str, ...]) -> int:
    """Run the planted false claims of theorem NAME (default: all); exit 1 if a check misses one."""
    import theorems
    from verify.runs.power import Trial, trials
    from verify.theorem.errors import TheoremError
    from verify.views import terminal

    chosen = theorems.catalogue(names, reserved_names())
    found: list[Trial] = []
    broken = [*chosen.broken]
    for module in chosen.theorems:
        try:
            found += trials(module)
        except TheoremError as problem:
            broken.append(problem)
    console = terminal.console()
    console.print(terminal.Page(console).power(found))
    survivors = sum(not trial.caught for trial in found)
    click.echo(f"{len(found) - survivors} of {len(found)} false claims caught")
    code = _tell_broken(broken)
    return 1 if survivors else code


def _tell(expected: str, shown: bool) -> None:
    """Say what is to come, where there is something to say."""
    if expected and shown:
        click.echo(expected, err=True)


@cli.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=_complete)
def lint(names: tuple[str, ...]) -> int:
    """Say all that is wrong with the code of theorem NAME, for its author; exit 4 if something is.

    It runs the theorem once, in the first setting of the quick preset, and its planted claims.
    """
    import theorems
    from verify.contract import lint

    problems = 0
    for name in dict.fromkeys(names):
        found = theorems.find(name, reserved_names())
        lines, warnings, causes = [*found.faults], [], [found.cause]
        if found.theorem and (setting := lint.smallest_setting(found.theorem, name)):
            seen = lint.lint(found.theorem, setting)
            lines, warnings, causes = [*lines, *seen.problems], seen.warnings, [*seen.causes]
        for line in (*lines, *warnings):
            click.echo(line)
        click.echo(f"{name}: {len(lines) or 'no'} problem{'s'[len(lines) == 1 :]}")
        _tell_causes(causes)
        problems += len(lines)
    return BROKEN if problems else 0


def _tell_broken(broken: Sequence[Exception]) -> int:
    """Say which theorems could not be served, and why; the exit code that reports it."""
    for problem in broken:
        click.echo(f"verify: {problem}", err=True)
        _tell_causes([problem.__cause__])
    return BROKEN if broken else 0


def _tell_causes(causes: Sequence[BaseException | None]) -> None:
    """With --debug, what other people's code raised."""
    for cause in causes:
        if cause and click.get_current_context().obj["debug"]:
            traceback.print_exception(cause)


def _tell_traceback(record: Record) -> None:
    """With --debug, where a run broke."""
    if record.traceback and click.get_current_context().obj["debug"]:
        click.echo(record.traceback, err=True, nl=False)


def _given(
    modules: Sequence[Theorem] | Sequence[FigureModule], options: Mapping[str, str | None]
) -> dict[str, str]:
    """The setting options that were given; each must belong to one of the theorems or figures."""
    from verify.theorem.settings import option_name

    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if not any(name in module.Setting.model_fields for module in modules):
            names = ", ".join(module.NAME for module in modules)
            raise InputError(f"{option_name(name)} is no option of {names}: leave it out")
    return given


def _read_config(path: Path | None) -> Config:
    import theorems
    from verify.runs.config import Config, read_config

    return (
        Config()
        if path is None
        else read_config(path, theorems.catalogue(reserved=reserved_names()).theorems)
    )


def _setting(
    module: Theorem, config: Config, given: Mapping[str, str], variant: presets.Variant
) -> BaseSetting:
    """A theorem's setting: what its preset says, over that the configuration file, over that the options."""
    from verify.theorem.settings import make_setting

    own = {name: value for name, value in given.items() if name in module.Setting.model_fields}
    pinned = config.values(module.NAME, variant.name)
    try:
        return make_setting(module, {**variant.options, **pinned, **own})
    except InputError as problem:
        place = [config.source] if pinned else []
        place += [f"{module.NAME}.{variant.name}"] if variant.name else []
        raise InputError(": ".join([*place, str(problem)])) from None


@cli.command()
def info() -> int:
    """Show what this machine computes with: packages, BLAS kernels, processor."""
    from verify.runs.environment import environment

    for name, value in environment().items():
        items = [f"{key} {item}" for key, item in value.items()] if isinstance(value, dict) else value
        click.echo(f"{name + ':':11} {', '.join(items) if isinstance(items, list) else items}")
    return 0


def main() -> None:
    """Entry point."""
    sys.exit(run_guarded(cli, "verify"))


if __name__ == "__main__":
    main()
