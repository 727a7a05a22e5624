"""Where arrays live and how precise they are: NumPy on the CPU, torch on a GPU, one code for both.

On the CPU NumPy's product beats torch's, hence NumPy there. Code is written against the array API and
asks `array_namespace` what it was given; what is small, n x n, comes back to the host in float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from array_api_compat import array_namespace, device
from numpy.typing import NDArray

from verify.theorem.errors import InputError

#: An array of NumPy or of torch.
AnyArray = Any


@dataclass(frozen=True)
class Placement:
    """Precision and device of the large arrays of a computation."""

    dtype: Literal["float64", "float32"] = "float64"
    device: Literal["cpu", "cuda"] = "cpu"

    def __post_init__(self) -> None:
        """Raise InputError when there is no such device."""
        if self.device == "cpu":
            return
        import torch

        if not torch.cuda.is_available():
            raise InputError("--device cuda: torch finds no CUDA device here: use --device cpu")

    def put(self, array: NDArray[Any]) -> AnyArray:
        """The array, there; not copied when it is there already."""
        if self.device == "cpu":
            return np.asarray(array, dtype=self.dtype)
        import torch

        return torch.asarray(array, dtype=getattr(torch, self.dtype), device=self.device)


def like(array: NDArray[Any], other: AnyArray) -> AnyArray:
    """A host array with the precision, library and device of `other`."""
    return array_namespace(other).asarray(array, dtype=other.dtype, device=device(other))


def double(array: AnyArray) -> AnyArray:
    """The array in float64, where it is."""
    xp = array_namespace(array)
    return xp.astype(array, xp.float64, copy=False)


def host(array: AnyArray) -> NDArray[np.float64]:
    """The array in float64 as a NumPy array; not copied when it is one."""
    on_host = array if isinstance(array, np.ndarray) else array.detach().cpu().numpy()
    return np.asarray(on_host, dtype=np.float64)


def norm(array: AnyArray) -> float:
    """Frobenius norm, by one dot product; inf or nan where entries are, or overflow."""
    flat = array_namespace(array).reshape(array, (-1,))
    return math.sqrt(float(flat @ flat))


def epsilon(array: AnyArray) -> float:
    """Rounding unit of the array's precision."""
    return float(array_namespace(array).finfo(array.dtype).eps)
