"""The results as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Result = Mapping[str, Any]


def page(found: Result) -> str:
    """A page in Markdown of what `suite.run` gives."""
    return "\n".join(
        [*_head(found), *(line for one in found["results"] for line in TABLES[one["kind"]](one))]
    )


def seconds(value: float) -> str:
    """A time with its unit."""
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"


def size(sizes: Result) -> str:
    """Sizes as they are written in the tables."""
    return ", ".join(
        f"{name} = {value}" if name != "precision" else str(value) for name, value in sizes.items()
    )


def _head(found: Result) -> Iterator[str]:
    machine = found["environment"]
    load = found["load"]
    peers = ", ".join(f"{name} {known or 'not installed'}" for name, known in found["peers"].items())
    yield "# Benchmarks"
    yield ""
    yield "`python benchmarks/run.py" + (" --quick" if found["quick"] else "") + "`"
    if found["quick"]:
        yield "\nA quick run: small sizes and few rounds. It shows that all works, not how fast it is."
    yield ""
    yield (
        f"{found['started']}, revision {machine['revision']}: {machine['processor']}, "
        f"{machine['cores']} cores, "
        f"{found['threads']} thread{'s' if found['threads'] > 1 else ''} used; {machine['blas'][0]}; "
        f"numpy {machine['packages']['numpy']}, scipy {machine['packages']['scipy']}, "
        f"torch {machine['packages']['torch']}, {peers}. "
        f"Load of the machine before {load['before'][0]:.2f}, after {load['after'][0]:.2f}."
    )
    yield ""
    yield (
        "Times are medians over rounds in which all take turns. A ratio is the other's time over ours in the "
        "same round: its median, with the quartiles in brackets; above 1 the suite is faster. Before "
        "anything is timed, results agree to the relative distance given."
    )
    yield ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (header, ["---"] * len(header), *rows):
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"
    yield ""


def _kernel(result: Result) -> Iterator[str]:
    yield f"## {result['title']}"
    yield ""
    rows = []
    for duel in result["duels"]:
        where = size(duel["size"]), seconds(duel["ours"]["median"])
        for name, other in duel["others"].items():
            apart = "" if other["distance"] is None else f"{other['distance']:.0e}"
            rows.append((*where, name, seconds(other["median"]), ratio(other["ratio"]), apart))
    for name, why in result["duels"][0]["missing"].items():
        rows.append(("all", "", name, why, "", ""))
    yield from _table(("size", "verify", "instead", "its time", "ratio", "distance"), rows)
    yield "How our time grows with one size; the interval covers the scatter of the times, not a bend."
    yield ""
    yield from _table(
        ("size", "from, to", "others", "exponent", "farthest off the line"),
        [
            (
                one["size"],
                f"{one['values'][0]}, {one['values'][-1]}",
                size(one["fixed"]),
                f"{one['exponent']:.2f} ± {one['half_width']:.2f}",
                f"{100 * (one['departure'] - 1):.0f}%",
            )
            for one in result["exponents"]
        ],
    )


def ratio(found: Result) -> str:
    """A ratio with its quartiles."""
    return f"{found['median']:.3g} ({found['low']:.3g} to {found['high']:.3g})"


def _race(result: Result) -> Iterator[str]:
    yield f"## {result['title']}"
    yield ""
    yield "The fastest run of each with that error. In brackets: none has, and this one is the most accurate."
    yield ""
    rows = []
    for equal in result["equal"]:
        for name, run in equal["runs"].items():
            text = f"{run['evaluations']}, {seconds(run['median'])}"
            reached = run["error"] <= equal["target"]
            ratios = equal["ratios"].get(name)
            known = ratios is not None and ratios["median"] is not None
            rows.append(
                (
                    f"{equal['target']:.0e}",
                    name,
                    text if reached else f"({text})",
                    f"{run['error']:.1e} at {run['tolerance']:.0e}",
                    f"{ratios['evaluations']:.2g}, {ratios['median']:.2g}" if known else "",
                )
            )
    rows += [("all", name, why, "", "") for name, why in result["missing"].items()]
    header = ("error allowed", "integrator", "evaluations, time", "error at tolerance", "ratios to the first")
    yield from _table(header, rows)


def _verdict(result: Result) -> Iterator[str]:
    options = " ".join(f"--{name} {value}" for name, value in result["options"].items())
    yield f"## Time to a verdict: {result['theorem']}"
    yield ""
    yield f"`verify theorem {result['theorem']} {options}`, beside a user's script, imports left out:"
    yield ""
    rows = [
        (
            "verify",
            seconds(result["medians"]["ours"]),
            f"{result['verdict']}, {result['claims']} claims",
            "",
        )
    ]
    if "script" in result["medians"]:
        said = "the loss stays below the bound" if result["holds"] else "the bound is broken"
        rows.append(("the script", seconds(result["medians"]["script"]), said, ratio(result["ratio"])))
    else:
        rows.append(("the script", result["missing"], "", ""))
    yield from _table(("", "time", "says", "ratio"), rows)
    if "falls" in result:
        ours, script = (result["falls"][name] for name in ("ours", "script"))
        yield f"log E falls by {ours:.4g}, and by {script:.4g} in the script."
        yield ""
        yield "What the script does not check:"
        yield ""
        yield from (f"- {line}" for line in result["unchecked"])
        yield ""


def _descent(result: Result) -> Iterator[str]:
    yield f"## {result['title']}"
    yield ""
    rows = [
        (
            row["network"],
            size(row["size"]),
            f"{row['steps']} of {row['step']}",
            str(row["warm"]),
            str(row["cold"]),
            f"{row['ratio']:.2f}",
        )
        for row in result["rows"]
    ]
    yield from _table(("network", "size", "steps", "warm, extrapolated", "from cold", "of cold"), rows)


#: The tables of a result, by its kind.
TABLES: Mapping[str, Callable[[Result], Iterator[str]]] = {
    "kernel": _kernel,
    "race": _race,
    "verdict": _verdict,
    "descent": _descent,
}
