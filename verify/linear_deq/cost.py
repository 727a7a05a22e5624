"""What a run on the deep equilibrium linear model takes, from its sizes.

Memory counts the arrays that are alive at the peak. Time counts multiplications. The number of right-hand
sides of a stiff flow is not known beforehand; a typical number stands for it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from verify.linear_deq.gauss_newton import PRECONDITION_UP_TO
from verify.linear_deq.problem import SINGLE_THREAD_UP_TO, STORED_BYTES
from verify.linear_deq.resolvent import DEFLATED_FROM_WIDTH
from verify.linear_deq.spectrum import CERTIFY_UP_TO, DENSE_UP_TO
from verify.losses.smooth import NODES
from verify.theorem.cost import DENSE, PROCESS, SKINNY, Cost

#: Seconds of every run: imports, pictures, pages.
OVERHEAD = 5.0

#: Right-hand sides at rtol 1e-10, and the power of rtol with which they become fewer. Typical of digits and
#: Gaussian features at widths 32 to 256, where 2600 to 10000 were counted.
RIGHT_HAND_SIDES, RTOL_POWER = 4000, 0.17

#: Right-hand sides of the sharper run over those of the path.
SHARPER_WORK = 1.8

#: Right-hand sides for each factorisation of the preconditioner.
REUSED = 10

#: Products of Lanczos for an eigenvalue, sweeps of the deflated solve; counted at widths 256 and 512.
LANCZOS, SWEEPS = 300, 24

#: Vectors of all parameters that CVODE and the drive around it hold.
FLOW_VECTORS = 36

#: Seconds that the calls of a right-hand side take, whatever its size.
CALLS = 3e-4

#: Bytes a second that the record's arrays are compressed at.
COMPRESSED = 2e7

#: Seconds for each entry and operation on it, in sums over samples, nodes and outputs.
ENTRY = 5e-9


@dataclass(frozen=True)
class LinearSizes:
    """What the cost of a run depends on.

    width    m
    outputs  m_y
    samples  n
    points   number of checked times
    rtol     relative tolerance of the integrator
    smooth   whether the loss is the logistic loss or cross-entropy, which cost most to evaluate
    """

    width: int
    outputs: int
    samples: int
    points: int
    rtol: float
    smooth: bool

    @property
    def parameters(self) -> int:
        return self.width * (self.width + self.outputs)

    @property
    def stored(self) -> int:
        """Parameter points that a path keeps."""
        return self.points if 8 * self.parameters * self.points <= STORED_BYTES else 2

    @property
    def functions(self) -> int:
        """Rows of the preconditioner's matrix; 0 where there is none."""
        size = min(self.width, self.samples) * self.outputs
        return size if size <= PRECONDITION_UP_TO else 0

    @property
    def certified(self) -> int:
        """Rows of D where a factorisation certifies an eigenvalue, else 0."""
        size = self.width * self.outputs
        return size if DENSE_UP_TO < size <= CERTIFY_UP_TO else 0

    @property
    def loss_seconds(self) -> float:
        """Seconds that sums over the samples add to an evaluation of the loss."""
        each = self.outputs * (4 + len(NODES) * (6 + self.outputs))
        return ENTRY * self.samples * each if self.smooth else 0.0


def path_cost(sizes: LinearSizes) -> Cost:
    """Time and memory of building and following one path."""
    return Cost(OVERHEAD + _seconds(sizes), PROCESS + 8 * _entries(sizes))


def error_cost(sizes: LinearSizes) -> Cost:
    """Time that the sharper run adds, by which the error of a path is known."""
    return Cost(SHARPER_WORK * _flow_seconds(sizes), 0.0)


def spectrum_cost(sizes: LinearSizes) -> Cost:
    """Time and memory that lambda_min(D) at every checked time adds to a path."""
    m, p = sizes.width, sizes.outputs
    eigenvalue = (
        LANCZOS * (4 * m**2 * p + 2 * m * p**2) / SKINNY if m * p > DENSE_UP_TO else 2 * (m * p) ** 3 / DENSE
    )
    observed = eigenvalue + (4 * p**2 * m**2 + 6 * m * p**3 + 6 * m**3) / DENSE
    certificates = 3 * (sizes.certified**3 / 3) / DENSE
    # Operators D of the first, worst and last time, two arrays of blocks each, and one in the making.
    entries = 13 * m * p**2 + 2 * sizes.certified**2
    return Cost((sizes.points * observed + certificates) / _speedup(sizes), 8.0 * entries)


def _entries(sizes: LinearSizes) -> float:
    """Numbers alive at the peak."""
    m, p, n = sizes.width, sizes.outputs, sizes.samples
    flow = FLOW_VECTORS * sizes.parameters + 3 * sizes.stored * sizes.parameters
    preconditioner = 3 * sizes.functions**2
    data = 2.5 * m * n + 3 * p * n + 2 * min(m, n) ** 2
    # Hessians and outputs at every node and sample; the Newton matrix of all of W.
    smooth = len(NODES) * n * p * (p + 3) + 3 * (m * p) ** 2 if sizes.smooth else 0
    return float(flow + preconditioner + data + smooth)


def right_hand_side_seconds(sizes: LinearSizes) -> float:
    """One gradient of L."""
    m, p = sizes.width, sizes.outputs
    solve = (
        (0.7 * m**3 / DENSE + 8 * m**2 * p / SKINNY)
        if m < DEFLATED_FROM_WIDTH
        else (2 * SWEEPS * m**2 * p / SKINNY)
    )
    products = 4 * p * m * min(m, sizes.samples) / SKINNY
    return solve + products + 12 * ENTRY * m**2 + CALLS + sizes.loss_seconds


def preconditioner_seconds(sizes: LinearSizes) -> float:
    """What the preconditioner adds to a right-hand side; 0 where there is none."""
    size, m, p = sizes.functions, sizes.width, sizes.outputs
    if size == 0:
        return 0.0
    factorised = size**3 / 3 + p**2 * m * min(m, sizes.samples) ** 2
    factorised += 4 * m**2 * sizes.samples if sizes.smooth else 0
    return 0.7 * CALLS + 4 * size**2 / SKINNY + factorised / (REUSED * DENSE)


def _flow_seconds(sizes: LinearSizes) -> float:
    evaluations = RIGHT_HAND_SIDES * (1e-10 / sizes.rtol) ** RTOL_POWER
    each = right_hand_side_seconds(sizes) + preconditioner_seconds(sizes)
    return evaluations * each / _speedup(sizes)


def _seconds(sizes: LinearSizes) -> float:
    m, p, n = sizes.width, sizes.outputs, sizes.samples
    building = (
        60 * m * min(m, n) * n / DENSE
        + 8 * n * (m + p) / COMPRESSED
        + 8 * sizes.stored * (sizes.parameters / COMPRESSED)
    )
    return float(building + _flow_seconds(sizes))


def _speedup(sizes: LinearSizes) -> float:
    """How many times faster BLAS is on all cores."""
    threads = 1 if sizes.width <= SINGLE_THREAD_UP_TO else os.cpu_count() or 1
    return float(threads**0.5)
