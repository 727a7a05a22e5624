"""The exponential integrator on smooth problems: order, exactness, agreement with Runge-Kutta."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from verify.flow import FlowError, adaptive
from verify.flow.adaptive import integrate
from verify.flow.exponential import Spectrum, step
from verify.flow.kinks import Slides
from verify.flow.phi import phi


@dataclass(frozen=True)
class Dense:
    """A least-squares problem with a Jacobian written out: residual and Jacobian are functions of theta."""

    theta: np.ndarray
    functions: tuple

    @property
    def residual(self):
        return self.functions[0](self.theta)

    @property
    def jacobian(self):
        return self.functions[1](self.theta)

    def kernel(self, other):
        return self.jacobian @ other.jacobian.T

    slides = Slides(np.zeros(0), np.zeros(0), np.zeros((5, 0)))
    unsettled = undone = 0.0

    def continued(self, *moves):
        return replace(self, theta=self.theta + sum(at.jacobian.T @ c for at, c in moves))

    def kinks(self, ahead):
        return None

    def crossed(self, *moves, crossing):
        return self.continued(*moves)


def smooth(rng, nonlinearity=1.0):
    """``r = tanh(s M theta)/s - y`` of 5 outputs and 8 parameters; linear as s goes to 0."""
    matrix, targets = rng.standard_normal((5, 8)), rng.standard_normal(5)

    def residual(theta):
        return np.tanh(nonlinearity * matrix @ theta) / nonlinearity - targets

    def jacobian(theta):
        return matrix / np.cosh(nonlinearity * matrix @ theta)[:, None] ** 2

    return Dense(0.3 * rng.standard_normal(8), (residual, jacobian))


def reference(problem, time):
    """DOP853 at rounding accuracy."""

    def velocity(_, theta):
        return -problem.functions[1](theta).T @ problem.functions[0](theta)

    solved = solve_ivp(velocity, (0, time), problem.theta, method="DOP853", rtol=1e-12, atol=1e-13)
    return solved.y[:, -1]


def never(_):
    return False


@pytest.mark.parametrize("order", [1, 2, 3])
def test_phi_functions_are_their_integrals(order):
    for z in (-1e-9, -1e-3, -0.5, -0.999, -1.001, -7.0, -50.0):
        integral = quad(lambda s, z: np.exp((1 - s) * z) * s ** (order - 1), 0, 1, args=(z,), epsabs=1e-14)[0]
        assert phi(order, np.array([z]))[0] == pytest.approx(integral / [1, 1, 2][order - 1], rel=1e-12)


def test_the_step_is_of_second_order_and_far_below_its_estimate(rng):
    problem, time = smooth(rng), 0.4
    exact = reference(problem, time)
    errors, estimates = [], []
    for steps in (32, 64, 128, 256):
        point, estimate = problem, 0.0
        for _ in range(steps):
            point, estimate = step(point, Spectrum.of(point), time / steps).end(point)
        errors.append(np.linalg.norm(point.theta - exact))
        estimates.append(estimate)
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(2.0, abs=0.2)
    assert np.log2(np.array(estimates[:-1]) / estimates[1:]) == pytest.approx(3.0, abs=0.2)


def test_a_constant_jacobian_is_followed_exactly_in_one_step(rng):
    problem = smooth(rng, nonlinearity=1e-9)
    kernel = problem.kernel(problem)
    values, vectors = np.linalg.eigh(kernel)
    exact = vectors @ (np.exp(-3.0 * values) * (vectors.T @ problem.residual))
    after, error = step(problem, Spectrum.of(problem), 3.0).end(problem)
    assert after.residual == pytest.approx(exact, abs=1e-7)
    assert error < 1e-6


def test_the_adaptive_path_keeps_its_tolerance_and_its_energy_identity(rng):
    problem = smooth(rng)
    exact = reference(problem, 1.5)
    for tolerance in (1e-2, 1e-4):
        points = list(integrate(problem, [0.0, 0.1, 0.5, 1.5], tolerance, never))
        assert [point.time for point in points] == [0.0, 0.1, 0.5, 1.5]
        last = points[-1]
        fell = 2 * np.log(np.linalg.norm(problem.residual) / np.linalg.norm(last.at.residual))
        truth = 2 * np.log(np.linalg.norm(problem.residual) / np.linalg.norm(problem.functions[0](exact)))
        assert 0 < abs(fell - truth) <= last.estimated <= 100 * abs(fell - truth)
        assert 0 < abs(truth - last.log_energy) <= last.energy_error <= 100 * abs(truth - last.log_energy)


def test_the_flow_ends_where_it_is_told_and_when_stuck(rng, monkeypatch):
    problem = smooth(rng)
    points = list(integrate(problem, [0.0, 1.0, 2.0], 1e-2, lambda at: at.theta is not problem.theta))
    assert len(points) == 2
    assert 0 < points[-1].time <= 1.0
    # Told to stop right at a checked time, it shows that time once.
    points = list(integrate(problem, [0.0, 1e-3, 2.0], 0.1, lambda at: at.theta is not problem.theta))
    assert [point.time for point in points] == [0.0, 1e-3]
    monkeypatch.setattr(adaptive, "MAXIMUM_EVALUATIONS", 4)
    with pytest.raises(FlowError, match="loosen --tolerance"):
        list(integrate(problem, [0.0, 10.0], 1e-9, never))
