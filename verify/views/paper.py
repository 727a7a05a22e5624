"""A run as a table for a paper, in LaTeX: claims, verdicts and rates; setting and command in the caption.

The packages amsmath and booktabs are needed, and longtable where there are more claims than a page takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from verify.records.record import CheckRecord, ClaimRecord, Record, Suite, runs_of
from verify.theorem.verdicts import Verdict
from verify.views.latex import escaped, latex, number, relation, typed
from verify.views.numbers import setting_line
from verify.views.order import elsewhere
from verify.views.outcome import erratum, unexplained
from verify.views.part import part_judged
from verify.views.spread import rate_spreads

#: The first words of every such file.
MADE_BY = "% Made by verify"

#: Rows that a page takes; a table of more is broken over pages.
LONGEST_FLOAT = 24

#: Packages whose versions decide numbers.
PACKAGES = ("numpy", "scipy", "torch")

HEAD = r"claim & states & verdict & measured & bound & slack \\"
SEEDS_HEAD = r"claim & states & verdict & verified & \multicolumn{2}{r@{}}{95\% interval} \\"


def paper_table(made: Record | Suite) -> str:
    """The tables of a run, or of all runs of a suite, to be read by ``\\input``."""
    return "\n".join(_table(record) for record in runs_of(made))


def _table(record: Record) -> str:
    rows = [*_claim_rows(record), *_rate_rows(record)]
    long = len(rows) > LONGEST_FLOAT
    packages = "amsmath, booktabs and longtable" if long else "amsmath and booktabs"
    about = _comment(f"of {record.command}, started {record.started}; needs {packages}")
    caption = rf"\caption[{{{escaped(record.label)}}}]{{{_caption(record)}}}\label{{{_label(record)}}}"
    columns = r"{@{}lp{0.36\linewidth}lrrr@{}}"
    head = SEEDS_HEAD if record.draws else HEAD
    if long:
        opened = [r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}\setlength{\LTcapwidth}{\linewidth}"]
        opened += [rf"\begin{{longtable}}{columns}"]
        opened += [caption + r"\\", r"\toprule", head, r"\midrule", r"\endfirsthead"]
        opened += [r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot"]
        closed = [r"\end{longtable}", r"\endgroup"]
    else:
        opened = [
            r"\begin{table}",
            r"\centering\footnotesize\setlength{\tabcolsep}{4pt}",
            caption,
            r"\medskip",
        ]
        opened += [rf"\begin{{tabular}}{columns}", r"\toprule", head, r"\midrule"]
        closed = [r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join([f"{MADE_BY} {about}", *opened, *rows, *closed, ""])


def _claim_rows(record: Record) -> Iterator[str]:
    for claim in record.claims:
        if elsewhere(claim):
            continue
        dagger = "" if claim.required else r"$^\dagger$"
        words = f" (erratum: {escaped(erratum(claim))})" if erratum(claim) else ""
        numbers = _drawn(claim) if record.draws else _closest(claim)
        cells = [
            f"{escaped(claim.id)}{dagger}",
            rf"\raggedright {latex(claim.text)}{words}",
            _word(claim.verdict),
            *numbers,
        ]
        yield " & ".join(cells) + r" \\"


def _closest(claim: ClaimRecord) -> list[str]:
    """Measured, bound and slack of the comparison that was decided most narrowly."""
    check = claim.narrowest
    if check is None or check.measured is None:
        return ["--"] * 3
    bound = r"$\infty$" if check.bound is None else number(check.bound)
    return [number(check.measured), f"{relation(check.relation)} {bound}", _slack(check)]


def _slack(check: CheckRecord) -> str:
    slack = check.slack_in_budgets
    if slack is None:
        return "exact" if check.slack == 0 else "--"
    if check.relation == "=":  # of which slack is minus the difference of its sides
        return number(float(f"{-slack:.2g}")).replace("$", r"$\pm ", 1)
    return number(float(f"{slack:.2g}"))


def _drawn(claim: ClaimRecord) -> list[str]:
    """In how many draws it was verified."""
    if claim.seeds is None:
        return ["--", r"\multicolumn{2}{r@{}}{--}"]
    low, high = claim.seeds.interval
    return [
        f"{claim.seeds.verified} of {claim.seeds.drawn}",
        rf"\multicolumn{{2}}{{r@{{}}}}{{{low:.3f} to {high:.3f}}}",
    ]


def _rate_rows(record: Record) -> Iterator[str]:
    """The rates below the claims; of several draws the median and the ends."""
    spreads = {spread.name: spread for spread in rate_spreads(record.draws)}
    for place, (name, value) in enumerate(record.rates.items()):
        rule = "" if place else "\\midrule\n"
        if name in spreads:
            one = spreads[name]
            text = f"median {number(one.median)}, {number(one.least)} to {number(one.largest)}"
            yield rf"{rule}rate & {latex(name)} & \multicolumn{{4}}{{r@{{}}}}{{{text}}} \\"
        else:
            yield rf"{rule}rate & {latex(name)} & & {number(value)} & & \\"


def _caption(record: Record) -> str:
    return " ".join(filter(None, _sentences(record)))


def _sentences(record: Record) -> Iterator[str]:
    yield f"{latex(record.title)}: {_word(record.verdict)}."
    yield escaped(part_judged(record))
    yield latex(f"{reason}.") if (reason := unexplained(record)) else ""
    if described := setting_line(record.effective or record.setting):
        yield f"Setting: {latex(described)}."
    if record.draws:
        yield f"{len(record.draws)} draws, with Clopper--Pearson intervals of the probability of each claim."
    else:
        yield (
            "Numbers are those of the comparison that was decided most narrowly; slack is in units of its "
            r"error budget, after $\pm$ the difference of both sides of an identity."
        )
    if any(not claim.required and not elsewhere(claim) for claim in record.claims):
        yield r"$^\dagger$ informative: counts only where it fails."
    if others := [claim.id for claim in record.claims if elsewhere(claim)]:
        yield f"Not about this setting: {escaped(', '.join(others))}."
    yield f"{_versions(record)}; {typed(record.command)}."


def _versions(record: Record) -> str:
    packages = record.environment.get("packages", {})
    known = packages if isinstance(packages, dict) else {}
    named: dict[str, object] = {
        "verify": record.environment.get("verify"),
        "Python": record.environment.get("python"),
        **{name: known.get(name) for name in PACKAGES},
    }
    return ", ".join(f"{name} {escaped(version)}" for name, version in named.items() if version)


def _word(verdict: Verdict) -> str:
    return verdict.lower().replace("_", " ")


def _label(record: Record) -> str:
    return "tab:" + re.sub(r"[^A-Za-z0-9.-]", "-", record.label)


def _comment(text: str) -> str:
    """A text that stays on its line and in ASCII."""
    return " ".join(text.split()).encode("ascii", "backslashreplace").decode()
