"""Gradient descent of explicit models in plain torch: a linear map and a ReLU network of some layers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from verify.data.images import Images
from verify.figures.training.curve import LossCurve, recorded_epochs
from verify.figures.training.linear import POINTS, default_step, start
from verify.figures.training.teacher import taught
from verify.linear_deq.model import DeepEquilibriumLinear
from verify.numerics.arrays import Placement

Array = NDArray[np.float64]


def linear_model(width: int, outputs: int, gamma: float, seed: int) -> nn.Module:
    """``x -> W x``, with the function that the deep equilibrium linear model starts with."""
    model = nn.Linear(width, outputs, bias=False, dtype=torch.float64)
    with torch.no_grad():
        q = DeepEquilibriumLinear(width, outputs, gamma).at(start(width, outputs, seed)).q
        model.weight.copy_(torch.from_numpy(q))
    return model


def relu_network(width: int, outputs: int, hidden: int, layers: int, seed: int) -> nn.Module:
    """A ReLU network of `layers` hidden layers, with torch's own initialisation."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        blocks: list[nn.Module] = []
        for before, after in pairwise([width, *[hidden] * layers]):
            blocks += [nn.Linear(before, after, dtype=torch.float64), nn.ReLU()]
        return nn.Sequential(*blocks, nn.Linear(hidden, outputs, dtype=torch.float64))


def torch_curve(
    images: Images,
    *,
    data: str,
    model: Literal["linear", "dnn"],
    width: int,
    outputs: int,
    samples: int,
    gamma: float,
    hidden: int,
    layers: int,
    step: float | None,
    epochs: int,
    seed: int,
    device: Literal["cpu", "cuda"],
    progress: Callable[[float], None],
) -> LossCurve:
    """Mean square losses along descent on the sum of squares; `data` is the fingerprint of `images`."""
    split = taught(images, width, outputs, samples, gamma, seed)
    place = Placement("float64", device)
    network = (
        linear_model(width, outputs, gamma, seed)
        if model == "linear"
        else relu_network(width, outputs, hidden, layers, seed)
    ).to(device)
    x, y, test, test_y = (
        torch.as_tensor(place.put(np.ascontiguousarray(array.T)))
        for array in (split.train, split.train_targets, split.test, split.test_targets)
    )
    step = step or default_step(split)
    descent = torch.optim.SGD(network.parameters(), lr=step)
    recorded = recorded_epochs(epochs, POINTS)
    losses: list[tuple[float, float]] = []
    for epoch in range(epochs + 1):
        descent.zero_grad()
        loss = ((network(x) - y) ** 2).sum()
        if epoch == recorded[len(losses)]:
            with torch.no_grad():
                unseen = float(((network(test) - test_y) ** 2).mean())
            losses.append((float(loss.detach()) / y.numel(), unseen))
            progress(epoch / epochs)
        loss.backward()
        descent.step()
    train_losses, test_losses = np.array(losses).T
    return LossCurve(recorded, train_losses, test_losses, step)
