"""Mistakes in integrators, quadrature, fits and derivatives."""

from tests.mutations.mutation import Mutation

SCALED, EXPONENTIAL = "verify/flow/scaled.py", "verify/flow/exponential.py"
ADAPTIVE = "verify/flow/adaptive.py"
QUADRATURE, STATISTICS = "verify/numerics/quadrature.py", "verify/numerics/statistics.py"
DIFFERENTIATION, FIRST = "verify/numerics/differentiation.py", "verify/flow/__init__.py"

TIGHT, DIGITS = "linear-rate.tight", "linear-rate.digits"
RELU_TIGHT, RELU_DIGITS = "relu-convergence.tight", "relu-convergence.digits"
POWER = "power relu-convergence"

MUTATIONS = (
    Mutation(
        "scaled: the flow is 0.1% slow",
        SCALED,
        "np.multiply(gradient, -1.0 / self._scale, out=out[:-2])",
        "np.multiply(gradient, -0.999 / self._scale, out=out[:-2])",
        "the path is that of another flow",
        TIGHT,
    ),
    Mutation(
        "scaled: the energy integral is twice too large",
        SCALED,
        "out[-1] = squared_norm / self._positive",
        "out[-1] = 2 * squared_norm / self._positive",
        "d log E/dt = -||grad L||^2/E",
        TIGHT,
    ),
    Mutation(
        "scaled: the absolute energy is 10% too large",
        SCALED,
        "out[-2] = squared_norm / self.begin.excess",
        "out[-2] = 1.1 * squared_norm / self.begin.excess",
        "L(0) - L(t) is the integral",
        TIGHT,
    ),
    Mutation(
        "scaled: tolerances 1e5 times looser",
        SCALED,
        "result = np.full(self.start.size, rtol)",
        "result = np.full(self.start.size, 1e5 * rtol)",
        "the path is not as accurate as its tolerance promises",
        TIGHT,
    ),
    Mutation(
        "scaled: coordinates are never rescaled",
        SCALED,
        "SEGMENT_DROP = 1e-4",
        "SEGMENT_DROP = 1e-40",
        "tolerances lose the excess once it is small",
        DIGITS,
    ),
    Mutation(
        "quadrature reports no error",
        QUADRATURE,
        "error = np.maximum.accumulate(np.abs(deviation - half))",
        "error = np.zeros_like(deviation)",
        "an integral from few times has an error",
        TIGHT,
    ),
    Mutation(
        "quadrature: deviations count half",
        QUADRATURE,
        "return values[0] * times + deviation, error",
        "return values[0] * times + 0.5 * deviation, error",
        "the integral of a function that changes",
        DIGITS,
    ),
    Mutation(
        "quadrature: the change of variables is missing",
        QUADRATURE,
        "integrand = (values - values[0]) * (times + fastest)",
        "integrand = (values - values[0]) * times",
        "dt = (t + fastest) du",
        DIGITS,
    ),
    Mutation(
        "a fitted slope known to 0",
        STATISTICS,
        "half_width = STANDARD_ERRORS * float(np.linalg.norm(weights * errors))",
        "half_width = 0.0 * float(np.linalg.norm(weights * errors))",
        "a slope fitted to samples has an error",
        RELU_DIGITS,
    ),
    Mutation(
        "a fitted slope known to five times less",
        STATISTICS,
        "STANDARD_ERRORS = 5.0",
        "STANDARD_ERRORS = 50.0",
        "intervals ten times too wide",
        RELU_DIGITS,
    ),
    Mutation(
        "a fitted slope halved",
        STATISTICS,
        "return PowerLaw(float(weights @ np.log(means))",
        "return PowerLaw(0.5 * float(weights @ np.log(means))",
        "the exponent of a power law",
        RELU_DIGITS,
    ),
    Mutation(
        "complex step halved",
        DIFFERENTIATION,
        "return function(*moved).imag / STEP",
        "return function(*moved).imag / (2 * STEP)",
        "a derivative is the imaginary part over the step",
        TIGHT,
    ),
    Mutation(
        "exponential: the stage is a half step",
        EXPONENTIAL,
        "return length * spectrum.phi(1, length, r)",
        "return 0.5 * length * spectrum.phi(1, length, r)",
        "the path runs at another speed",
        RELU_TIGHT,
    ),
    Mutation(
        "exponential: the correction has the other sign",
        EXPONENTIAL,
        "return [(start, here), (rest.at, -size * plain * rest.at.residual)], size * change",
        "return [(start, -here), (rest.at, size * plain * rest.at.residual)], -size * change",
        "the method is of first order then",
        RELU_DIGITS,
    ),
    Mutation(
        "exponential: every step is accepted",
        ADAPTIVE,
        "if not error <= self.tolerance:",
        "if not error <= 1e3:",
        "the tolerance is that of the error estimate",
        RELU_DIGITS,
    ),
    Mutation(
        "exponential: int 2 r^T H r is 1% too large",
        ADAPTIVE,
        "weights = 2 * weight / np.sum(path**2, axis=0)",
        "weights = 2.02 * weight / np.sum(path**2, axis=0)",
        "the factor is 2",
        RELU_TIGHT,
    ),
)
