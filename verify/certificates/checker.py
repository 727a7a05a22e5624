"""Checks a file of certificates from its numbers alone; it shares no code with what made them.

A number is whole, "p/q", or "0x<mantissa>p<exponent>", mantissa times 2^exponent. `given` has the rule of
its kind: lines that define a matrix or a number, of which `found` has some, exactly, or say what must be
true of them.
"""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from verify.certificates import path_checker

#: Beginnings of the digests of word and rule, by kind: no rule is trusted because a file has it.
RULES = json.loads(Path(__file__).with_name("rules.json").read_text(encoding="utf-8"))

#: Said of a certificate that nothing here can compute again: its digest is all that was looked at.
UNKNOWN = "no rule for its kind: only the digest was checked"

#: Said of one that is UNDECIDED.
NOTHING = "it is UNDECIDED, and shows nothing"


def number(text: str | int) -> fmpq:
    if not re.fullmatch(r"-?(\d+(/\d+)?|0x[0-9a-f]+p-?\d{1,5})", str(text)):
        raise ValueError(f"{text} is no number")
    if "x" in str(text):
        return int(str(text).split("p")[0], 16) * fmpq(2) ** int(str(text).split("p")[1])
    return fmpq(*map(int, str(text).split("/")))


def read(value: Any) -> Any:
    return fmpq_mat([list(map(number, row)) for row in value]) if isinstance(value, list) else number(value)


def relu(matrix: fmpq_mat) -> fmpq_mat:
    return fmpq_mat([[max(entry, fmpq(0)) for entry in row] for row in matrix.tolist()])


def square(matrix: fmpq_mat | arb_mat) -> Any:  # the sum of the squares of its entries
    return sum((entry * entry for entry in matrix.entries()), start=0 * matrix[0, 0])


def by_rows(matrix: fmpq_mat) -> fmpq:  # no eigenvalue of a symmetric matrix is less, by Gershgorin
    return min(row[i] + abs(row[i]) - sum(map(abs, row)) for i, row in enumerate(matrix.tolist()))


def by_powers(matrix: fmpq_mat) -> arb:  # none is larger than ||M^k||_F^(1/k); here k = 2^26
    log, power = arb(0), arb_mat(matrix)
    for k in range(26):
        size = square(power)
        log, power = log + size.log() / 2 ** (k + 1), power * power / size
    return (log + square(power).log() / 2**27).exp()


def agree(value: Any, found: Any) -> bool:  # an enclosure is a list of its ends, to be found again in it
    if isinstance(found, list) and isinstance(found[0], str):
        return bool(number(found[0]) <= value <= number(found[1]))
    return bool(value == read(found))


def fault(given: dict[str, Any], found: dict[str, Any]) -> str:
    values = {name: read(value) for name, value in given.items() if name != "rule"}
    values |= {"relu": relu, "square": square, "by_rows": by_rows, "by_powers": by_powers, "abs": abs}
    values |= {"arb": arb, "arb_mat": arb_mat}
    for line in given["rule"]:
        name, _, formula = line.rpartition(" = ")
        value = eval(formula, {"__builtins__": {}}, values)
        if not agree(value, found[name]) if name in found else not name and value is not True:
            return f"not so: {line}"
        values[name] = value
    defined = {line.rpartition(" = ")[0] for line in given["rule"]}
    return "" if found.keys() <= defined else "not all that was found is in its rule"


def check(text: str) -> list[tuple[str, str]]:
    """The claims of a file, and what is wrong with each, "" if nothing is. Raises if it is no such file."""
    record = json.loads(text)
    changed = record.pop("digest") != sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    faults = [("the file", "its content does not have its digest")] if changed else []
    for one in record["certificates"]:
        rule = sha256(json.dumps([one["word"], one["given"].get("rule")]).encode()).hexdigest()
        wrong = "" if rule.startswith(RULES.get(one["kind"], "?")) else "its rule is not that of its kind"
        try:
            with ctx.workprec(128):
                if one["word"] == "UNDECIDED":
                    wrong = NOTHING
                elif one["kind"] in path_checker.KINDS:
                    wrong = path_checker.fault(one)
                else:
                    wrong = (wrong or fault(one["given"], one["found"])) if one["kind"] in RULES else UNKNOWN
        except (ArithmeticError, AttributeError, LookupError, SyntaxError, TypeError, ValueError) as problem:
            wrong = f"its numbers are not of its kind ({type(problem).__name__}: {problem})"
        faults.append((one["claim"], wrong))
    return faults or [("the file", "it holds no certificate")]
