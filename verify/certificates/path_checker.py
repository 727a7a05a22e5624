"""Checks whether the numbers of an enclosed path follow from one another: all but those of its pieces."""

from typing import Any

from flint import arb, arb_mat

#: Kinds, the rate that each is about, in kappa int lambda_min or kappa T/||C||, and its word.
KINDS = {"linear-rate-path": ("2", "PROVED"), "faster-rate-path": ("2.02", "DISPROVED")}
KINDS |= {"linear-deq-path": ("2", "PROVED"), "linear-deq-faster": ("2.02", "DISPROVED")}


def number(text: str) -> arb:
    return arb(int(text.split("p", maxsplit=1)[0], 16)) * arb(2) ** int(text.split("p")[1])


def matrix(rows: list[list[str]], radius: arb | int = 0) -> arb_mat:
    return arb_mat([[number(text) + arb(0, radius) for text in row] for row in rows])


def hull(pair: list[str]) -> arb:
    return number(pair[0]).union(number(pair[1]))


def square(m: arb_mat) -> arb:
    return sum((x * x for x in m.entries()), arb(0))


def between(ball: arb, m: arb_mat) -> bool:  # whether lambda_min(m) is in it, by the signs of pivots
    signs = []
    for shift in (ball.lower(), ball.upper()):
        rows, found = m.tolist(), []
        for k, row in enumerate(rows):
            row[k] -= shift
            found.append(row[k])
            for other in rows[k + 1 :]:
                factor = other[k] / row[k]
                other[k:] = [x - factor * y for x, y in zip(other[k:], row[k:], strict=True)]
        signs.append(found)
    return all(x > 0 for x in signs[0]) and any(x < 0 for x in signs[1])


def tube(given: dict[str, Any]) -> str:
    radius, time, names = arb(0), arb(0), ("length", "mu", "defect", "jump", "radius")
    for piece in given["pieces"]:
        h, mu, delta, jump, after = (number(piece[name]) for name in names)
        widest = (mu * h).exp() * (radius + h * delta)
        known = h > 0 and mu >= 0 and delta >= 0 and jump >= 0 and widest < arb(2) ** -20
        if not (known and widest + jump <= after):
            return "a radius is too small, or too large for mu"
        radius, time = after, time + h
    ends = number(given["horizon"]), number(given["end"]["radius"])
    return "" if time > 0 and (time, radius) == ends else "the pieces do not lead to the end"


# B (I - gamma softmax A)^-1, or M^-1 A, wherever the parameters are within the radius of a state
def product(given: dict[str, Any], state: dict[str, list[list[str]]], radius: arb | int) -> arb_mat:
    a = matrix(state["a"], radius)
    if "gamma" not in given:
        return matrix(state["m"], radius).inv() * a
    power = [[x.exp() for x in row] for row in a.tolist()]
    sums = [sum(column, arb(0)) for column in zip(*power, strict=True)]
    soft = [[number(given["gamma"]) * x / s for x, s in zip(row, sums, strict=True)] for row in power]
    resolvent = arb_mat([[int(i == j) - x for j, x in enumerate(row)] for i, row in enumerate(soft)])
    return matrix(state["b"], radius) * resolvent.inv()


def fault(certificate: dict[str, Any]) -> str:
    given, found, (rate, word) = certificate["given"], certificate["found"], KINDS[certificate["kind"]]
    if word != certificate["word"] or ("gamma" in given) != certificate["kind"].endswith("rate-path"):
        return "that is another statement"
    slack, horizon = 1 + arb(0, arb(2) ** -40), number(given["horizon"])
    phi, y, kappa = matrix(given["features"]), matrix(given["targets"]), hull(found["kappa"]) * slack
    wide, turned = phi.nrows() <= phi.ncols(), phi.transpose()
    gram = phi * turned if wide else turned * phi
    best = y * turned * gram.inv() if wide else y * gram.inv() * turned
    start = square((product(given, given, 0) - best) * phi)
    end = square((product(given, given["end"], number(given["end"]["radius"])) - best) * phi)
    values = {"optimal_value": square(best * phi - y), "excess_start": start, "excess_end": end}
    if "gamma" in given:
        ends = [[number(text) for text in piece["integral"]] for piece in given["pieces"]]
        low, high = (sum(parts, arb(0)) for parts in zip(*ends, strict=True))
        gamma, values["integral"] = number(given["gamma"]), low.union(high)
        bound, floor = kappa * values["integral"], horizon / (1 + gamma * arb(len(given["a"])).sqrt()) ** 2
        known = 0 < gamma < 1 and low >= 0 and high >= floor
    else:
        a, m, size = matrix(given["a"]), matrix(given["m"]), hull(found["size"]) * slack
        bound, known = kappa * horizon / size, between(-size, -1 * (a * a.transpose() + m * m.transpose()))
    values |= {"fall": (start / end).log(), "tightness": (start / end).log() / (2 * bound)}
    fits = {"what the bound rests on": known, "kappa": between(kappa / 2, gram)}
    fits |= {name: hull(found[name]).overlaps(ball) for name, ball in values.items()}
    if not all(fits.values()):
        return f"{min(fits, key=lambda name: fits[name])} is another"
    held = values["fall"] >= 2 * bound if rate == "2" else values["fall"] < arb(rate) * bound
    return tube(given) or ("" if held and given.get("factor", "2") == rate else "that does not follow")
