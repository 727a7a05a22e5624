"""Ling et al. 2023: constants, kernel, start and training against what shares no code with them."""

import numpy as np
import pytest
import torch

import theorems.ling_2023 as theorem
from theorems.balance import added_by_descent, kept_by_flow
from theorems.ling_2023.lemmas import law_inputs
from theorems.ling_2023.problem import Constants
from theorems.ling_2023.setting import SMALL, Setting
from verify.numerics.random_matrices import gaussian_norms
from verify.relu_deq.descent import descend
from verify.relu_deq.kernels import equilibrium_kernel, layer_kernels
from verify.relu_deq.model import ImplicitReLU
from verify.relu_deq.parameters import Parameters
from verify.theorem.errors import HypothesisError
from verify.theorem.judgement import Judge
from verify.theorem.protocol import silent


def run(**options):
    problem = theorem.build(Setting(**{**SMALL, **options}))
    return problem, theorem.integrate(problem, silent)


def verdicts(problem, path):
    judge = Judge({"start": problem, "problem": problem, "path": path})
    judged = [statement for statement in theorem.CLAIMS if all(part.needs for part in statement.parts)]
    return {statement.claim.id: {check.verdict for check in judge.checks(statement)} for statement in judged}


def test_the_constants_are_those_of_the_paper():
    """Written out once more, from the print."""
    delta, w, u, a, x, lambda_0 = 0.01, 0.4, 9.0, 0.5, 10.0, 50.0
    constants = Constants.of((w, u), a, x, delta)
    rho_w, rho_u, rho_a = 0.41, 9.01, 0.51
    c_w, c_u, c_a = rho_u * rho_a / (1 - rho_w) ** 2, rho_a / (1 - rho_w), rho_u / (1 - rho_w)
    seventh, eighth = constants.allowed(lambda_0)
    assert lambda_0 == pytest.approx(4 / delta * max(c_w, c_u, c_a) * x * seventh)
    right = 4 * (2 + np.sqrt(2)) / rho_a * (c_w**2 + c_u**2) * x**2 * eighth
    assert lambda_0**1.5 == pytest.approx(right)
    assert constants.ninth(lambda_0, 4) == pytest.approx(lambda_0 / (4 * (c_w**2 + c_u**2) * x**2))
    quotient = 2 * (c_w**2 + c_u**2) / ((c_w**2 + c_u**2 + c_a**2) ** 2 * x**2)
    assert constants.largest_step(lambda_0) == pytest.approx(min(2 / lambda_0, quotient))


def test_the_kernel_is_the_limit_of_its_recursion_and_of_wide_networks(rng):
    inputs, _ = law_inputs()
    kernel = equilibrium_kernel(inputs, 0.3)
    assert layer_kernels(inputs, 0.3, 30)[-1] == pytest.approx(kernel, abs=1e-12)
    assert np.diag(kernel) == pytest.approx(1 / (1 - 0.09))
    draws = [
        ImplicitReLU.plain(inputs, 600).at(Parameters.gaussian(600, 20, rng, 0.3), accuracy=1e-8).gram / 600
        for _ in range(20)
    ]
    assert (
        np.abs(np.mean(draws, axis=0) - kernel).max() < 5 * np.std(draws, axis=0).max() / np.sqrt(20) + 0.01
    )


def test_norms_of_gaussian_matrices_are_those_of_matrices_drawn_whole(rng):
    whole = [np.linalg.norm(rng.standard_normal((60, 60)), 2) for _ in range(400)]
    found = gaussian_norms(60, 400, rng)
    assert abs(np.mean(found) - np.mean(whole)) < 5 * np.std(whole) * np.sqrt(2 / 400)
    assert np.std(found) == pytest.approx(np.std(whole), rel=0.3)
    wide = gaussian_norms(20_000, 50, rng) / np.sqrt(20_000)  # by its first rows only
    assert np.all(np.abs(wide - 2) < 0.01)


