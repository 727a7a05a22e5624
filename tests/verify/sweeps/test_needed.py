"""The likelihood behind `needed_law`, against SciPy's distributions and a minimiser without derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from verify.sweeps.needed import Cells, Draws, exponent_likely, fitted

XS, YS = np.array([25.0, 50, 100, 200, 400, 800]), np.array([8.0, 16, 32, 64])


def drawn_by(seed, exponent=1.0, steep=3.0, seeds=20, centre=150.0):
    """Draws whose probability is 0.9 at x = centre (y/22.6)^exponent."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(YS, XS, indexing="ij")
    rise = steep * np.log(x / (centre * (y / 22.6) ** exponent))
    chance = scipy.special.expit(np.log(9) + rise)
    return Draws(XS, YS, (rng.random((seeds, *x.shape)) < chance).astype(float), np.ones((seeds, *x.shape)))


def minus_log_posterior(at, cells: Cells):
    """By binomial and normal distributions, up to a constant."""
    line = at[0] + at[1] * cells.v
    chance = 1 / (1 + np.exp(-np.log(9) - np.exp(at[2] + at[3] * cells.v) * (cells.u - line)))
    toss = scipy.stats.binom.logpmf(cells.k, cells.n, np.clip(chance, 1e-300, 1 - 1e-16))
    sharpest = np.log(2 * np.log(9) / np.log(2))  # from 0.1 to 0.9 within a factor of 2
    prior = scipy.stats.norm.logpdf(at[2], sharpest, 2.0) + scipy.stats.norm.logpdf(at[3], 0.0, 1.0)
    return -toss.sum() - prior


@pytest.mark.parametrize(("seed", "exponent", "steep"), [(0, 1.0, 3.0), (1, 2.0, 1.5), (2, 0.0, 20.0)])
def test_the_greatest_likelihood(seed, exponent, steep):
    cells = drawn_by(seed, exponent, steep).all
    found = fitted(cells)
    starts = [(np.log(150), p, np.log(steep), 0.0) for p in (0.0, 1.0, 2.0)]
    options = {"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000, "maxfev": 4000}
    tried = [
        scipy.optimize.minimize(minus_log_posterior, at, (cells,), "Nelder-Mead", options=options)
        for at in starts
    ]
    best = min(tried, key=lambda one: one.fun)
    assert minus_log_posterior(found.at, cells) <= best.fun + 1e-6
    assert found.at == pytest.approx(best.x, abs=1e-3)


def test_ends_of_the_profile_are_where_the_likelihood_has_fallen():
    """By half of the 0.95 quantile of chi^2 with one degree of freedom, 1.92."""
    cells = drawn_by(3).all
    best = fitted(cells)
    for end in exponent_likely(cells, best):

        def held(others, p=end):
            return minus_log_posterior(np.insert(others, 1, p), cells)

        options = {"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000}
        found = scipy.optimize.minimize(held, np.delete(best.at, 1), method="Nelder-Mead", options=options)
        assert found.fun - minus_log_posterior(best.at, cells) == pytest.approx(1.9207, abs=0.02)


def test_the_width_that_is_needed():
    """On the fitted line the probability is 0.9, whatever the size."""
    cells = drawn_by(4, seeds=2000).all
    assert fitted(cells).needed(YS) == pytest.approx(150 * (YS / 22.6), rel=0.05)
