"""The kernels of Ling et al.'s network beside its bare matrix products, as ratios in one run.

    python benchmarks/plain_network.py [--quick]

Times and threads are as in `relu_network.py`. Steps are in units of 1/lambda_max(H): 4e-4 as there, 1 as in
figure ling-1.
"""

from __future__ import annotations

import sys

import numpy as np
import threadpoolctl
from relu_network import bare_products, best_times, own_gradient, products_of_steps

from verify.figures.training.plain import training_set
from verify.numerics.arrays import Placement
from verify.relu_deq.descent import stable_step
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters


def network(size: int, place: Placement) -> tuple[ReluState, np.ndarray]:
    """The synthetic data of the paper's figure 1 and its start, m = n = d, with labels."""
    inputs, targets = training_set(None, (0, 1), size, size, 0)
    theta = Parameters.gaussian(size, size, np.random.default_rng(0), 0.08**0.5)
    model = ImplicitReLU.plain(place.put(inputs), size)
    return model.at(theta.mapped(place.put), accuracy=1e-6), targets


def main() -> None:
    size = 300 if "--quick" in sys.argv[1:] else 1000
    with threadpoolctl.threadpool_limits(limits=2):
        print("| what | ours | instead | ratio |\n|---|---|---|---|")
        for place in (Placement("float64"), Placement("float32")):
            state, targets = network(size, place)
            calls = {"ours": own_gradient(state.model, state.theta, targets), "bare": bare_products(state)}
            seconds = best_times(calls, repeats=9)
            print(
                f"| gradient, m = n = d = {size}, {place.dtype}, cold, 1e-6 | {1e3 * seconds['ours']:.0f} ms "
                f"| its bare products {1e3 * seconds['bare']:.0f} ms | "
                f"{seconds['ours'] / seconds['bare']:.2f} x of them |",
                flush=True,
            )
        state, targets = network(size, Placement())
        for share in (4e-4, 1.0):
            rest = products_of_steps(state, targets, share * stable_step(state), 50)
            print(f"| 50 descent steps of {share:g}/lambda_max, m = n = d = {size} {rest}", flush=True)


if __name__ == "__main__":
    main()
