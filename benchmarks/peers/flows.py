"""Flows by libraries, in plain coordinates of all parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy
import torch
from numpy.typing import NDArray

from verify.linear_deq.problem import LinearProblem
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters

Array = NDArray[np.float64]

#: Absolute over relative tolerance.
ABSOLUTE = 1e-3


def scipy_linear(problem: LinearProblem, times: Array, rtol: float) -> tuple[list[Array], int]:
    """The linear model's parameters at `times` by SciPy's DOP853, with our gradient, and its evaluations."""

    def velocity(_: float, theta: Array) -> Array:
        return -problem.model.gradient(theta, problem.objective)[0]

    solved = scipy.integrate.solve_ivp(
        velocity,
        (0.0, times[-1]),
        problem.theta,
        method="DOP853",
        t_eval=times,
        rtol=rtol,
        atol=ABSOLUTE * rtol,
    )
    return list(solved.y.T), int(solved.nfev)


def torchdiffeq_linear(problem: LinearProblem, times: Array, rtol: float) -> tuple[list[Array], int]:
    """The same by torchdiffeq's dopri5 with torch's gradient."""
    from torchdiffeq import odeint

    model, count = problem.model, 0
    phi, y = torch.tensor(problem.features), torch.tensor(problem.targets)
    eye = torch.eye(model.width, dtype=phi.dtype)

    def velocity(_: torch.Tensor, parts: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        nonlocal count
        count += 1
        with torch.enable_grad():
            a, b = (part.detach().requires_grad_() for part in parts)
            u = eye - model.gamma * torch.softmax(a, dim=0)
            loss = ((torch.linalg.solve(u, b, left=False) @ phi - y) ** 2).sum()
            return tuple(-slope for slope in torch.autograd.grad(loss, (a, b)))

    start = tuple(torch.tensor(part) for part in model.unpack(problem.theta))
    found = odeint(velocity, start, torch.tensor(times), method="dopri5", rtol=rtol, atol=ABSOLUTE * rtol)
    return [model.pack(a.numpy(), b.numpy()) for a, b in zip(*found, strict=True)], count


def torchdiffeq_relu(start: ReluState, targets: Array, horizon: float, rtol: float) -> tuple[Parameters, int]:
    """The ReLU network's parameters at the horizon by torchdiffeq's dopri5, and its evaluations.

    Equilibria and gradients are ours, on torch's tensors, so that what is compared is the integrator.
    """
    from torchdiffeq import odeint

    model: ImplicitReLU = replace(start.model, inputs=torch.tensor(start.inputs))
    count = 0

    def velocity(_: torch.Tensor, parts: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        nonlocal count
        count += 1
        state = model.at(Parameters(*parts), accuracy=1e-10)
        return tuple(state.gradients(targets - state.output).parts.values())

    times = torch.tensor([0.0, horizon], dtype=torch.float64)
    parts = tuple(torch.tensor(part) for part in start.theta.parts.values())
    ends = odeint(velocity, parts, times, method="dopri5", rtol=rtol, atol=ABSOLUTE * rtol)
    return Parameters(*(part[-1].numpy() for part in ends)), count
