"""Whether the numbers of a path of Theorem 1 follow from one another; shares no code with what made them."""

from flint import arb, arb_mat


def number(text):
    return arb(int(text.split("p")[0], 16)) * arb(2) ** int(text.split("p")[1])


def matrix(rows):
    return arb_mat([[number(text) for text in row] for row in rows])


def hull(pair):
    return number(pair[0]).union(number(pair[1]))


def one(n):
    return arb_mat([[int(i == j) for j in range(n)] for i in range(n)])


def square(m):
    return sum((x * x for x in m.entries()), arb(0))


def pivots(m, shift):  # of m - shift I without exchanges: all positive where lambda_min > shift
    rows, found = (m - shift * one(m.nrows())).tolist(), []
    for k, row in enumerate(rows):
        found.append(row[k])
        for other in rows[k + 1 :]:
            factor = other[k] / row[k]
            other[k:] = [x - factor * y for x, y in zip(other[k:], row[k:], strict=True)]
    return found


def fault(given, found):  # noqa: PLR0911
    gamma, phi, y = number(given["gamma"]), matrix(given["features"]), matrix(given["targets"])
    wide, turned = phi.nrows() <= phi.ncols(), phi.transpose()
    gram = phi * turned if wide else turned * phi
    best = y * turned * gram.inv() if wide else y * gram.inv() * turned

    def excess(state, radius):  # E wherever (A, B) is within the radius
        a, b = ([[number(text) + arb(0, radius) for text in row] for row in state[name]] for name in "ab")
        power = [[x.exp() for x in row] for row in a]
        sums = [sum(column, arb(0)) for column in zip(*power, strict=True)]
        soft = arb_mat([[x / s for x, s in zip(row, sums, strict=True)] for row in power])
        return square((arb_mat(b) * (one(len(a)) - gamma * soft).inv() - best) * phi)

    radius, time, low, high = arb(0), arb(0), arb(0), arb(0)
    for piece in given["pieces"]:
        h, mu, delta, jump, after = (
            number(piece[name]) for name in ("length", "mu", "defect", "jump", "radius")
        )
        if not (h > 0 and mu >= 0 and (mu * h).exp() * (radius + h * delta) + jump <= after):
            return "a radius is too small"
        if not after - jump < number(given["widest"]):
            return "the tube is too wide for mu"
        radius, time = after, time + h
        low, high = low + number(piece["integral"][0]), high + number(piece["integral"][1])
    kappa = hull(found["kappa"])
    if not all(x > 0 for x in pivots(gram, kappa.lower() / 2)):
        return "kappa is too large"
    if not any(x < 0 for x in pivots(gram, kappa.upper() / 2 * (1 + arb(2) ** -40))):
        return "kappa is too small"
    if time != number(given["horizon"]) or radius != number(given["end"]["radius"]):
        return "the pieces do not lead to the end"
    start, end = excess(given, arb(0)), excess(given["end"], radius)
    fall, integral = (start / end).log(), low.union(high)
    numbers = {
        "optimal_value": square(best * phi - y),
        "excess_start": start,
        "excess_end": end,
        "fall": fall,
        "integral": integral,
        "tightness": fall / (2 * kappa * integral),
    }
    for name, ball in numbers.items():
        if not hull(found[name]).overlaps(ball):
            return f"{name} is another"
    if "factor" in given:
        return "" if fall < arb(given["factor"]) * kappa * integral else "the rate is not disproved"
    return "" if fall >= 2 * kappa * integral else "the bound is not shown"
