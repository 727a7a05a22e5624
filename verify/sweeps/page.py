"""The page of a sweep: its maps, laws and constants, as Markdown beside the pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from verify.sweeps.constants import BestConstant, Extreme
from verify.sweeps.laws import Law
from verify.sweeps.maps import LEVEL, Crossing, SuccessMap, Value, ValueMap
from verify.sweeps.pictures import Part
from verify.views.filling import SYMBOLS
from verify.views.markdown import code, math, plain
from verify.views.numbers import number


def sweep_page(
    title: str, command: str, parts: Mapping[str, Part], constants: Sequence[BestConstant], pictures: str
) -> str:
    """The page in Markdown.

    command    that makes the sweep again
    parts      maps and laws by name, which is that of their picture, NAME.png
    constants  for a table of all; none for an empty sequence
    pictures   the folder of the pictures, as the page names it
    """
    lines = [f"# {plain(title)}", "", code(command), ""]
    for name, part in parts.items():
        lines += [f"## {plain(_heading(part))}", "", f"![{plain(_heading(part))}]({pictures}/{name}.png)", ""]
        lines += _lines(part)
    if constants:
        lines += ["## Best constants", "", *constant_lines(constants)]
    return "\n".join(lines)


def _heading(part: Part) -> str:
    if isinstance(part, Law):
        return f"{part.claim}: {law_name(part)}"
    what = "VERIFIED draws" if isinstance(part, SuccessMap) else part.column
    return f"{part.claim}: {what} over {part.x} and {part.y}"


def law_row(law: Law, page: str) -> tuple[str, ...]:
    """A law as a row of a table: its page, what it is of, the exponent with its interval, what is printed."""
    of = law.exponent
    stands = "; ".join(
        f"{of.against(one.exponent)} {one.exponent:g} ({plain(one.where)})" for one in law.printed
    )
    interval = f"{of.low:.2f} to {of.high:.2f}"
    return f"[{law.claim}]({page})", plain(law_name(law)), f"{of.value:.2f}", interval, stands


def law_name(law: Law) -> str:
    """What the law is of, in words."""
    return f"{law.of} {'needed ' if law.kind == 'needed' else ''}against {law.against}"


def _lines(part: Part) -> list[str]:
    if isinstance(part, SuccessMap):
        return _success_lines(part)
    return _value_lines(part) if isinstance(part, ValueMap) else _law_lines(part)


def _success_lines(found: SuccessMap) -> list[str]:
    """k/n with the interval in every cell, the draws that decide nothing, and the contour."""

    def cell(row: int, column: int) -> str:
        at = row, column
        if not found.drawn[at]:
            return ""
        undecided = "".join(f", {count[at]} {of}" for of, count in found.others.items() if count[at])
        interval = f"{found.low[at]:.2f} to {found.high[at]:.2f}"
        return f"{found.verified[at]}/{found.drawn[at]} ({interval}){undecided}"

    symbols = ", ".join(f"{SYMBOLS[verdict]} for {verdict}" for verdict in found.others)
    lines = [
        "VERIFIED draws of all draws, with 95% Clopper-Pearson intervals. Draws that decide nothing count as "
        f"not VERIFIED and stand beside; in the picture, {symbols}.",
        "",
        *_grid(found, cell),
    ]
    if found.contour:
        lines += [
            f"{found.x} from which on the probability is {LEVEL:.0%}, by monotone interpolation, and the 95% "
            "interval that no more than monotony gives:",
            "",
            *table_lines(
                [found.y, f"{found.x} at {LEVEL:.0%}", "interval"],
                [(_shown(at.y), _crossing(found, at), _interval(at)) for at in found.contour],
            ),
        ]
    return lines


def _crossing(found: SuccessMap, at: Crossing) -> str:
    """Where the contour is, or on which side of the range."""
    if at.x is None:
        return "not reached"
    return f"{number(at.x)} or less" if at.x == found.xs[0] else number(at.x)


def _interval(at: Crossing) -> str:
    if at.low is None:
        return "open" if at.high is None else f"{number(at.high)} or less"
    return f"above {number(at.low)}" + ("" if at.high is None else f", to {number(at.high)}")


def _value_lines(found: ValueMap) -> list[str]:
    """Median and range in every cell, and the draws that lack the number."""

    def cell(row: int, column: int) -> str:
        at = row, column
        lacking = f"{found.without[at]} of {found.drawn[at]} without" if found.without[at] else ""
        if not np.isfinite(found.median[at]):
            return lacking
        spread = f"{number(float(found.least[at]))} to {number(float(found.most[at]))}"
        return f"{number(float(found.median[at]))} ({spread})" + (lacking and f", {lacking}")

    return ["Median of the draws, with their range.", "", *_grid(found, cell)]


def _law_lines(law: Law) -> list[str]:
    """The exponent, how it stands to what is printed, and notes."""
    of = law.exponent
    needs = f" for a probability of {LEVEL:.0%}" if law.kind == "needed" else ", mean of draws"
    return [
        f"{plain(law_name(law))}{needs}: exponent {of.value:.3f}, 95% interval {of.low:.3f} to "
        f"{of.high:.3f}, {law.seeds} seeds, {law.against} = {law.sizes[0]:g} to {law.sizes[-1]:g}.",
        "",
        *(f"- {of.against(one.exponent)} {one.exponent:g}, {plain(one.where)}" for one in law.printed),
        *(f"- {plain(note)}" for note in law.notes),
        "",
    ]


def constant_lines(constants: Sequence[BestConstant]) -> list[str]:
    """The ratios of measured to bound, and beside them where they stand."""

    def shown(of: Extreme) -> str:
        return f"{number(of.ratio)} ({of.verdict})"

    def row(of: BestConstant) -> tuple[str, ...]:
        where = of.constant or of.least
        best = "" if of.constant is None else number(of.constant.ratio)
        counts = {"without": of.without, "unpromised and violated": of.failing}
        rows = ", ".join([f"{of.rows}", *(f"{count} {what}" for what, count in counts.items() if count)])
        ratios = shown(of.least), shown(of.largest), best
        return of.claim, math(of.quantity), math(of.relation), *ratios, plain(where.command), rows

    return [
        "Measured over bound: its least and largest value over all rows, with the verdicts there. The best "
        "constant is the factor by which the bound could be scaled and still hold in every row that the "
        "claim speaks of; there is none for an identity, and where rows are NOT_APPLICABLE whose numbers are "
        "VIOLATED, since that may be why. Beside it is the setting where it stands, or else that of the "
        "least ratio.",
        "",
        *table_lines(
            ["claim", "compared", "", "least", "largest", "best constant", "where it stands", "rows"],
            map(row, constants),
        ),
    ]


def _grid(found: SuccessMap | ValueMap, cell: Callable[[int, int], str]) -> list[str]:
    """A table of a map, a row for each y."""
    columns = range(len(found.xs))
    rows = ([_shown(y), *(cell(row, column) for column in columns)] for row, y in enumerate(found.ys))
    return table_lines([f"{found.y}, {found.x}:", *map(_shown, found.xs)], rows)


def table_lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table and an empty line."""
    return [*(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)), ""]


def _shown(value: Value) -> str:
    """The value of an option."""
    return plain(value if isinstance(value, str) else f"{value:g}")
