"""Mistakes that what a flow conserves should show, and mistakes in the theorem of Ling et al."""

from tests.mutations.mutation import Mutation

PARAMETERS, ADAPTIVE, CVODE = (
    "verify/relu_deq/parameters.py",
    "verify/flow/adaptive.py",
    "verify/flow/cvode.py",
)
LINEAR, KERNELS = "verify/linear_deq/model.py", "verify/relu_deq/kernels.py"
PROBLEM, TRAINING = "theorems/ling_2023/problem.py", "theorems/ling_2023/training.py"
BALANCE, OBSERVER = "theorems/balance.py", "verify/relu_deq/observer.py"

LING, RELU, NEAR = "power ling-convergence", "power relu-convergence", "ling-convergence.near"

MUTATIONS = (
    Mutation(
        "balance: A alone moves 1% too fast",
        PARAMETERS,
        "moved = xp.concat(scaled, axis=1) @ right.T",
        "moved = 1.01 * xp.concat(scaled, axis=1) @ right.T",
        "only the whole is a gradient",
        NEAR,
    ),
    Mutation(
        "balance: the ReLU integrator is 1000 times looser than it says",
        ADAPTIVE,
        "flow = _Flow(start, Spectrum.of(start), tolerance)",
        "flow = _Flow(start, Spectrum.of(start), 1e3 * tolerance)",
        "its paths are not as accurate as promised",
        LING,
    ),
    Mutation(
        "balance: CVODE is 1000 times looser than it says",
        CVODE,
        "atol=segment.tolerances(rtol),",
        "atol=1e3 * segment.tolerances(rtol),",
        "its paths are not as accurate as promised",
        "power linear-deq",
    ),
    Mutation(
        "column sums: J_k leaks a thousandth",
        LINEAR,
        'd_a -= np.einsum("ij,ij->j", self.q - self.b, d_b)',
        'd_a -= 0.999 * np.einsum("ij,ij->j", self.q - self.b, d_b)',
        "softmax ignores a shift of a column",
        "linear-rate.digits",
    ),
    Mutation(
        "balance: budgets a thousand times as wide",
        BALANCE,
        "UNSEEN = 20.0",
        "UNSEEN = 2e4",
        "a loose integrator would pass",
        LING,
    ),
    Mutation(
        "balance: lengths are never added up",
        OBSERVER,
        "self._lengths += state.theta.minus(before.theta).units.norms",
        "self._lengths = 1e3 + state.theta.minus(before.theta).units.norms",
        "what the balance could be is what the units went",
        LING,
    ),
    Mutation(
        "Ling: (7) with 2 for 4",
        PROBLEM,
        "/ (4 * max(self.factors) * self.inputs)",
        "/ (2 * max(self.factors) * self.inputs)",
        "Condition 1 has 4",
        LING,
    ),
    Mutation(
        "Ling: (9) with 4 for 8",
        PROBLEM,
        "PRINTED, NEEDED, MARGIN = 4.0, 8.0, 2.0",
        "PRINTED, NEEDED, MARGIN = 4.0, 4.0, 2.0",
        "the proof needs 8",
        NEAR,
    ),
    Mutation(
        "Ling: K with sigma_w for sigma_w^2",
        KERNELS,
        "overlap, share = inputs.T @ inputs / len(inputs), sigma_w**2",
        "overlap, share = inputs.T @ inputs / len(inputs), sigma_w",
        "K = Q/(1 - sigma_w^2)",
        LING,
    ),
    Mutation(
        "Ling: K^(l) without U",
        KERNELS,
        "covariance = 2 * sigma_w**2 * kernel + 2 * inputs.T @ inputs / len(inputs)",
        "covariance = 2 * sigma_w**2 * kernel + inputs.T @ inputs / len(inputs)",
        "U has variance 2/d",
        NEAR,
    ),
    Mutation(
        "Ling: W drawn with half its variance",
        PARAMETERS,
        "a *= sigma_w * np.sqrt(2 / width)",
        "a *= sigma_w * np.sqrt(1 / width)",
        "it is of N(0, 2 sigma_w^2/m)",
        NEAR,
    ),
    Mutation(
        "Ling: U drawn with half its variance",
        PARAMETERS,
        "w = rng.standard_normal((width, inputs)) * np.sqrt(2 / inputs)",
        "w = rng.standard_normal((width, inputs)) * np.sqrt(1 / inputs)",
        "it is of N(0, 2/d)",
        NEAR,
    ),
    Mutation(
        "Ling: a step twice as large as allowed",
        PROBLEM,
        "return min(2 / lambda_0, 2 * self.hidden / whole**2)",
        "return min(2 / lambda_0, 4 * self.hidden / whole**2)",
        "Theorem 1 says how large a step may be",
        NEAR,
    ),
    Mutation(
        "Ling: (7) and (8) never fail",
        TRAINING,
        "if part in parts and ratio < 1}",
        "if part in parts and ratio < 0}",
        "the theorem would be judged where it says nothing",
        LING,
    ),
    Mutation(
        "Ling: any step is allowed",
        TRAINING,
        "if problem.step < most",
        "if problem.step < np.inf * most",
        "the theorem would be judged where it says nothing",
        LING,
    ),
)
