"""The script behind docs/reproduced.md: lazy losses, steps, and a judgement that can come out either way."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import wider_is_faster as wider
from benchmarks.wider_is_faster import TABLE, Case
from verify.data.images import Images, two_classes

SMALL = Case(data="digits", samples=12, widths=(20, 40), trials=2, epochs=30)


@pytest.fixture
def networks():
    split = two_classes(Images("digits"), (0, 1), SMALL.samples, 0, 0.01)
    return split.train_targets[0], wider.starts(split, SMALL, 0)


def test_lazy_losses_are_those_of_the_recursion(networks):
    labels, (state, _) = networks
    step, residual = 0.02, state.output - labels
    losses = []
    for _ in range(6):
        losses.append(0.5 * np.mean(residual**2))
        residual = residual - step * state.kernel @ residual
    assert np.allclose(wider.frozen(state, labels, step, 5), losses, rtol=1e-9)


def test_training_near_the_start_is_lazy(networks):
    labels, (_, state) = networks
    near = state.output + 1e-3 * labels
    trained, lazy = (losses(state, near, 0.02, 20) for losses in (wider.trained, wider.frozen))
    assert np.allclose(trained, lazy, rtol=0.01)
    assert trained[-1] < 0.9 * trained[0]


def test_steps_are_each_networks_own_or_that_of_one(networks):
    _, states = networks
    own = [1 / np.linalg.eigvalsh(state.kernel)[-1] for state in states]
    expected = {"half": [0.5 / 12] * 2, "each": own, "narrowest": own[:1] * 2, "widest": own[1:] * 2}
    for rule, of_rule in expected.items():
        assert wider.steps(states, replace(SMALL, step=rule), 12) == pytest.approx(of_rule)
    assert wider.steps(states, replace(SMALL, step="each", share=1.8), 12) == pytest.approx(
        np.multiply(1.8, own)
    )


@pytest.mark.parametrize(("gain", "verdict"), [(0.5, "VERIFIED"), (-0.5, "VIOLATED"), (0.0, "INCONCLUSIVE")])
def test_the_finding_can_fail(rng, gain, verdict):
    case = replace(SMALL, widths=(10, 20, 40), trials=8)
    ends = np.exp(-gain * np.arange(3) + 0.05 * rng.standard_normal((8, 3)))
    found = wider.judged(case, np.stack([np.ones((8, 3)), ends], axis=2))
    assert found["each to the next"]["verdict"] == verdict
    assert found["narrowest to widest"]["verdict"] == verdict
    assert found["narrowest to widest"]["mean"][0] == pytest.approx(2 * gain, abs=0.1)


def test_what_is_committed_is_what_the_script_runs():
    cases = [row["case"] for row in json.loads(TABLE.read_text())]
    assert cases == [json.loads(json.dumps(wider.asdict(case))) for case in wider.CASES]
    page = (Path(__file__).parents[1] / "docs" / "reproduced.md").read_text()
    assert "@" not in page
