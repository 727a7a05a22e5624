"""Trainers against what they must reduce to."""

import numpy as np
import pytest
import torch

from verify.data.images import Images, two_classes
from verify.figures.training.curve import recorded_epochs
from verify.figures.training.linear import default_step, delm_curve, start
from verify.figures.training.relu import NOISE, descent_curve, spectral_norm
from verify.figures.training.teacher import taught
from verify.figures.training.torch_nets import linear_model, relu_network, torch_curve
from verify.numerics.arrays import Placement
from verify.numerics.statistics import mean_interval
from verify.relu_deq.model import ImplicitReLU
from verify.relu_deq.parameters import Parameters

SMALL = {"width": 8, "outputs": 2, "samples": 20, "gamma": 0.7, "seed": 1}


def unwatched(fraction):
    pass


def linear_setting(**changes):
    return {"data": "digits", "step": None, "epochs": 30, "progress": unwatched, **SMALL, **changes}


def test_the_split_is_taught_with_noise_and_tested_on_others():
    split = taught(Images("digits"), 40, 3, 100, 0.8, 0)
    assert split.train.shape == split.test.shape == (40, 100)
    assert split.train_targets.shape == (3, 100)
    assert not np.array_equal(split.train, split.test)
    best = np.linalg.lstsq(split.train.T, split.train_targets.T, rcond=None)[0].T
    residual = split.train_targets - best @ split.train
    # Noise N(0, 1), of which a fit of 40 coefficients keeps 60 parts in 100.
    assert np.mean(residual**2) == pytest.approx(0.6, abs=0.15)


def test_delm_descends_as_autograd_does():
    curve = delm_curve(Images("digits"), **linear_setting())
    split = taught(Images("digits"), 8, 2, 20, 0.7, 1)
    theta = torch.tensor(start(8, 2, 1), requires_grad=True)
    x, y = torch.tensor(split.train), torch.tensor(split.train_targets)
    losses = []
    for _ in range(31):
        a, b = theta[:64].reshape(8, 8), theta[64:].reshape(2, 8)
        u = torch.eye(8, dtype=torch.float64) - 0.7 * torch.softmax(a, dim=0)
        loss = ((b @ torch.linalg.solve(u, x) - y) ** 2).sum()
        losses.append(float(loss.detach()) / y.numel())
        (slope,) = torch.autograd.grad(loss, theta)
        theta = (theta - curve.step * slope).detach().requires_grad_()
    assert curve.train == pytest.approx(np.array(losses)[curve.epochs], rel=1e-10)
    assert curve.step == default_step(split)


def test_the_linear_model_starts_as_delm_does_and_descends_to_least_squares():
    images = Images("digits")
    setting = linear_setting(epochs=3000, step=5e-3)
    linear = torch_curve(images, model="linear", hidden=0, layers=0, device="cpu", **setting)
    delm = delm_curve(images, **linear_setting())
    assert linear.train[0] == pytest.approx(delm.train[0], rel=1e-10)
    assert linear.test[0] == pytest.approx(delm.test[0], rel=1e-10)
    split = taught(images, 8, 2, 20, 0.7, 1)
    best = np.linalg.lstsq(split.train.T, split.train_targets.T, rcond=None)[0].T
    least = np.mean((best @ split.train - split.train_targets) ** 2)
    # Two ways to the same number agree to the rounding of a sum of 40 squares, whichever BLAS adds them.
    assert (1 - 1e-12) * least <= linear.train[-1] < 1.05 * least


def test_networks_are_drawn_by_seed_without_touching_the_global_one():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = (relu_network(4, 2, 6, 3, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first[0].weight, again[0].weight)
    assert not torch.equal(first[0].weight, other[0].weight)
    assert [layer.out_features for layer in first if hasattr(layer, "out_features")] == [6, 6, 6, 2]
    assert linear_model(4, 2, 0.5, 1).weight.shape == (2, 4)


def test_the_dnn_learns():
    curve = torch_curve(
        Images("digits"), model="dnn", hidden=16, layers=2, device="cpu", **linear_setting(epochs=300)
    )
    assert curve.train[-1] < 0.5 * curve.train[0]
    assert len(curve.test) == len(curve.train) == len(curve.epochs)


def relu_setting(**changes):
    return {
        "data": "digits",
        "classes": (0, 1),
        "samples": 40,
        "width": 60,
        "gamma": 0.1,
        "step": None,
        "epochs": 12,
        "seed": 2,
        "device": "cpu",
        "progress": unwatched,
        **changes,
    }


def test_descent_of_the_relu_network_is_plain_gradient_descent():
    curve = descent_curve(Images("digits"), **relu_setting())
    split = two_classes(Images("digits"), (0, 1), 40, 2, NOISE)
    place = Placement("float64")
    model, unseen = (ImplicitReLU.scaled(place.put(x), 60, 0.1) for x in (split.train, split.test))
    state = model.at(Parameters.random(60, 64, np.random.default_rng((2, 60))))
    assert curve.step == 0.5 / 40
    for epoch in range(13):
        residual = state.output - split.train_targets[0]
        at = int(np.flatnonzero(curve.epochs == epoch)[0])
        test = unseen.at(state.theta).output - split.test_targets[0]
        assert curve.train[at] == pytest.approx(0.5 * np.mean(residual**2), rel=2e-3)
        assert curve.test[at] == pytest.approx(0.5 * np.mean(test**2), rel=2e-3)
        norm = 0.1 / np.sqrt(60) * np.linalg.norm(state.theta.a, 2)
        assert abs(curve.norm[at] - norm) <= curve.norm_error[at] + 1e-6 * norm
        slope = state.gradients(residual)
        theta = Parameters(*(v - curve.step * vars(slope)[k] for k, v in vars(state.theta).items()))
        state = model.at(theta)


def test_spectral_norm(rng):
    a = rng.standard_normal((80, 80))
    norm, error, direction = spectral_norm(a, np.ones(80))
    assert abs(norm - np.linalg.norm(a, 2)) <= error + 1e-12
    assert error < 1e-4 * norm
    assert np.linalg.norm(a @ direction) == pytest.approx(norm, rel=1e-6)


def test_recorded_epochs_reach_both_ends_and_grow():
    for epochs in (2, 60, 1000):
        recorded = recorded_epochs(epochs, 60)
        assert recorded[0] == 0
        assert recorded[-1] == epochs
        assert np.all(np.diff(recorded) > 0)
        assert len(recorded) <= 62


def test_mean_interval_covers_as_often_as_it_says(rng):
    draws = rng.standard_normal((2000, 5, 3)) + 1
    found = [mean_interval(samples, together=3) for samples in draws]
    all_covered = np.mean([np.all(np.abs(mean - 1) <= half) for mean, half in found])
    assert 0.93 < all_covered < 0.975
    assert np.isinf(mean_interval(np.ones((1, 2)))[1]).all()
