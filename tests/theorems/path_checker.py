"""Whether the numbers of an enclosed path follow from one another; shares no code with what made them."""

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


def between(ball, m):  # whether lambda_min(m) is in it
    above = ball.upper() + abs(ball.upper()) / 2**40
    return all(x > 0 for x in pivots(m, ball.lower())) and any(x < 0 for x in pivots(m, above))


def least_squares(given):
    phi, y = matrix(given["features"]), matrix(given["targets"])
    wide, turned = phi.nrows() <= phi.ncols(), phi.transpose()
    gram = phi * turned if wide else turned * phi
    return phi, y, gram, y * turned * gram.inv() if wide else y * gram.inv() * turned


def tube(given):
    """What is wrong with the pieces, "" if nothing is."""
    radius, time = arb(0), arb(0)
    for piece in given["pieces"]:
        h, mu, delta, jump, after = (
            number(piece[name]) for name in ("length", "mu", "defect", "jump", "radius")
        )
        widest = (mu * h).exp() * (radius + h * delta)
        if not (h > 0 and mu >= 0 and delta >= 0 and jump >= 0 and widest + jump <= after):
            return "a radius is too small"
        if not widest < number(given["widest"]):
            return "the tube is too wide for mu"
        radius, time = after, time + h
    there = time == number(given["horizon"]) and radius == number(given["end"]["radius"])
    return "" if there else "the pieces do not lead to the end"


def fault(given, found):
    gamma, (phi, y, gram, best) = number(given["gamma"]), least_squares(given)

    def excess(state, radius):  # E wherever (A, B) is within the radius
        a, b = ([[number(text) + arb(0, radius) for text in row] for row in state[name]] for name in "ab")
        power = [[x.exp() for x in row] for row in a]
        sums = [sum(column, arb(0)) for column in zip(*power, strict=True)]
        soft = arb_mat([[x / s for x, s in zip(row, sums, strict=True)] for row in power])
        return square((arb_mat(b) * (one(len(a)) - gamma * soft).inv() - best) * phi)

    fault = tube(given)
    if fault:
        return fault
    ends = [[number(end) for end in piece["integral"]] for piece in given["pieces"]]
    low, high = (sum(parts, arb(0)) for parts in zip(*ends, strict=True))
    radius = number(given["end"]["radius"])
    kappa = hull(found["kappa"])
    if not between(kappa / 2, gram):
        return "kappa is another"
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


def fault_of_linear_deq(given, found):
    """The same of a path of the linear DEQ."""
    phi, y, gram, best = least_squares(given)
    fault = tube(given)
    if fault:
        return fault

    def excess(state, radius):
        a, m = (
            arb_mat([[number(text) + arb(0, radius) for text in row] for row in state[name]]) for name in "am"
        )
        return square((m.inv() * a - best) * phi)

    a, m = matrix(given["a"]), matrix(given["m"])
    kappa, size = hull(found["kappa"]), hull(found["size"])
    if not (between(kappa / 2, gram) and between(-size, -1 * (a * a.transpose() + m * m.transpose()))):
        return "kappa or the size is another"
    start, end = excess(given, arb(0)), excess(given["end"], number(given["end"]["radius"]))
    fall, bound = (start / end).log(), kappa * number(given["horizon"]) / size
    numbers = {
        "optimal_value": square(best * phi - y),
        "excess_start": start,
        "excess_end": end,
        "fall": fall,
        "tightness": fall / (2 * bound),
    }
    for name, ball in numbers.items():
        if not hull(found[name]).overlaps(ball):
            return f"{name} is another"
    if "factor" in given:
        return "" if fall < arb(given["factor"]) * bound else "the rate is not disproved"
    return "" if fall >= 2 * bound else "the bound is not shown"
