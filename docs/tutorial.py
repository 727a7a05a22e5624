# %% [markdown]
# # From a theorem to a regression check
#
# A convergence theorem says: under these hypotheses the loss falls at least this fast. `verify` trains the
# network, measures every side of every inequality with an error budget, and says whether it holds. Here we
# choose a theorem, run it, draw its bound, break a hypothesis, break a claim, sweep a parameter, and keep
# the result as a reference.
#
# This notebook is made from `docs/tutorial.py` by `python docs/make_tutorial.py`.

# %%
import verify

verify.theorems()

# %% [markdown]
# ## Choose a theorem
#
# `linear-rate` is Theorem 1 of Kawaguchi (2021): gradient flow of a deep equilibrium linear model reaches
# the global minimum at a linear rate, L(T) − L* ≤ (L(0) − L*) exp(−2 κ λ_T T).

# %%
theorem = verify.theorems()["linear-rate"]
theorem

# %% [markdown]
# Every statement of the paper is a claim of its own: hypotheses, steps of the proof, the conclusion. `K-T1`
# is the conclusion, and `theorem.options` are the knobs.

# %%
theorem.claims["K-T1"], theorem.options["gamma"]

# %% [markdown]
# ## Run it
#
# Options are those of the command line, with underscores for dashes; what is left out keeps its default.
# Here is a small network of width m = 8 on 40 random samples.

# %%
run = verify.run("linear-rate", width=8, outputs=2, samples=40, data="synthetic", points=21)
run

# %% [markdown]
# VERIFIED means that each required claim holds by more than its error budget; two sides that theory says are
# equal agree to within it. `run.claims` is a list of
# dicts, which `pandas.DataFrame(run.claims)` takes as it is.

# %%
run.verdict, run.rates["tightness"], run.claims["K-T1"]

# %% [markdown]
# ## Bound and curve
#
# The theorem's own picture, a matplotlib figure that is yours to change:

# %%
figure = run.figure("loss")
figure.axes[0].set_title("my run")
figure

# %% [markdown]
# And by hand. `run.trajectory` has all arrays; times are of gradient flow, `excess_loss` is L - L*, and
# `integrated_lambda_min` the integral of λ_min(D) up to each time.

# %%
import matplotlib.pyplot as plt
import numpy as np

path = run.trajectory
measured = np.log(path["excess_loss"] / path["excess_loss"][0])
guaranteed = -2 * run.rates["kappa"] * path["integrated_lambda_min"]

figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.plot(path["times"], measured, label="measured")
axes.plot(path["times"], guaranteed, "--", label="guaranteed")
axes.set(xlabel="gradient-flow time", ylabel="log (L(t) - L*) / (L(0) - L*)")
axes.legend()
assert np.all(measured[1:] < guaranteed[1:])

# %% [markdown]
# ## Change an assumption
#
# The logistic loss is Polyak-Łojasiewicz only inside a radius R. If R is smaller than where the path
# begins, the theorem promises nothing. That is no failure of the theorem, and no exception: the verdict is
# NOT_APPLICABLE, and the reason says which hypothesis failed and what to change.

# %%
silent = verify.run(
    "linear-rate", width=8, outputs=1, samples=40, data="synthetic", loss="logistic", radius=0.01
)
silent.verdict, silent.reason

# %% [markdown]
# There is no path, so asking for it raises `verify.HypothesisError`. A value that no setting may have
# raises `verify.InputError`, which says what is allowed.

# %%
try:
    silent.trajectory
except verify.HypothesisError as problem:
    print("HypothesisError:", problem)

try:
    verify.run("linear-rate", gama=0.9)
except verify.InputError as problem:
    print("InputError:", problem)

try:
    verify.run("linear-rate", gamma=1.5)
except verify.InputError as problem:
    print("InputError:", problem)

