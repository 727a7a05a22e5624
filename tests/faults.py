"""What can be wrong with a theorem of another package: edits of the template in examples/, and more."""

import importlib.util
import sys

from tests import example

#: What the template does without: an informative claim under a condition, and its falsehood.
INFORMATIVE = '''

def slow(problem: Problem) -> str:
    """Why a tenth is not promised, and the way out."""
    return f"rho = {problem.rho:.3g} is above 0.9: lower --condition" if problem.rho > 0.9 else ""


@CLAIMS.step("Q-10", "every step takes a tenth off ||x||, if rho <= 0.9", given=(slow,), required=False)
def tenth(problem: Problem, path: Path, left: float = 0.9) -> Check:
    return at_most("log of what is left", path.fall, np.log(left), budget={"rounding": path.rounding})


tenth.false("0.19 off", why="the slowest direction keeps rho = 0.818", setting=TIGHT, left=0.81)
'''

#: The template, with that.
TEMPLATE = (example.SOURCE / "quadratic_descent.py").read_text() + INFORMATIVE

#: Where something may be written between the claims and what comes before them.
BEFORE_CLAIMS = "@CLAIMS.hypothesis("

#: The last statement, a falsehood, before which anything may be written.
LAST = "tenth.false("


def drawing(line):
    """An edit: `pictures` with this line, where `figure` is a figure."""
    head = "def pictures(problem, path):\n    from matplotlib.figure import Figure\n    figure = Figure()"
    return BEFORE_CLAIMS, f"{head}\n    {line}\n\n\n{BEFORE_CLAIMS}"


def leaving(line):
    """An edit: a path with one more attribute."""
    return "    rates: Mapping[str, float]\n", f"    rates: Mapping[str, float]\n    {line}\n"


def searching(arguments, said):
    """An edit: `SEARCH` with one space of these arguments; and what the line must say."""
    lines = f"from verify.theorem import space\nSEARCH = (space.Space({arguments}),)\nTIGHT = {{"
    return "TIGHT = {", lines, said


