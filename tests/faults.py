"""What can be wrong with a theorem of another package: edits of the template in examples/."""

from tests import example

TEMPLATE = (example.SOURCE / "quadratic_descent.py").read_text()

#: Edits of the template that loading must refuse: what is replaced, by what, and what the line must say.
STATIC = {
    "claim ids": ('Claim("Q-1"', 'Claim("Q-H"', "CLAIMS: 2 claims have the id 'Q-H'"),
    "claim kind": (
        'PAPER, "step")',
        'PAPER, "lemma")',
        "'Q-1' is of the kind 'lemma': use one of hypothesis",
    ),
    "claim text": ('"mu I <= H <= L I", PAPER', "None, PAPER", "'Q-H' has an id, text or source"),
    "claims": ("CLAIMS = (", "CLAIMS = lambda: (", "CLAIMS: is no sequence of verify.theorem.compare.Claim"),
    "none required": (
        "\nEPS, TINY",
        "\nfrom dataclasses import replace\nCLAIMS = [replace(c, required=False) for c in CLAIMS]\nEPS, TINY",
        "no claim is required",
    ),
    "sources": ('SOURCES = ("Polyak, ', 'SOURCES = str("Polyak, ', "SOURCES: is no sequence of texts"),
    "title": ('TITLE = "', 'TITLE = 3, "', "TITLE: is no text"),
    "formulas": ("FORMULAS = (", "FORMULAS = 3, (", "FORMULAS: is no sequence"),
    "no function": ("def figures(", "figures = 3\ndef pictures(", "figures: is no function"),
    "arguments": ("def planted()", "def planted(problem)", "planted: cannot be called as planted()"),
    "no setting": (
        "class Setting(BaseSetting)",
        "class Setting",
        "no subclass of verify.theorem.protocol.BaseSetting",
    ),
    "description": (', description="dimension d"', "", "Setting.dimension: has no description"),
    "no default": ("Field(20, ge=3", "Field(ge=3", "Setting.dimension: has no default"),
    "default": ("Field(20, ge=3", "Field(2, ge=3", "Setting.dimension: refuses its default, 2"),
    "reserved": ("dimension: int", "quiet: int", "Setting.quiet: --quiet is an option of the command line"),
    "reserved argument": ("dimension: int", "as_json: int", "Setting.as_json"),
    "preset option": (
        '{"start": "slowest"}',
        '{"stat": "slowest"}',
        "run 'tight' of 'quick': there is no option",
    ),
    "preset value": ('{"start": "slowest"}', '{"start": "fast"}', "run 'tight' of 'quick': --start fast"),
    "preset name": (
        'PRESETS = {"quick"',
        'PRESETS = {"fast"',
        "PRESETS: 'fast' is no preset: there are quick",
    ),
    "preset runs": ('Variant("tight"', 'Variant("random"', "2 runs of 'quick' have the name 'random'"),
    "empty preset": (
        'PRESETS = {"quick": (',
        'PRESETS = {"quick": (), "standard": (',
        "'quick' is no sequence",
    ),
    "run leads out": ('Variant("tight"', 'Variant("../tight"', "its name becomes a part of paths"),
}

#: Edits that only a run shows; the verdict is ERROR.
IN_A_RUN = {
    "build": ('"""A random rotation of', '1 / 0\n    """A random', "build(): ZeroDivisionError"),
    "integrate": (
        '"""Gradient descent; the',
        'raise KeyError("k")\n    """The',
        "integrate(): KeyError: 'k'",
    ),
    "check": ("        *spectrum(problem),", "        *spectrum(trajectory),", "check(): AttributeError"),
    "figures": ('"""The excess under its', 'assert False, "no"\n    """The', "figures(): AssertionError: no"),
    "exit in build": ('"""A random rotation of', 'raise SystemExit\n    """A', "build(): SystemExit"),
    "exit in check": (
        '"""Every claim; one',
        'import sys\n    sys.exit(0)\n    """',
        "check(): SystemExit: 0",
    ),
    "exit in rates": ("guaranteed = -2", "exit(0)\n        guaranteed = -2", "SystemExit: 0"),
    "unknown claim": ('"Q-1",\n        "||', '"Q-2",\n        "||', "a check for 'Q-2', which is none of"),
    "no check": ("        tenth(problem, trajectory),\n    ]", "    ]", "check(): compares nothing for Q-10"),
    "no checks": (
        "    return [\n        *spectrum(problem)",
        "    [\n        *spectrum(problem)",
        "TypeError: 'NoneType'",
    ),
    "check of text": ("        *spectrum(problem),", "        'fine',", "check(): yields one str"),
    "rate None": ('"measured": measured', '"measured": None', "Trajectory.rates: 'measured' is None"),
    "rate text": ('"measured": measured', '"measured": "fast"', "Trajectory.rates: 'measured' is 'fast'"),
    "rate nan": ('"measured": measured', '"measured": np.nan', "Trajectory.rates: 'measured' is nan"),
    "rate array": ('"measured": measured', '"measured": np.ones(2)', "'measured' is array([1., 1.])"),
    "count": ('"gradients": len', '"gradients": 0.5 + len', "'gradients' is 60.5, which is no whole number"),
    "notes": ("if blurred else []", 'if blurred else "none"', "Trajectory.notes: is one str: make it a list"),
    "note": ("if blurred else []", "if blurred else [3]", "Trajectory.notes: has one int"),
    "objects": (
        '"iterates": self',
        '"problem": self.problem, "iterates": self',
        "'problem' (Problem) is an array",
    ),
    "ragged": ('"iterates": self', '"ragged": [[1], [1, 2]], "iterates": self', "'ragged' is no array"),
    "array name": ('"iterates": self', '"file": self', "Trajectory.arrays: has an array named 'file'"),
    "threads": ("    threads = 1", '    threads = "many"', "Problem.threads: is 'many'"),
    "figure leads out": ('{"descent": figure}', '{"../descent": figure}', "a figure named '../descent'"),
    "figure below": ('{"descent": figure}', '{"a/b": figure}', "a figure named 'a/b'"),
    "no figure": ('{"descent": figure}', '{"descent": axes}', "figures(): returns one Axes as 'descent'"),
    "figures None": (
        '    return {"descent": figure}',
        "    return None",
        "figures(): returns nothing (None)",
    ),
    "formula": ('"step $k$"', r'"step $\frac$"', "'descent' cannot be drawn: ValueError"),
}

#: Edits of `planted`, and what `verify power` must say.
PLANTED = {
    "none": (
        "    return [\n        Planted(",
        "    return []\n    [\n        Planted(",
        "plants no false claim",
    ),
    "raises": ('tight = build(Setting(start="slowest"))', "1 / 0", "planted(): ZeroDivisionError"),
    "exits": ('tight = build(Setting(start="slowest"))', "raise SystemExit(0)", "planted(): SystemExit: 0"),
    "unknown claim": ('"Q-1", "rho^2 a step"', '"Q-2", "rho^2 a step"', "a false claim for 'Q-2', which is"),
    "no check": ("contraction(tight, path, tight.rho**2)", "None", "yields nothing (None)"),
}


def edited(folder, *edits):
    """A package `their-own` with the theorem `own`, which is the template but for some edits."""
    source = TEMPLATE.replace('NAME = "quadratic-descent"', 'NAME = "own"')
    for old, new in edits:
        assert old in source
        source = source.replace(old, new)
    return example.provide(folder, "own", source)