# %% [markdown]
# Other ways to leave a theorem: `radius` just below the largest norm of the path, parallel inputs or a
# `gamma` too large for `relu-convergence`, a `sigma_w` too large for `ling-convergence`. Try them.
#
# ## See a claim fail
#
# A check that nothing can fail is worth nothing. With `labels="aligned"` the targets lie along the slowest
# direction, and the bound is met to a part in a million. So let us claim a rate that is 1% faster.
# `run.comparisons` has what each verdict was decided by, at every point: both sides, and the parts of the
# error budget, here of the last comparison made for `K-T1`.

# %%
tight = verify.run("linear-rate", width=6, labels="aligned", alignment=0.01, points=21)
last = {
    name.removeprefix("K-T1/3/"): x for name, x in tight.comparisons.items() if name.startswith("K-T1/3/")
}
budget = sum(x for name, x in last.items() if name.startswith("budget"))
slack = last["bound"] - last["measured"]
slack_of_faster = 1.01 * last["bound"] - last["measured"]

print("verdict:", tight.verdict, "- measured over guaranteed rate:", tight.rates["tightness"])
print("slack in error budgets, narrowest point, as proved:", np.min(slack / budget))
print("slack in error budgets, narrowest point, 1% faster:", np.min(slack_of_faster / budget))

# %% [markdown]
# Below -1 a bound is broken by more than its error budget: VIOLATED. Above 1 it holds by more: VERIFIED.
# What lies between is not decided by a strict inequality; the theorem's bound is met with equality at the
# start of this path, and there the suite asks that both sides agree within the budget.

# %%
figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
times = last["at time"]
axes.fill_between(times, -budget, budget, color="0.8", label="error budget")
axes.plot(times, slack, label="slack of the theorem's bound")
axes.plot(times, slack_of_faster, "--", label="slack of a rate 1% faster")
axes.set_yscale("symlog", linthresh=1e-9)
axes.set(xlabel="gradient-flow time", ylabel="bound - measured")
axes.legend()
assert np.min(slack / budget) > -1
assert np.min(slack_of_faster / budget) < -1

# %% [markdown]
# `verify power` plants more than a hundred such false claims, each of which must come out VIOLATED.
#
# ## Sweep a parameter
#
# How does the slack of the bound depend on γ? `verify.sweep` runs a grid in parallel processes; each
# finished cell is on disk at once, and the same call goes on where it was stopped.

# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
swept = verify.sweep(
    "linear-rate",
    over={"gamma": "0.2:0.8:3"},
    claims=["K-T1"],
    seeds=2,
    out=folder / "sweeps",
    width=6,
    outputs=2,
    samples=20,
    data="synthetic",
    points=9,
    horizon=1,
)
swept

# %%
table = swept.table
gamma, tightness = (table[name].to_numpy() for name in ("gamma", "tightness"))

figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.plot(gamma, tightness, "o")
axes.axhline(1, color="0.5", linewidth=0.8)
axes.set(xlabel="γ", ylabel="measured / guaranteed rate", yscale="log")
assert np.all(tightness > 1)

# %% [markdown]
# ## Keep it as a regression check
#
# `run.save` writes the directory that the command line would: the record, all numbers, report and pictures.
# Kept in a repository it is a reference: after a change of code run again and compare. Verdicts and
# settings must stay, and numbers may move by their error budgets. `verify compare` says what moved, and
# exits with 5 if anything did.

# %%
import subprocess
import sys

reference = tight.save(folder / "reference")
again = verify.run("linear-rate", width=6, labels="aligned", alignment=0.01, points=21).save(folder / "runs")
done = subprocess.run(
    [sys.executable, "-m", "verify", "compare", reference, again], check=False, capture_output=True, text=True
)
print(done.stdout, "exit code", done.returncode)

# %% [markdown]
# For whole suites of runs `verify all --preset quick --against built-in` does both in one step,
# and `verify accept` makes a run the new reference. In a CI job that is all there is to it; docs/ci.md has
# recipes.
