"""Mistakes planted in the suite, and whether it notices them without a stored reference to compare with.

    python -m tests.mutations                  all of them, one at a time
    python -m tests.mutations --jobs 4         four at a time
    python -m tests.mutations --only losses    those whose name or file contains a text
    python -m tests.mutations --commands       by the two commands as a user types them, whole; slow

Every mutation is a text replacement in one file: a wrong constant, a hypothesis that cannot fail, an error
term that reports 0. The runner copies the repository to a temporary folder, makes one replacement and judges
what `verify all --preset quick` and `verify power` judge: all runs, all planted falsehoods, the test of the
machinery; only what imports the file, and the part that is expected to notice it first. A mutation is caught
when one of them ends with the exit code 1 or 3 and a red row that says why. What breaks without a row is a
crash and is counted apart. The unmutated copy must pass first. The exit code is 1 when something that is not
argued equivalent was not caught.

A mutation that needs not be caught says in `equivalent` why no user is told anything false. When code moves,
`tests/test_mutations.py` says which entries of the list no longer apply.
"""

from tests.mutations import (
    conserved,
    data,
    flow,
    gao_start,
    gao_training,
    kawaguchi,
    linear_deq,
    losses_optima,
    losses_values,
    machinery,
    newton,
    relu_deq,
    slides,
)

MUTATIONS = (
    *losses_optima.MUTATIONS,
    *losses_values.MUTATIONS,
    *linear_deq.MUTATIONS,
    *kawaguchi.MUTATIONS,
    *newton.MUTATIONS,
    *flow.MUTATIONS,
    *relu_deq.MUTATIONS,
    *slides.MUTATIONS,
    *gao_start.MUTATIONS,
    *gao_training.MUTATIONS,
    *conserved.MUTATIONS,
    *data.MUTATIONS,
    *machinery.MUTATIONS,
)
