"""What a terminal shows of runs: one line a claim, every comparison when asked, nothing wider than it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, Group, OverflowMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from verify.records.record import CheckRecord, ClaimRecord, Comparison, Difference, Record, Suite
from verify.theorem.verdicts import Verdict, counts
from verify.views.notation import unicode
from verify.views.numbers import number, place, setting_line
from verify.views.order import elsewhere
from verify.views.part import part_told, titled
from verify.views.spread import closest, rate_spreads, slack_spreads

#: Lines longer than this are hard to read, however wide the terminal is.
WIDTH = 120

STYLES = {
    Verdict.VERIFIED: "green",
    Verdict.VIOLATED: "bold red",
    Verdict.ERROR: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_APPLICABLE: "yellow",
}

#: A ratio of measured to bound outside this says less than the slack does.
LEAST_RATIO, LARGEST_RATIO = 1e-3, 1e3


@dataclass(frozen=True)
class Tried:
    """A row of `Page.power`.

    claim   id of the claim
    what    what was planted for it
    why     why that is false
    said    the verdict that came of it
    margin  by how many error budgets it was off
    missed  what should have come of it; "" where it did
    """

    claim: str
    what: str
    why: str
    said: str
    margin: float | None = None
    missed: str = ""


@dataclass(frozen=True)
class SweptClaim:
    """A row of `Page.sweep`.

    claim     id of the claim
    text      what it says
    worst     the worst verdict that it came out with
    verified  in how many cells it was verified
    cells     of how many
    interval  of that probability, 95%
    others    how the others came out
    """

    claim: str
    text: str
    worst: Verdict
    verified: int
    cells: int
    interval: tuple[float, float]
    others: str


#: How the numbers of a suite are to be read.
SUITE_LEGEND = "budgets: slack in error budgets; below 0 where two sides must be equal, and agree within it"

#: How the numbers in the last column of a table of claims are to be read.
LEGEND = "of bound: measured / bound; budgets: slack, or difference of an identity, in error budgets"


def console() -> Console:
    """Standard output: as wide as the terminal, or as COLUMNS says, up to 120 columns."""
    return Console(highlight=False, markup=False, emoji=False, width=min(Console().width, WIDTH))


class Page:
    """Text for one console: Unicode mathematics where it can be encoded, ASCII elsewhere."""

    def __init__(self, console: Console) -> None:
        self._unicode = console.encoding.lower().startswith("utf")

    def math(self, text: str) -> str:
        """A claim, a quantity or a message as the terminal can show it."""
        return unicode(text) if self._unicode else text

    def result(self, record: Record, verbose: bool = False) -> RenderableType:
        """A run: its setting, its claims, what a reader must know."""
        claims = self._comparisons(record.claims) if verbose else self._claims(record.claims)
        return Group(self._heading(record), Text(), claims, *self._remarks(record, verbose))

    def seeds(self, record: Record, verbose: bool = False) -> RenderableType:
        """Several draws: in how many each claim was verified, and how rates and slack spread."""
        table = self._table(("verdict", "left"), ("claim", "left"), ("states", "fill"), ("verified", "right"))
        table.add_column("95%", justify="right", no_wrap=True)
        table.add_column("slack", justify="right", no_wrap=True)
        least = {spread.name: spread.least for spread in slack_spreads(record.draws)}
        for claim in record.claims:
            if not elsewhere(claim):
                table.add_row(*self._seeds_row(claim, least.get(claim.id)))
        shown = self._comparisons(record.claims) if verbose else table
        return Group(
            self._heading(record), Text(), shown, *self._draws(record), *self._remarks(record, verbose)
        )

    def figure(self, claims: Sequence[ClaimRecord], title: str, verbose: bool = False) -> RenderableType:
        """What a figure's caption claims."""
        shown = self._comparisons(claims) if verbose else self._claims(claims)
        return Group(Text(title, style="bold"), shown)

    def suite(self, suite: Suite, verbose: bool = False) -> RenderableType:
        """A line for each run with its most narrowly decided claim, then all that is not VERIFIED."""
        if verbose:
            runs = [
                self.seeds(record, True) if record.draws else self.result(record, True)
                for record in suite.theorems
            ]
            return Group(*(Padding(run, (0, 0, 1, 0)) for run in runs))
        table = self._table(("run", "left"), ("verdict", "left"), ("claims", "right"), ("narrowest", "left"))
        table.add_column("budgets", justify="right", no_wrap=True)
        table.add_column("s", justify="right", no_wrap=True)
        for record in suite.theorems:
            table.add_row(*_suite_row(record))
        remarks = [line for record in suite.theorems for line in self._suite_remarks(record)]
        legend = Text(SUITE_LEGEND, style="dim")
        return Group(Text(f"verify all, {suite.preset}", style="bold"), table, legend, *remarks)

    def sweep(self, claims: Sequence[SweptClaim], remarks: Sequence[str]) -> RenderableType:
        """In how many cells of a sweep each claim was verified, and how the others came out."""
        table = self._table(("worst", "left"), ("claim", "left"), ("states", "fill"), ("verified", "right"))
        table.add_column("95%", justify="right", no_wrap=True)
        table.add_column("others", overflow="fold")
        for one in claims:
            table.add_row(
                Text(one.worst, style=STYLES[one.worst]),
                one.claim,
                self.math(one.text),
                f"{one.verified} of {one.cells}",
                _interval(one.interval),
                one.others,
            )
        return Group(table, Text(), *map(Text, remarks))

    def power(self, trials: Sequence[Tried]) -> RenderableType:
        """Every planted falsehood, why it is false, and what the run made of it."""
        table = self._table(("claim", "left"), ("planted, and why it is false", "fold"), ("off by", "right"))
        table.add_column("the run said", no_wrap=True)
        for tried in trials:
            said = Text(tried.said, style="green") if not tried.missed else Text("SURVIVED", style="bold red")
            text = Text(self.math(tried.what))
            text.append(f"\n{self.math(tried.why)}", style="dim")
            if tried.missed:
                text.append(f"\n{self.math(tried.missed)}", style="bold red")
            off = number(tried.margin)
            table.add_row(tried.claim, text, f"{off} budgets" if off else "", said)
        return table

    def differences(self, differences: Sequence[Difference]) -> RenderableType:
        """What moved since the reference, two lines each."""
        lines: list[RenderableType] = [Text("Moved since the reference", style="bold")]
        for one in differences:
            allowed = f", allowed {one.allowed}" if one.allowed else ""
            lines.append(Text(self.math(one.what)))
            lines.append(_indented(Text(f"reference {one.old}, now {one.new}{allowed}")))
        return Group(*lines)

    def compared(self, comparison: Comparison) -> Text:
        """What came of holding a suite against a reference."""
        moved = len(comparison.differences)
        what = f"{moved} of them moved" if moved else "nothing moved"
        text = f"compared with {comparison.reference}: {comparison.compared} numbers and texts, {what}"
        return Text(text, style="bold red" if moved else "green")

    def curves(self, curves: Sequence[tuple[str, bool, float | None]]) -> RenderableType:
        """Curves by label, whether they are cached, and how many seconds they took."""
        table = self._table(("curve", "fold"), ("state", "left"), ("seconds", "right"))
        for label, cached, seconds in curves:
            state = Text("cached", style="green") if cached else Text("missing", style="yellow")
            table.add_row(label, state, number(seconds))
        there = sum(cached for _, cached, _ in curves)
        spent = sum(seconds or 0.0 for _, _, seconds in curves)
        return Group(table, Text(f"{there} of {len(curves)} curves are cached, {number(spent)} s of work"))

    def _heading(self, record: Record) -> RenderableType:
        lines = [Text(f"{titled(record)}: {record.title}", style="bold")]
        if described := setting_line(record.effective or record.setting):
            lines.append(Text(self.math(described)))
        if told := part_told(record):
            lines.append(Text(told, style="bold yellow"))
        return Group(*lines)

    def _claims(self, claims: Sequence[ClaimRecord]) -> RenderableType:
        table = self._table(
            ("verdict", "left"), ("claim", "left"), ("states", "fill"), ("how close", "right")
        )
        for claim in claims:
            if not elsewhere(claim):
                table.add_row(
                    Text(claim.verdict, style=STYLES[claim.verdict]),
                    claim.id,
                    self.math(claim.text),
                    _closeness(claim),
                )
        return Group(table, Text(LEGEND, style="dim"), *self._elsewhere_line(claims))

    def _elsewhere_line(self, claims: Sequence[ClaimRecord]) -> list[Text]:
        others = ", ".join(claim.id for claim in claims if elsewhere(claim))
        return [Text(f"for other settings: {others} (-v says which)", style="dim")] if others else []

    def _comparisons(self, claims: Sequence[ClaimRecord]) -> RenderableType:
        """Every comparison of every claim."""
        lines: list[RenderableType] = []
        for claim in claims:
            head = Text(f"{claim.id}  ")
            head.append(claim.verdict, style=STYLES[claim.verdict])
            informative = "" if claim.required else ", informative"
            head.append(f"  {self.math(claim.text)}")
            head.append(f" ({claim.kind}{informative}; {claim.source})", style="dim")
            lines.append(head)
            lines += [_indented(self._comparison(check)) for check in claim.checks]
        return Group(*lines)

    def _comparison(self, check: CheckRecord) -> Text:
        line = Text(self.math(check.quantity))
        line.append("\n  ")
        line.append(check.verdict, style=STYLES[check.verdict])
        parts = [f"  {number(check.measured)} {self.math(check.relation)} {number(check.bound) or 'inf'}"]
        parts += [f"slack {number(check.slack) or 'inf'}", f"budget {number(check.budget)}"]
        parts += [f"at {place(check.where)}"] if check.where else []
        parts += [f"{check.points} point{'s' if check.points != 1 else ''}"]
        if check.points or check.measured is not None:
            line.append(", ".join(parts))
        if check.message:
            line.append(f"\n  {self.math(check.message)}")
        return line

    def _remarks(self, record: Record, verbose: bool) -> Iterator[RenderableType]:
        """What is not VERIFIED and why, then notes, each sentence once."""
        said: dict[str, list[str]] = {}
        for claim in record.claims:
            for check in claim.checks:
                if check.message and not verbose and not elsewhere(claim):
                    said.setdefault(check.message, []).append(claim.id)
        for message, of in said.items():
            yield self._remark(f"{', '.join(dict.fromkeys(of))}: {message}")
        if record.error:
            yield self._remark(record.error)
        for note in record.notes:
            if note not in said:
                yield self._remark(note)
        if "tightness" in record.rates:
            yield self._remark(
                f"rate measured {number(record.rates['measured'])}, guaranteed "
                f"{number(record.rates['guaranteed'])}, ratio {record.rates['tightness']:.6g}"
            )
        if warning := record.environment.get("warning"):
            yield self._remark(warning)

    def _remark(self, text: str) -> RenderableType:
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_row("-", Text(self.math(text)))
        return table

    def _table(self, *columns: tuple[str, str]) -> Table:
        """A table. Columns are given by name and by how they are set: left, right, fill (cut short), fold."""
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
        for name, how in columns:
            if how == "fill":
                # An ellipsis is a character that ASCII lacks.
                cut: OverflowMethod = "ellipsis" if self._unicode else "crop"
                table.add_column(name, no_wrap=True, overflow=cut, ratio=1)
            elif how == "fold":
                table.add_column(name, overflow="fold")
            else:
                table.add_column(name, justify="right" if how == "right" else "left", no_wrap=True)
        table.expand = any(how == "fill" for _, how in columns)
        return table

    def _seeds_row(self, claim: ClaimRecord, slack: float | None) -> tuple[str | Text, ...]:
        seeds = claim.seeds
        known = seeds is not None and claim.verdict is not Verdict.NOT_APPLICABLE
        return (
            Text(claim.verdict, style=STYLES[claim.verdict]),
            claim.id,
            self.math(claim.text),
            f"{seeds.verified} of {seeds.drawn}" if seeds else "",
            _interval(seeds.interval) if seeds and known else "",
            "" if slack is None else _signed(slack),
        )

    def _draws(self, record: Record) -> Iterator[RenderableType]:
        """How the rates spread over the draws, and which draw is the one to look at."""
        yield Text(
            "95%: interval of the probability; slack: the least of all draws, in error budgets", style="dim"
        )
        yield from self._elsewhere_line(record.claims)
        for spread in rate_spreads(record.draws):
            if spread.name in ("measured", "guaranteed", "tightness"):
                low, middle, high = (f"{x:.6g}" for x in (spread.least, spread.median, spread.largest))
                yield self._remark(f"{spread.name}: least {low}, median {middle}, largest {high}")
        if record.draws:
            yield self._remark(f"closest to failing: {closest(record.draws).command}")

    def _suite_remarks(self, record: Record) -> Iterator[RenderableType]:
        if record.error:
            yield self._remark(f"{record.label}: {record.error}")
        for claim in record.claims:
            if claim.verdict is Verdict.VERIFIED or elsewhere(claim):
                continue
            informative = "" if claim.required else " (informative)"
            messages = dict.fromkeys(
                f"{check.quantity}: {check.message}"
                for check in claim.checks
                if check.verdict is claim.verdict
            )
            for message in messages:
                yield self._remark(f"{record.label}  {claim.id}  {claim.verdict}{informative}  {message}")