#: Edits of the template that loading must refuse: what is replaced, by what, and what the line must say.
STATIC = {
    "claim ids": ('CLAIMS.step("Q-1"', 'CLAIMS.step("Q-H"', "CLAIMS: 2 claims have the id 'Q-H'"),
    "claim text": (
        '"mu I <= H <= L I and 0 < alpha < 2/L"',
        "None",
        "hypothesis(): 'Q-H' has an id, text or source",
    ),
    "claims": (LAST, f"CLAIMS = CLAIMS.claims\n{LAST}", "CLAIMS: is no verify.theorem.claims.Claims"),
    "gathered": (LAST, f"CLAIMS = Claims('', ['Q-1'])\n{LAST}", "CLAIMS: is no verify.theorem.claims.Claims"),
    "no claim": (LAST, f"CLAIMS = Claims('')\n{LAST}", "CLAIMS: has no claim"),
    "none required": (LAST, f"CLAIMS = Claims('', [tenth])\n{LAST}", "CLAIMS: no claim is required"),
    "no falsehood": (
        "conclusion.false(",
        "(lambda *what, **how: None)(",
        "conclusion(): nothing shows that 'Q-T' can fail",
    ),
    "argument of a check": (
        "problem: Problem, path: Path, left",
        "problem: Problem, trajectory: Path, left",
        "tenth(): `tenth` takes 'trajectory': there are start, problem, path",
    ),
    "argument with a default": (
        "path: Path, left: float = 0.9",
        "path: Path | None = None, left: float = 0.9",
        "tenth(): gives 'path' a default",
    ),
    "argument of a condition": (
        "def slow(problem: Problem)",
        "def slow(setting: Problem)",
        "tenth(): a condition in `given` takes 'setting'",
    ),
    "argument by position": ("def slow(problem: Problem)", "def slow(problem: Problem, /)", "by position"),
    "argument that is not there": (
        '0 < alpha < 2/L")',
        '0 < alpha < 2/L", given=(lambda path: "",))',
        "hypothesis(): a condition in `given` takes 'path', which need not be there",
    ),
    "one hypothesis": ("given=(slow,)", "given=slow", "tenth(): `given` is no sequence"),
    "condition of text": ("given=(slow,)", 'given=("slow",)', "a condition in `given` is no function"),
    "given a step": ("given=(slow,)", "given=(contraction,)", "tenth(): rests on 'Q-1', a step"),
    "given elsewhere": (
        "given=(slow,)",
        "given=(Claims('').hypothesis('Q-0', '')(lambda: None),)",
        "tenth(): rests on 'Q-0', which is none of CLAIMS",
    ),
    "otherwise of a step": (
        "required=False)",
        "otherwise=slow)",
        "`otherwise` is of hypotheses, and 'Q-10' is a step",
    ),
    "otherwise without a broken setting": (
        BEFORE_CLAIMS,
        '@CLAIMS.hypothesis("Q-0", "", otherwise=lambda: "")\ndef own(problem): ...\n\n\n' + BEFORE_CLAIMS,
        "own(): a setting may break it, as `otherwise` says",
    ),
    "only": ("required=False)", "only=lambda setting: '')", "tenth(): `only` takes 'setting'"),
    "tells": (
        "given=(slow,), required=False)",
        "constant=__import__('verify.theorem.claims').theorem.claims.Constant(\n"
        "    lambda: 0.9, tells=lambda setting: ''))",
        "tenth(): `tells` of its constant takes 'setting'",
    ),
    "constant": ("required=False)", "constant=0.9)", "its `constant` is no verify.theorem.claims.Constant"),
    "false constant": (
        "left=0.81",
        "kept=0.81",
        "tenth(): falsehood '0.19 off': 'kept' is no constant of its check",
    ),
    "nothing false": (", left=0.81", "", "tenth(): falsehood '0.19 off': changes nothing"),
    "false for no reason": ('why="that is the rate of f, not of x"', "why=None", "or why, is no text"),
    "false setting": (
        'setting={"step": 3.0}',
        'setting={"step": -3.0}',
        "falsehood 'a step of 3/L': its setting is none: --step -3",
    ),
    "false setting of text": ('setting={"step": 3.0}', 'setting="step"', "its options make no setting"),
    "false data": (
        'setting={"step": 3.0}',
        'setting={}, data={"inputs": [1.0]}',
        "its setting is none: there is no option --data",
    ),
    "spoilt for nothing": ("    problem=lambda problem", "    path=lambda problem", "spoils the path, which"),
    "spoilt from nothing": (
        "problem=lambda problem:",
        "problem=lambda made:",
        "its function problem= takes 'made'",
    ),
    "sources": ('SOURCES = ("Polyak, ', 'SOURCES = str("Polyak, ', "SOURCES: is no sequence of texts"),
    "title": ('TITLE = "', 'TITLE = 3, "', "TITLE: is no text"),
    "statement": ("SOURCES = ", "STATEMENT = 3\nSOURCES = ", "STATEMENT: is no text"),
    "no statement": ("SOURCES = ", "__doc__ = TITLE\nSOURCES = ", "STATEMENT: states nothing"),
    "formulas": ("SOURCES = ", "FORMULAS = 3,\nSOURCES = ", "FORMULAS: is no sequence"),
    "missing": ("def integrate(", "def follow(", "lacks integrate"),
    "no function": ("TIGHT = {", "pictures = 3\nTIGHT = {", "pictures: is no function"),
    "arguments": (
        "def integrate(problem: Problem, progress: Progress)",
        "def integrate(problem: Problem, progress: Progress, k: int)",
        "integrate: cannot be called as integrate(problem, progress)",
    ),
    "search": ("TIGHT = {", "SEARCH = 3\nTIGHT = {", "SEARCH: is no sequence of verify.theorem.space.Space"),
    "search of no option": searching("'a', fixed={'lenght': 1}", "there is no option --lenght"),
    "search of a seed": searching("'a', options={'seed': space.Whole(0, 9)}", "has a seed"),
    "search of nothing": searching("'a', options={'dimension': ()}", "dimension is ()"),
    "search beyond": searching(
        "'a', options={'condition': space.Real(1, 9)}", "make no setting: --condition 1"
    ),
    "search of zero": searching("'a', options={'step': space.Real(0, 1, True)}", "with log above 0"),
    "search downwards": searching("'a', options={'steps': space.Whole(9, 1)}", "low is at most high"),
    "search twice": searching(
        "'a', fixed={'steps': 1}, options={'steps': space.Whole(1, 9)}", "is fixed and varies"
    ),
    "search of a file": searching(
        "'a', files={'start': lambda known: 3}", "make no setting: --start search.npz"
    ),
    "price": (
        "TIGHT = {",
        "def cost(): ...\n\n\nTIGHT = {",
        "cost: cannot be called as",
    ),
    "no setting": (
        "class Setting(BaseSetting)",
        "class Setting",
        "no subclass of verify.theorem.settings.BaseSetting",
    ),
    "description": (', description="dimension d"', "", "Setting.dimension: has no description"),
    "no default": ("Field(20, ge=3", "Field(ge=3", "Setting.dimension: has no default"),
    "default": ("Field(20, ge=3", "Field(2, ge=3", "Setting.dimension: refuses its default, 2"),
    "reserved": ("dimension: int", "quiet: int", "Setting.quiet: --quiet is an option of the command line"),
    "reserved argument": ("dimension: int", "as_json: int", "Setting.as_json"),
    "preset option": (
        'Variant("tight", TIGHT)',
        'Variant("tight", {"stat": 1})',
        "run 'tight' of 'quick': there is no option",
    ),
    "preset value": (
        'Variant("tight", TIGHT)',
        'Variant("tight", {"start": "fast"})',
        "run 'tight' of 'quick': --start fast",
    ),
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
        '"""Gradient descent; it',
        'raise KeyError("k")\n    """It',
        "integrate(): KeyError: 'k'",
    ),
    "check": ("eigvalsh(problem.hessian)", "eigvalsh(problem.hesian)", "hypothesis(): AttributeError"),
    "condition": ('"""Why a tenth is', '1 / 0\n    """Why a tenth is', "tenth(): ZeroDivisionError"),
    "exit in build": ('"""A random rotation of', 'raise SystemExit\n    """A', "build(): SystemExit"),
    "exit in check": (
        '"""It is met',
        'import sys\n    sys.exit(0)\n    """It is',
        "contraction(): SystemExit: 0",
    ),
    "exit in a condition": ('"""Why a tenth is', 'raise SystemExit\n    """Why', "tenth(): SystemExit"),
    "no check": (
        'return at_most("log of what',
        'at_most("log of what',
        "tenth(): TypeError: 'NoneType'",
    ),
    "no checks": (
        '    budget = {"eigenvalue"',
        '    return\n    budget = {"eigenvalue"',
        "hypothesis(): compares nothing",
    ),
    "check of text": (
        '    yield at_most("alpha L"',
        '    yield "fine"\n    yield at_most("alpha L"',
        "hypothesis(): returns one str",
    ),
    "quantity": (
        'return at_most("log of what is left"',
        "return at_most(None",
        "tenth(): returns a check of None",
    ),
    "rate None": ('"measured": measured', '"measured": None', "Path.rates: 'measured' is None"),
    "rate text": ('"measured": measured', '"measured": "fast"', "Path.rates: 'measured' is 'fast'"),
    "rate nan": ('"measured": measured', '"measured": np.nan', "Path.rates: 'measured' is nan"),
    "rate array": ('"measured": measured', '"measured": np.ones(2)', "'measured' is array([1., 1.])"),
    "count": (*leaving('counts = {"steps": 0.5}'), "Path.counts: 'steps' is 0.5, which is no whole number"),
    "notes": (*leaving('notes = "none"'), "Path.notes: is one str: make it a list"),
    "note": (*leaving("notes = (3,)"), "Path.notes: has one int"),
    "exit in counts": (*leaving("counts = property(lambda path: exit(0))"), "integrate(): SystemExit: 0"),
    "objects": (
        '"iterates": np',
        '"problem": problem, "iterates": np',
        "'problem' (Problem) is an array",
    ),
    "ragged": ('"iterates": np', '"ragged": [[1], [1, 2]], "iterates": np', "'ragged' is no array"),
    "array name": ('"iterates": np', '"file": np', "Path.arrays: has an array named 'file'"),
    "threads": (
        "    step: float  #",
        '    threads = "many"\n    step: float  #',
        "Problem.threads: is 'many'",
    ),
    "pictures": (*drawing('assert False, "no"'), "pictures(): AssertionError: no"),
    "figure leads out": (*drawing('return {"../path": figure}'), "a figure named '../path'"),
    "figure below": (*drawing('return {"a/b": figure}'), "a figure named 'a/b'"),
    "no figure": (*drawing('return {"path": 3}'), "pictures(): returns one int as 'path'"),
    "no figures": (*drawing("return None"), "pictures(): returns nothing (None)"),
}

