"""Mistakes in data: normalisation, labels, projections."""

from tests.mutations.mutation import Mutation

SAMPLES = "verify/data/samples.py"

RELU, LINEAR = "relu-convergence.tight", "linear-rate.digits"

MUTATIONS = (
    Mutation(
        "unit columns 0.1% too long",
        SAMPLES,
        "return np.asarray(inputs / np.linalg.norm(inputs, axis=0))",
        "return np.asarray(1.001 * inputs / np.linalg.norm(inputs, axis=0))",
        "Assumption 2: inputs of norm 1",
        RELU,
    ),
    Mutation(
        "unit columns by the largest norm",
        SAMPLES,
        "return np.asarray(inputs / np.linalg.norm(inputs, axis=0))",
        "return np.asarray(inputs / np.linalg.norm(inputs, axis=0).max())",
        "each column has norm 1",
        RELU,
    ),
    Mutation(
        "features projected without 1/sqrt(width)",
        SAMPLES,
        "@ inputs / np.sqrt(width)",
        "@ inputs",
        "the paper's features have entries of N(0, 1/m)",
        LINEAR,
    ),
    Mutation(
        "digits: all labels -1",
        SAMPLES,
        "np.where(labels[chosen] == classes[1], 1.0, -1.0)[None, :]",
        "np.where(labels[chosen] == -1, 1.0, -1.0)[None, :]",
        "+1 for the second class",
        RELU,
    ),
    Mutation(
        "digits: targets of the next class",
        SAMPLES,
        "else (labels[None, :] == np.arange(outputs)[:, None]).astype(float)",
        "else (labels[None, :] == np.arange(1, outputs + 1)[:, None]).astype(float)",
        "one-hot of classes 0, 1, ...",
        LINEAR,
    ),
    Mutation(
        "the digest of nothing",
        SAMPLES,
        "for array in arrays:",
        "for array in arrays[:0]:",
        "two data sets have one digest",
        LINEAR,
    ),
)