def test_units_keep_their_balance_under_the_gradients_of_autograd(rng):
    """``<theta_j, g_j>`` of what enters a unit less that of what leaves it vanishes, by torch."""
    inputs = rng.standard_normal((4, 5))
    model = ImplicitReLU.plain(inputs, 12)
    theta = Parameters.gaussian(12, 4, rng, 0.2)
    leaves = [torch.tensor(part, requires_grad=True) for part in (theta.a, theta.w, theta.u)]
    z = torch.zeros(12, 5, dtype=torch.float64)
    for _ in range(80):
        z = torch.relu(leaves[0] @ z + leaves[1] @ torch.tensor(inputs))
    loss = 0.5 * ((leaves[2] @ z - torch.ones(5)) ** 2).sum()
    a, w, u = torch.autograd.grad(loss, leaves)
    entering = (leaves[0] * a).sum(1) + (leaves[1] * w).sum(1)
    leaving = (leaves[0] * a).sum(0) + leaves[2] * u
    assert (entering - leaving).detach().numpy() == pytest.approx(np.zeros(12), abs=1e-12)
    found = model.at(theta).gradients(model.at(theta).output - 1)
    squares = (a**2).sum(1) + (w**2).sum(1) - (a**2).sum(0) - u**2
    assert found.units.balance == pytest.approx(squares.numpy(), abs=1e-10)


def test_flow_and_descent_are_those_of_plain_numpy():
    """Descent by dense solves, sample by sample; the flow by many of its steps."""
    problem, path = run(width=15, init="paper", labels="data", horizon=0.02)

    def descent(step, steps):
        w, u, a = (part.copy() for part in problem.start.theta.parts.values())
        x, y = problem.model.inputs, problem.targets
        for _ in range(steps):
            z = np.zeros((len(a), len(y)))
            for _ in range(200):
                z = np.maximum(w @ z + u @ x, 0)
            r = a @ z - y
            p = np.column_stack([(c > 0) * np.linalg.solve(np.eye(len(a)) - w.T * (c > 0), a) for c in z.T])
            w, u, a = w - step * (p * r) @ z.T, u - step * (p * r) @ x.T, a - step * z @ r
        return np.linalg.norm(r)

    taken = descend(problem, 1e-3, 10).residuals
    assert descent(1e-3, 11) == pytest.approx(taken[10], rel=1e-9)
    assert descent(1e-4, 201) == pytest.approx(np.linalg.norm(path.flow.residuals[-1]), rel=2e-2)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"samples": 1},
        {"data": "digits", "sigma_w": 0.1, "samples": 4},
        {"samples": 8, "seed": 3},
        {"sigma_w": 0.01},
    ],
)
def test_the_repaired_theorem_holds(options):
    found = verdicts(*run(**options))
    assert {name for name, verdict in found.items() if verdict != {"VERIFIED"}} <= {"L-T2"}, found


def test_at_the_papers_own_start_it_says_nothing_and_descent_converges():
    problem, path = run(init="paper", labels="data")
    found = verdicts(problem, path)
    assert "NOT_APPLICABLE" in found["L-T1"] & found["L-C1"] & found["L-T1.flow"]
    assert found["L-N"] == found["L-flow"] == found["L-2"] == {"VERIFIED"}
    assert max(problem.condition.values()) < 1e-2
    assert path.whole.log_change[-1] < -10
    assert path.problem.norms[0] + path.whole.distances[-1, 0] < 1


def test_a_wrong_flow_or_descent_does_not_keep_the_balance():
    problem, path = run(init="paper", labels="data", width=30)
    assert kept_by_flow(path.flow, problem.tolerance).verdict == "VERIFIED"
    assert added_by_descent(path.whole).verdict == "VERIFIED"
    assert added_by_descent(path.whole, factor=1.001).verdict == "VIOLATED"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma_w": 0.4}, r"sigma_w\^2 = 0.16 is not below 1/8 .* use --sigma-w 0.35"),
        ({"sigma_w": 9.0, "width": 20}, "not below 1/8"),
        ({"width": 10, "samples": 12}, "lambda_0 is 0 to rounding, for m = 10: raise --width"),
    ],
)
def test_a_setting_without_the_hypotheses_says_what_to_change(options, message):
    with pytest.raises(HypothesisError, match=message):
        run(**options)


def test_a_step_that_is_too_large_is_named():
    problem, path = run(step=1.0)
    judge = Judge({"start": problem, "problem": problem, "path": path})
    allowed, concluded = (
        judge.checks(next(one for one in theorem.CLAIMS if one.claim.id == name))
        for name in ("L-eta", "L-T1")
    )
    assert {check.verdict for check in [*allowed, *concluded]} == {"NOT_APPLICABLE"}
    assert "use --step" in allowed[0].message
    assert "only under L-eta" in concluded[0].message