def last_line(verdict: Verdict, of: str, written: str, reason: str = "") -> Text:
    """The verdict, why it is not VERIFIED, and where the report lies."""
    line = Text(verdict, style=STYLES[verdict])
    line.append(f"  {of}", style="")
    if reason:
        line.append(f"  {reason}", style="")
    line.append(f"  report: {written}", style="")
    return line


def _interval(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f}-{interval[1]:.3f}"


def _closeness(claim: ClaimRecord) -> str:
    """How close the claim came to failing, where it was closest."""
    check = claim.narrowest
    if check is None or check.slack is None or check.measured is None:
        return ""
    # A ratio of logarithms, or of what is zero or negative, would mislead.
    if check.relation != "=" and check.bound is not None and check.bound > 0 and check.measured > 0:
        ratio = check.measured / check.bound
        if LEAST_RATIO <= ratio <= LARGEST_RATIO:
            return f"{ratio:.4g} of bound"
    slack = check.slack_in_budgets
    if slack is None:
        return "exact" if check.slack == 0 else ""
    return f"{_short(-slack) if check.relation == '=' else _signed(slack)} budgets"


def _suite_row(record: Record) -> tuple[str | Text, ...]:
    verified = sum(claim.verdict is Verdict.VERIFIED for claim in record.claims)
    deciding = [
        (claim, check)
        for claim in record.claims
        for check in claim.checks
        if counts(claim.required, check.verdict)
    ]
    claim, check = max(deciding, key=lambda pair: pair[1].narrowness, default=(None, None))
    slack = check.slack_in_budgets if check else None
    return (
        record.label,
        Text(record.verdict, style=STYLES[record.verdict]),
        f"{verified} of {len(record.claims)}",
        claim.id if claim else "",
        "" if slack is None else _signed(slack),
        f"{sum(record.timings.values()):.1f}",
    )


def _signed(value: float) -> str:
    return f"{'' if value < 0 else '+'}{_short(value)}"


def _short(value: float) -> str:
    """Two digits, without the padding of an exponent."""
    return re.sub(r"e([+-])0*", lambda sign: "e-" if sign[1] == "-" else "e", f"{value:.2g}")


def _indented(text: RenderableType) -> RenderableType:
    return Padding(text, (0, 0, 0, 2), expand=False)
