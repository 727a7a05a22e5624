"""Mistakes in Theorem 2 of Kawaguchi 2021 and in the trust-region solver."""

from tests.mutations.mutation import Mutation

HERE = "theorems/kawaguchi_2021/trust_region_newton"
LOCAL, STEPS, PATH, CLAIMS = f"{HERE}/local.py", f"{HERE}/steps.py", f"{HERE}/path.py", f"{HERE}/claims.py"
SOLVER = "verify/numerics/trust_region.py"

DIGITS, POWER = "trust-region-newton.digits", "power trust-region-newton"

MUTATIONS = (
    Mutation(
        "S^D without gamma^2",
        LOCAL,
        "scaling = 1 + state.gamma**2 * np.sum",
        "scaling = 1 + np.sum",
        "S^D = I + gamma^2 diag ||J_k Q^T||^2",
        DIGITS,
    ),
    Mutation(
        "J_k without its second term",
        LOCAL,
        "jacobian_rows = s * q[:, None] - s * (q @ s)",
        "jacobian_rows = s * q[:, None]",
        "J_k = diag(s_k) - s_k s_k^T",
        DIGITS,
    ),
    Mutation(
        "G_delta with + delta F",
        LOCAL,
        "self.u.T - delta * self.hessian",
        "self.u.T + delta * self.hessian",
        "G_delta = U ((S^D)^-1 - delta F) U^T",
        DIGITS,
    ),
    Mutation(
        "delta_bar halved",
        LOCAL,
        "bar = 1 / largest if",
        "bar = 0.5 / largest if",
        "G_delta is definite up to 1/largest",
        DIGITS,
    ),
    Mutation(
        "velocity 1% too fast",
        LOCAL,
        "velocity=velocity[0],",
        "velocity=1.01 * velocity[0],",
        "dQ/dt is that of the flow",
        DIGITS,
    ),
    Mutation(
        "the rounding of a step 1e9 times too large",
        LOCAL,
        "return float(100 * EPS * np.sqrt(len(self.u)) * (self.conditioning + condition))",
        "return float(1e11 * EPS * np.sqrt(len(self.u)) * (self.conditioning + condition))",
        "a step that is 0.1% off would pass",
        DIGITS,
    ),
    Mutation(
        "the gap of a step is that of its length",
        STEPS,
        "gap = float(np.linalg.norm(v - expected) / np.linalg.norm(expected))",
        "gap = float(abs(np.linalg.norm(v) - np.linalg.norm(expected)) / np.linalg.norm(expected)) * 1e-3",
        "directions are not compared",
        POWER,
    ),
    Mutation(
        "delta_bar known to a half only",
        PATH,
        "JUST_BELOW, JUST_ABOVE, BEYOND = 1 - 1e-3, 1 + 1e-3, 1.5",
        "JUST_BELOW, JUST_ABOVE, BEYOND = 0.5, 1.5, 1.5",
        "delta_bar is claimed to 0.1%",
        POWER,
    ),
    Mutation(
        "beyond delta_bar is below it",
        PATH,
        "JUST_BELOW, JUST_ABOVE, BEYOND = 1 - 1e-3, 1 + 1e-3, 1.5",
        "JUST_BELOW, JUST_ABOVE, BEYOND = 1 - 1e-3, 1 + 1e-3, 0.9",
        "the claim is about deltas beyond it",
        POWER,
    ),
    Mutation(
        "an order known to 1",
        f"{HERE}/order.py",
        "float(2 * near + far + 4 * noise[clear])",
        "0.09",
        "the error of an order is how it changes with delta",
        POWER,
    ),
    Mutation(
        "two outputs are let in",
        f"{HERE}/problem.py",
        "if drawn.start.model.outputs != 1:",
        "if drawn.start.model.outputs > 5:",
        "Theorem 2 is about one output",
        POWER,
    ),
    Mutation(
        "solver: interior solutions with mu > 0",
        SOLVER,
        "if excess(below) >= 0",
        "if excess(below) >= 1e300",
        "a minimum inside the region has mu = 0",
        DIGITS,
        "there is no multiplier then, the search for it says so, and the run is an ERROR, exit 2",
    ),
    Mutation(
        "solver: every solution is interior",
        SOLVER,
        "if excess(below) >= 0",
        "if excess(below) >= -1e300",
        "the Newton step leaves the region",
        DIGITS,
    ),
    Mutation(
        "solver: a region of 0.999 the radius",
        SOLVER,
        "return radius / float(np.linalg.norm(reduced / (values + mu))) - 1.0",
        "return 0.999 * radius / float(np.linalg.norm(reduced / (values + mu))) - 1.0",
        "the step ends on the border",
        DIGITS,
    ),
    Mutation(
        "solver: mu to three digits",
        SOLVER,
        "xtol=below, rtol=1e-15",
        "xtol=below, rtol=1e-3",
        "the multiplier is claimed to rounding",
        DIGITS,
    ),
    Mutation(
        "optimality without the gradient's sign",
        SOLVER,
        "residual = hessian @ step + mu * (metric @ step) + gradient",
        "residual = hessian @ step + mu * (metric @ step) - gradient",
        "H v + mu M v = -g",
        DIGITS,
    ),
    Mutation(
        "optimality reports 0",
        SOLVER,
        "return float(np.linalg.norm(residual) / np.linalg.norm(gradient))",
        "return 0.0 * float(np.linalg.norm(residual) / np.linalg.norm(gradient))",
        "the conditions are not checked",
        POWER,
    ),
    Mutation(
        "the hypothesis on delta_bar compares with -1",
        CLAIMS,
        '            found.smallest,\n            0.0,\n            budget={"rounding": found.rounding},\n'
        '            where=found.where,\n            advice="lower --gamma",\n        )\n\n\ndelta_bar',
        "            found.smallest,\n            -1.0 if compare is at_least else 1.0,\n"
        '            budget={"rounding": found.rounding},\n'
        '            where=found.where,\n            advice="lower --gamma",\n        )\n\n\ndelta_bar',
        "the eigenvalues are of size 1",
        POWER,
    ),
)
