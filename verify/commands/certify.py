"""The commands that prove and disprove statements in an instance, and check such certificates again."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from verify.commands.base import Command, Folder, library, reserved_names
from verify.commands.settings import TheoremCommand
from verify.commands.shared import complete_theorem, given_options
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.verdicts import Verdict

if TYPE_CHECKING:
    from verify.certificates.certificate import Certificate
    from verify.runs.suite import Certified
    from verify.theorem.protocol import Theorem
    from verify.theorem.settings import BaseSetting

#: Where certificates go.
DEFAULT_OUT = Path("results") / "certificates"

#: Minutes that the enclosure of a path may take.
MINUTES = 5.0


def require_flint() -> None:
    """InputError where python-flint is missing."""
    if find_spec("flint") is None:
        raise InputError("certificates need python-flint: python -m pip install 'verify-theorems[certify]'")


@click.command(cls=TheoremCommand)
@click.argument("name", metavar="[NAME]", required=False, shell_complete=complete_theorem)
@click.option("--disproofs", is_flag=True, help="what is printed and false, at explicit points")
@click.option("--state", is_flag=True, help="pointwise claims at the initial state, and identities")
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="with --state: at the stored states of this run, in its setting",
)
@click.option("--path", is_flag=True, help="the exact flow, enclosed")
@click.option(
    "--minutes",
    type=click.FloatRange(0, 10_000, min_open=True),
    metavar="N",
    help=f"with --path: refuse what would take longer  [default: {MINUTES:g}]",
)
@click.option("--large", is_flag=True, help="also the disproofs that take minutes")
@click.option("--out", type=Folder(), default=DEFAULT_OUT, show_default=True, help="where its directory goes")
def certify(
    name: str | None,
    disproofs: bool,
    state: bool,
    run: Path | None,
    path: bool,
    minutes: float | None,
    large: bool,
    out: Path,
    **options: str | None,
) -> int:
    """Prove claims of theorem NAME in one instance, every rounding enclosed; exit 3 if one stays undecided.

    Without NAME: what the papers print and is false, disproved at explicit points. With NAME and nothing
    else, its disproofs and its initial state.
    """
    require_flint()
    from verify.theorem.settings import make_setting, option_name

    if run is not None and path:
        raise InputError("--run is about --state, --path starts where a setting does: leave one out")
    flags = {"disproofs": disproofs, "state": state or run is not None, "path": path}
    asked = [kind for kind, wanted in flags.items() if wanted]
    if name is None and (
        asked not in ([], ["disproofs"]) or any(value is not None for value in options.values())
    ):
        raise InputError("--state, --run, --path and settings are of one theorem: `verify certify NAME ...`")
    named = library().theorems.catalogue([name], reserved_names()).theorems if name else []
    kinds = _offered(name, asked)
    for option, given, kind in (("--large", large, "disproofs"), ("--minutes", minutes, "path")):
        if given and kind not in kinds:
            raise InputError(f"{option} is about --{kind}: add that, or leave {option} out")
    made = _disproofs(name, large) if "disproofs" in kinds else iter(())
    recorded: Mapping[str, Any] = {}
    for theorem in named:
        own = given_options([theorem], options)
        if own and (run is not None or kinds == ["disproofs"]):
            option = option_name(next(iter(own)))
            why = "--run has a setting of its own" if run else "disproofs have no setting"
            raise InputError(f"{why}: leave {option} out")
        setting = make_setting(theorem, own)
        if run is None and kinds != ["disproofs"]:
            recorded = setting.model_dump(mode="json")
        if "state" in kinds:
            made = chain(made, _state(theorem, setting, run))
        if "path" in kinds:
            made = chain(made, _path(theorem, setting, minutes or MINUTES))

    from verify.records.directory import require_writable

    require_writable(out)
    try:
        certificates = list(made)
    except HypothesisError as unmet:
        raise InputError(f"nothing can be certified there: {unmet}") from None

    from verify.certificates.certificate import Word
    from verify.certificates.written import counted, write

    command = shlex.join(["verify", *sys.argv[1:]])
    written = write(certificates, name or "disproofs", command, recorded, out)
    _show(certificates)
    click.echo(f"{counted(certificates)}: {written / 'report.md'}")
    undecided = any(one.word is Word.UNDECIDED for one in certificates)
    return Verdict.INCONCLUSIVE.exit_code if undecided else Verdict.VERIFIED.exit_code


def _offered(name: str | None, asked: Sequence[str]) -> Sequence[str]:
    """The kinds to make: those asked for, else disproofs and state; InputError where there are none."""
    certifiers = library().certificates.CERTIFIERS
    for kind in asked if name else ():
        if name not in certifiers[kind]:
            others = ", ".join(certifiers[kind])
            raise InputError(
                f"--{kind} is not offered for {name}{others and f', only for {others}'}: leave it out"
            )
    kinds = asked or [kind for kind in ("disproofs", "state") if not name or name in certifiers[kind]]
    if not kinds:
        others = ", ".join(dict.fromkeys(other for kind in certifiers.values() for other in kind))
        raise InputError(f"nothing can be certified of {name}: name one of {others}")
    return kinds if name else ["disproofs"]


def _disproofs(name: str | None, large: bool) -> Iterator[Certificate]:
    """Those of one theorem, or of all."""
    certificates = library().certificates
    for one in [name] if name else certificates.CERTIFIERS["disproofs"]:
        yield from certificates.certifier("disproofs", one)(large)


def _state(theorem: Theorem, setting: BaseSetting, run: Path | None) -> Iterator[Certificate]:
    """At the initial state of a setting, or at the stored states of a run."""
    from verify.certificates.asked import at_run

    certify_state = library().certificates.certifier("state", theorem.NAME)
    return at_run(theorem, run, certify_state) if run else certify_state(setting, None)


def _path(theorem: Theorem, setting: BaseSetting, minutes: float) -> Iterator[Certificate]:
    """The exact flow from the start of a setting."""
    from verify.commands.progress import progress_line

    certify_path = library().certificates.certifier("path", theorem.NAME)
    with progress_line(theorem.NAME, shown=True) as progress:
        yield from certify_path(setting, minutes, progress)


def _show(certificates: Sequence[Certificate]) -> None:
    """A table: claim, word, statement."""
    from verify.certificates.written import certificate_records
    from verify.views.certified import CertificatePage
    from verify.views.terminal import console as terminal_console

    console = terminal_console()
    console.print(CertificatePage(console).certified(certificate_records(certificates)))


def certified_with(names: Sequence[str], command: str) -> Certified:
    """What costs under a second, for `verify all` of these theorems: the disproofs that are not large."""
    require_flint()
    from verify.certificates.written import certificate_records, file_text, report
    from verify.runs.suite import Certified

    certificates = [one for one in _disproofs(None, large=False) if one.theorem in names]
    texts = {
        "certificate.json": file_text(certificates, {"command": command}),
        "certificates.md": report(certificates, command, {}),
    }
    return Certified(certificate_records(certificates), texts)


@click.command("check-certificate", cls=Command)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
def check_certificate(file: Path) -> int:
    """Check FILE, a certificate.json, again from its numbers alone; exit 1 if a certificate does not hold.

    The checker, `verify/certificates/checker.py`, is short enough to be read, and shares no code with what
    made them. It computes disproofs and paths again; of what is said of a state it checks the digest, and
    exits 3.
    """
    require_flint()
    from verify.certificates.checker import NOTHING, UNKNOWN, check

    try:
        checked = check(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise InputError(f"cannot read {file} ({problem.strerror}): give a certificate.json") from None
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise InputError(f"{file} has no certificates: give a certificate.json of `verify certify`") from None
    told = [(claim, fault) for claim, fault in checked if fault]
    for claim, fault in told:
        click.echo(f"{claim}: {fault}")
    wrong = [claim for claim, fault in told if fault not in (NOTHING, UNKNOWN)]
    if wrong:
        click.echo(f"{len(wrong)} of {len(checked)} checks fail: {file}")
        return Verdict.VIOLATED.exit_code
    if told:
        click.echo(f"{len(checked) - len(told)} of {len(checked)} computed again: {file}")
        return Verdict.INCONCLUSIVE.exit_code
    click.echo(f"all {len(checked)} hold: {file}")
    return Verdict.VERIFIED.exit_code
