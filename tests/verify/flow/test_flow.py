"""Integrators against closed forms and against each other."""

import numpy as np
import pytest

from tests.conftest import linear_model
from verify.flow import FlowError, scaled
from verify.flow.cvode import cvode
from verify.flow.descent import descent
from verify.flow.runge_kutta import runge_kutta
from verify.flow.scaled import integrate
from verify.linear_deq.gauss_newton import GaussNewton
from verify.numerics.quadrature import cumulative_integral, graded_times

CURVATURES = np.array([1.0, 7.0, 300.0])


def quadratic(theta):
    """L = 1/2 sum c_i theta_i^2, whose flow is theta_i exp(-c_i t)."""
    return CURVATURES * theta, float(0.5 * np.sum(CURVATURES * theta**2))


@pytest.mark.parametrize("stepper", [cvode(1e-9), runge_kutta(1e-9)])
def test_a_quadratic_is_followed_over_forty_decades(stepper):
    start = np.array([1.0, -2.0, 0.5])
    times = graded_times(46.0, 1e-3, 40)
    points = list(integrate(quadratic, start, times, 1e-45, stepper, 1e-30))
    assert [point.time for point in points] == pytest.approx(list(times))
    for point in points:
        exact = quadratic(start * np.exp(-CURVATURES * point.time))[1]
        assert point.excess == pytest.approx(exact, rel=2e-5)
        assert np.log(points[0].excess / point.excess) == pytest.approx(point.log_energy, abs=1e-4)
        assert points[0].excess - point.excess == pytest.approx(point.energy, rel=1e-6, abs=1e-9)
    assert points[-1].excess < 1e-39 * points[0].excess


def test_the_flow_stops_at_the_floor():
    points = list(integrate(quadratic, np.ones(3), [0.0, 1.0, 2.0, 50.0, 60.0], 1e-12, cvode(1e-8), 0.0))
    assert points[-1].time < 50.0
    assert points[-1].excess <= 1e-12 < 1e-3 < points[1].excess


def test_a_stuck_integrator_says_so(monkeypatch):
    monkeypatch.setattr(scaled, "MAXIMUM_STEPS", 5)
    with pytest.raises(FlowError, match="loosen --rtol or shorten --horizon"):
        list(integrate(quadratic, np.ones(3), [0.0, 10.0], 0.0, cvode(1e-8), 0.0))


@pytest.mark.parametrize(("method", "order"), [("descent", 1)])
def test_descent_converges_to_the_flow_with_its_order(method, order):
    errors = []
    for size in (1e-3, 5e-4, 2.5e-4):
        *_, last = integrate(quadratic, np.ones(3), [0.0, 0.5], 0.0, descent(size), 0.0)
        errors.append(np.linalg.norm(last.theta - np.exp(-CURVATURES * 0.5)))
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(order, abs=0.1)


def test_cvode_agrees_with_dop853_on_the_linear_model(rng):
    model, objective, _, _, theta = linear_model(rng, 12, 3, 30)
    times = graded_times(0.5, 1e-4, 12)

    def field(theta):
        return model.gradient(theta, objective)

    reference = list(integrate(field, theta, times, 0.0, runge_kutta(1e-11), 1e-5))
    for stepper in (cvode(1e-10), cvode(1e-10, GaussNewton(model, objective))):
        found = list(integrate(field, theta, times, 0.0, stepper, 1e-5))
        for a, b in zip(found, reference, strict=True):
            assert np.linalg.norm(a.theta - b.theta) <= 1e-7 * np.linalg.norm(b.theta)
            assert a.excess == pytest.approx(b.excess, rel=1e-6)
            assert a.log_energy == pytest.approx(b.log_energy, abs=1e-6)


def test_the_preconditioner_saves_most_of_a_stiff_flow(rng):
    model, objective, features, targets, theta = linear_model(rng, 20, 2, 20)
    times = np.array([0.0, 50.0])
    work = []
    for preconditioner in (None, GaussNewton(model, objective)):
        *_, last = integrate(
            lambda theta: model.gradient(theta, objective),
            theta,
            times,
            1e-12,
            cvode(1e-7, preconditioner),
            1e-7,
        )
        work.append(last.right_hand_sides)
    assert work[1] < 0.7 * work[0]


def test_cumulative_integral_and_its_error():
    times = graded_times(20.0, 0.01, 61)
    for function, integral in [
        (lambda t: np.exp(-t) + 0.5, lambda t: 1 - np.exp(-t) + 0.5 * t),
        (lambda t: np.maximum(1.0, 2 - t), lambda t: np.where(t < 1, 2 * t - t**2 / 2, 1.5 + (t - 1))),
        (lambda t: 3 + 0 * t, lambda t: 3 * t),
    ]:
        value, error = cumulative_integral(times, function(times), 0.01)
        assert np.all(np.abs(value - integral(times)) <= error + 1e-12)
        assert np.all(np.diff(error) >= 0)
        assert error[-1] < 0.05