#: An edit that shows when pictures are written.
UNDRAWABLE = drawing(r"figure.suptitle(r'$\frac$'); return {'path': figure}")

#: Edits of falsehoods, and what `verify power` must say.
PLANTED = {
    "raises": ("* problem.hessian),", "* problem.hesian),", "hypothesis(): AttributeError"),
    "exits": (
        "replace(problem, hessian=(1 + 1e-12) * problem.hessian)",
        "exit(0)",
        "hypothesis(): SystemExit: 0",
    ),
    "refused": (
        "raise HypothesisError(f",
        "from verify.theorem.errors import InputError\n        raise InputError(f",
        "CLAIMS: Q-H, 'a step of 3/L': its setting is refused (the step 3 is not",
    ),
}


def source(*edits):
    """The template's source, of the theorem `own`, with some edits."""
    edited = TEMPLATE.replace('NAME = "quadratic-descent"', 'NAME = "own"')
    for old, new in edits:
        assert old in edited, old
        edited = edited.replace(old, new)
    return edited


def edited(folder, *edits):
    """A package `their-own` with the theorem `own`, which is the template but for some edits."""
    return example.provide(folder, "own", source(*edits))


def loaded(folder, *edits):
    """The theorem `own` as a module, of no package."""
    file = folder / "own_theorem.py"
    file.write_text(source(*edits))
    spec = importlib.util.spec_from_file_location("own_theorem", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["own_theorem"] = module
    spec.loader.exec_module(module)
    return module
