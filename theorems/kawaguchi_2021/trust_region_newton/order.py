"""The order at which something vanishes, from its sizes as a step is halved, and the error of that order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from verify.losses import Array
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most

CLAIMS = Claims("our own, on Kawaguchi 2021, Theorem 2")

#: A fitted order that is less certain than this is not worth a verdict.
ORDER_RESOLUTION = 0.1

#: An error that is this many times as large as the true one says too little.
NEAR = 10.0


def fitted_order(gaps: Array, noise: Array) -> tuple[float, float]:
    """The order of `gaps` (k,), each for twice the step of the one before, and its error.

    `noise` (k,) is the relative error of the gaps. The order from two successive steps approaches its limit
    linearly in the step, so the first one that is clear of noise is off by about its distance to the next.
    The distance of the next two tells where a quadratic term hides the linear one: with both,
    ``order - 2 = a + b`` for distances ``|a + 3 b|`` and ``|2 a + 12 b|``, twice the first plus the second is
    never less. The error is infinite where no three are clear.
    """
    orders = np.diff(np.log2(gaps))
    clear = int(np.argmax(noise < 0.1 * ORDER_RESOLUTION))
    if clear + 2 >= len(orders) or noise[clear] >= 0.1 * ORDER_RESOLUTION:
        return float(orders[-1]), np.inf
    near, far = np.abs(np.diff(orders[clear : clear + 3]))
    return float(orders[clear]), float(2 * near + far + 4 * noise[clear])


@CLAIMS.step("K-T2.order", "the error of a fitted order covers the true one, and is near it")
def order_error(factor: float = 1.0) -> Iterator[Check]:
    """Gaps ``h^2 (1 + c h + d h^2)``, of order 2, also where the next order is the same, and with noise."""
    steps = 0.1 * 0.5 ** np.arange(6)[::-1]
    for bend, twist, noise in (
        (1.0, 0.0, 0.0),
        (-3.0, 0.0, 0.0),
        (1.0, -33.0, 0.0),
        (1.0, -22.0, 0.0),
        (0.0, 0.0, 5e-4),
    ):
        sign = np.where(np.arange(len(steps)) % 2, 1, -1)
        gaps = steps**2 * (1 + bend * steps + twist * steps**2) * (1 + noise * sign)
        order, error = fitted_order(gaps, np.full_like(steps, noise))
        gap = f"h^2 (1 + {bend:g} h + {twist:g} h^2)"
        name = f"{gap}, noise {noise:g}: error of the order, estimated over true"
        share = factor * error / abs(order - 2)
        yield at_least(name, share, 1.0, budget={"rounding": 1e-9})
        yield at_most(name, share, NEAR, budget={"rounding": 1e-9})


order_error.false("no error", factor=0.0, why="the order is a limit", setting={})
order_error.false("an error ten times as large", factor=10.0, why="it is near the true one", setting={})
