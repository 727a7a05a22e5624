"""What a run takes, from its sizes; `verify.linear_deq.cost` says how this is estimated.

A GPU's memory and speed are not counted: the estimate is for the host, with all work on its CPU.
"""

from __future__ import annotations

import os

import numpy as np

from theorems.gao_2022.setting import Setting
from theorems.two_classes import SAMPLES, draw_data
from verify.data.start import sized
from verify.relu_deq.observer import EXACT_NORMS_UP_TO
from verify.relu_deq.problem import SINGLE_THREAD_UP_TO
from verify.theorem.cost import DENSE, PROCESS, Cost

#: Seconds and bytes that no size changes: imports, pictures, scaling laws, the counterexample's matrices.
OVERHEAD, LAWS = 16.0, 135e6

#: Evaluations of the network, for a path and for each checked time, and products m x m x n in one of them.
EVALUATIONS, EVALUATIONS_A_POINT, PRODUCTS = 120, 6, 12

#: Products in the derivatives by complex step, in all: 3 probes of 2 unrolled networks of 40 sweeps, each
#: worth 4 real ones.
PROBED = 1000

#: Multiplications a second in singular values, half of which are bound by memory.
SINGULAR = 4e9

#: Matrices m x m alive at the peak, in a probe: parameters, their start, two directions, and complex ones.
MATRICES = 9

#: Arrays m x n alive: four for each of the states of a step, and their combinations.
STATES = 30

#: Arrays n x n alive: kernels, their parts and what probes keep of them.
KERNELS = 24


def cost(setting: Setting) -> Cost:
    """What a run will take, about; InputError for an unusable start file or data, which are read here."""
    setting, _ = sized(setting)
    samples = setting.samples or SAMPLES
    if setting.data != "sphere":
        samples = draw_data(setting, np.random.default_rng(setting.seed)).samples
    return relu_cost(setting.width, samples, setting.points, single=setting.dtype == "float32")


def relu_cost(width: int, samples: int, points: int, *, single: bool) -> Cost:
    """Time and memory of one run; `single` where the flow is in float32."""
    m, n = width, samples
    large = 8 * (MATRICES * m**2 + STATES * m * n + KERNELS * n**2)
    if single:
        large += 4 * 4 * m**2  # the flow's own, beside those in float64
    evaluations = EVALUATIONS + EVALUATIONS_A_POINT * points
    product = 2 * m**2 * n
    rate = 2 * DENSE if single else DENSE
    evaluation = PRODUCTS * product / rate + 1e-8 * m**2 + (10 * n**3 + 16 * m * n**2) / DENSE
    norms = 2 * points * 20 * m**3 / SINGULAR if m <= EXACT_NORMS_UP_TO else 0.0
    building = 4e-8 * m**2 + 3 * m**3 / SINGULAR
    work = evaluations * evaluation + PROBED * product / DENSE + norms + building
    threads = 1 if m**2 * n <= SINGLE_THREAD_UP_TO else os.cpu_count() or 1
    return Cost(OVERHEAD + work / threads, PROCESS + max(LAWS, large))
