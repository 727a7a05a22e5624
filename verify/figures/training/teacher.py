"""Teacher and student of Kawaguchi (ICLR 2021), figure 1: images seen by a random linear DEQ, and noise."""

from __future__ import annotations

import numpy as np

from verify.data.images import Images, Split
from verify.data.samples import gaussian_projection
from verify.linear_deq.model import linear_map
from verify.theorem.errors import InputError


def taught(images: Images, width: int, outputs: int, samples: int, gamma: float, seed: int) -> Split:
    """`samples` images for training and as many for testing, projected to `width` features.

    Features are ``R x`` with R of N(0, 1/width) and pixels x in [0, 1]; targets those of a teacher with
    A and B of N(0, 1), plus N(0, 1) noise on every target.
    """
    pixels, _ = images.loaded
    if 2 * samples > len(pixels):
        raise InputError(
            f"--samples {samples}: {images.name} has {len(pixels)} for training and testing together: use "
            f"--samples {len(pixels) // 2} or fewer"
        )
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pixels))[: 2 * samples]
    features = gaussian_projection(pixels[chosen].T.astype(float), width, rng)
    teacher = linear_map(rng.standard_normal((width, width)), rng.standard_normal((outputs, width)), gamma)
    targets = teacher @ features + rng.standard_normal((outputs, 2 * samples))
    return Split(features[:, :samples], targets[:, :samples], features[:, samples:], targets[:, samples:])
