"""The linear model's gradient flow: a mild one, and that of `verify theorem linear-rate` on digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels import DisagreementError
from benchmarks.peers import peer
from benchmarks.peers.flows import scipy_linear, torchdiffeq_linear
from benchmarks.races import Entrant, Integrator, Race
from verify.flow.cvode import cvode
from verify.flow.runge_kutta import runge_kutta
from verify.flow.scaled import StepperFactory
from verify.linear_deq.build import draw_start, linear_problem, shallow_objective
from verify.linear_deq.following import decay_time, follow
from verify.linear_deq.gauss_newton import GaussNewton
from verify.linear_deq.problem import LinearProblem
from verify.linear_deq.setting import LinearSetting
from verify.linear_deq.stiffness import preconditioner_pays
from verify.numerics.quadrature import graded_times

Array = NDArray[np.float64]

#: Errors at which integrators are compared, and how much smaller that of the reference must be.
TARGETS, SHARPER = (1e-2, 1e-4, 1e-6), 0.1

#: Tolerance of the two references, by CVODE and by DOP853.
TIGHT = 1e-13

#: Times at which the excess is compared.
POINTS = 20


class Flow:
    """A linear problem's flow and the excess along it, from two integrators that share nothing.

    DisagreementError where these are further apart than the smallest of `targets` allows.
    """

    def __init__(self, setting: LinearSetting, targets: Sequence[float]) -> None:
        drawn = draw_start(setting)
        self.problem: LinearProblem = linear_problem(setting, drawn, shallow_objective(setting, drawn))
        self.times = graded_times(self.problem.horizon, decay_time(self.problem), POINTS)
        self.helped = preconditioner_pays(self.problem)
        self.reference = self._followed(self.cvode(True)(TIGHT))[0]
        apart = self._error(self._followed(runge_kutta(TIGHT))[0])
        if not apart <= SHARPER * targets[-1]:
            raise DisagreementError(
                f"CVODE and DOP853 at tolerance {TIGHT:g} are {apart:.1e} apart in log E, and "
                f"{SHARPER * targets[-1]:.0e} is allowed"
            )

    def cvode(self, helped: bool) -> Callable[[float], StepperFactory]:
        """CVODE by its tolerance, with or without preconditioner."""
        problem = self.problem

        def of(rtol: float) -> StepperFactory:
            return cvode(rtol, GaussNewton(problem.model, problem.objective) if helped else None)

        return of

    def scaled(self, method: Callable[[float], StepperFactory]) -> Integrator:
        """An integrator in our coordinates, which shrink with the excess."""

        def run(rtol: float) -> tuple[float, int]:
            found, evaluations = self._followed(method(rtol))
            return self._error(found), evaluations

        return run

    def plain(self, method: Callable[[LinearProblem, Array, float], tuple[list[Array], int]]) -> Integrator:
        """An integrator of all parameters as they are."""

        def run(rtol: float) -> tuple[float, int]:
            thetas, evaluations = method(self.problem, self.times, rtol)
            found = [self.problem.model.gradient(theta, self.problem.objective)[1] for theta in thetas]
            return self._error(np.array(found)), evaluations

        return run

    def _followed(self, stepper: StepperFactory) -> tuple[Array, int]:
        points = list(follow(self.problem, self.times, stepper))
        return np.array([point.excess for point in points]), points[-1].right_hand_sides

    def _error(self, excess: Array) -> float:
        """The largest error of log E; infinite for a path that ends early."""
        if excess.shape != self.reference.shape:
            return float(np.inf)
        return float(np.abs(np.log(excess / self.reference)).max())


def race(quick: bool) -> Race:
    """A mild flow, where explicit integrators do well."""
    setting = LinearSetting(data="synthetic", width=50, samples=200, horizon=20)
    if quick:
        setting = LinearSetting(data="synthetic", width=6, outputs=2, samples=40, horizon=1)
    targets = TARGETS[:2] if quick else TARGETS
    flow = Flow(setting, targets)
    # Around those that give the targets, which integrators reach at tolerances of their own.
    explicit = (1e-6, 1e-7, 1e-8)
    entrants = {
        **_cvodes(flow, (1e-6, 1e-8) if quick else (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)),
        "DOP853, our coordinates": Entrant(flow.scaled(runge_kutta), explicit),
        "SciPy DOP853": Entrant(flow.plain(scipy_linear), (*explicit, 1e-9)),
        "torchdiffeq dopri5, autograd": Entrant(
            peer("torchdiffeq", lambda: flow.plain(torchdiffeq_linear)), (1e-6, 1e-8)
        ),
    }
    return Race("linear-flow", _title(flow, "Mild linear flow, random data"), targets, entrants)


def stiff_race(quick: bool) -> Race:
    """The stiff flow of digits; explicit integrators are held back by stability, not by the tolerance."""
    setting = (
        LinearSetting(width=4, outputs=2, samples=50, horizon=0.05) if quick else LinearSetting(width=16)
    )
    targets = TARGETS[:2]
    flow = Flow(setting, targets)
    tolerances = (1e-5, 1e-7) if quick else (1e-5, 1e-6, 1e-7, 1e-8)
    entrants = {
        **_cvodes(flow, tolerances),
        "DOP853, our coordinates": Entrant(flow.scaled(runge_kutta), tolerances[1::2]),
        "SciPy DOP853": Entrant(flow.plain(scipy_linear), (1e-6, 1e-9)),
    }
    return Race("stiff-flow", _title(flow, "Stiff linear flow, digits"), targets, entrants)


def _cvodes(flow: Flow, tolerances: Sequence[float]) -> dict[str, Entrant]:
    """CVODE as the suite sets it up for this flow, and with the other choice of preconditioner."""
    name = {True: "CVODE with preconditioner", False: "CVODE without preconditioner"}
    return {
        f"{name[flow.helped]} (as the suite chooses)": Entrant(
            flow.scaled(flow.cvode(flow.helped)), tolerances
        ),
        name[not flow.helped]: Entrant(flow.scaled(flow.cvode(not flow.helped)), tolerances),
    }


def _title(flow: Flow, what: str) -> str:
    sizes = flow.problem.effective
    return (
        f"{what}: m = {sizes['m']}, n = {sizes['n']}, m_y = {sizes['m_y']}, T = {sizes['T']:.3g}; "
        "error of log E, the largest at any of its times"
    )
