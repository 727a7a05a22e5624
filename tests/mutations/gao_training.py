"""Mistakes in Gao et al. 2022 about training: Lemmas 3.5 and 3.6, Theorems 3.1 and 3.2, laws of the width."""

from tests.mutations.mutation import Mutation

HERE = "theorems/gao_2022"
PROBLEM, PREMISES, INITIAL = f"{HERE}/problem.py", f"{HERE}/premises.py", f"{HERE}/initial.py"
INITIALISATION, NETWORK, LAWS = f"{HERE}/initialisation.py", f"{HERE}/network.py", f"{HERE}/laws.py"
DECAYS = "theorems/decays.py"
FLOW, DESCENT, STEPS, PATH = f"{HERE}/flow.py", f"{HERE}/descent.py", f"{HERE}/steps.py", f"{HERE}/path.py"
WEIGHTS = f"{HERE}/output_weights.py"

DIGITS, TIGHT, POWER = "relu-convergence.digits", "relu-convergence.tight", "power relu-convergence"

MUTATIONS = (
    Mutation(
        "flow: lambda_min(G) above lambda_0/20",
        FLOW,
        "def gram_along_flow(problem: GaoProblem, path: GaoPath, share: float = 0.5)",
        "def gram_along_flow(problem: GaoProblem, path: GaoPath, share: float = 0.05)",
        "the lemma says a half",
        POWER,
    ),
    Mutation(
        "flow: u may move ten times as far",
        "theorems/gao_2022/output_weights.py",
        "FLOW_U, FLOW_V, DESCENT_U, DESCENT_V = 8.0, 4.0, 16.0, 8.0",
        "FLOW_U, FLOW_V, DESCENT_U, DESCENT_V = 80.0, 4.0, 16.0, 8.0",
        "the repaired constant is 8",
        POWER,
    ),
    Mutation(
        "flow: v judged by the distance of u",
        WEIGHTS,
        'COLUMNS = {"A": 0, "W": 1, "u": 2, "v": 3}',
        'COLUMNS = {"A": 0, "W": 1, "u": 2, "v": 2}',
        "v has a column of its own",
        POWER,
    ),
    Mutation(
        "flow: the printed bound of u with 8",
        FLOW,
        "def u_printed(problem: GaoProblem, path: GaoPath, printed: float = 2 * FLOW_U)",
        "def u_printed(problem: GaoProblem, path: GaoPath, printed: float = FLOW_U)",
        "the paper prints 16: a bound that it does not print is refuted",
        POWER,
    ),
    Mutation(
        "flow: ||A|| <= 20 c sqrt(m)",
        FLOW,
        "def a_norm(problem: GaoProblem, path: GaoPath, factor: float = 2.0)",
        "def a_norm(problem: GaoProblem, path: GaoPath, factor: float = 20.0)",
        "the lemma says 2 c",
        POWER,
    ),
    Mutation(
        "flow: ||W|| is judged by ||A||",
        FLOW,
        'return _matrix_norm(problem, path, "W", 1, factor)',
        'return _matrix_norm(problem, path, "W", 0, factor)',
        "W has a column of its own",
        POWER,
    ),
    Mutation(
        "flow: H >= G/10",
        DECAYS,
        "factor * flow.gram_minimum,",
        "0.1 * factor * flow.gram_minimum,",
        "the chain says H >= G",
        POWER,
    ),
    Mutation(
        "flow: Theorem 3.1 at half its rate",
        DECAYS,
        "-rate * flow.times[LATER],",
        "-0.5 * rate * flow.times[LATER],",
        "the rate is lambda_0",
        POWER,
    ),
    Mutation(
        "flow: the energy identity with 2.02",
        DECAYS,
        "0.5 * factor * flow.log_energy[LATER],",
        "0.505 * factor * flow.log_energy[LATER],",
        "d||r||^2/dt = -2 r^T H r",
        TIGHT,
    ),
    Mutation(
        "descent: Theorem 3.2 at half its rate",
        DESCENT,
        "np.log1p(-min(descent.step * problem.lambda_0 / 2, 1 - EPS))",
        "np.log1p(-min(descent.step * problem.lambda_0 / 4, 1 - EPS))",
        "(1 - alpha lambda_0/2)^k",
        POWER,
    ),
    Mutation(
        "descent: the largest step keeps a tenth of the rate",
        STEPS,
        "decay = step * problem.lambda_0 / 2",
        "decay = step * problem.lambda_0 / 20",
        "the rate of Theorem 3.2 is alpha lambda_0/2",
        POWER,
    ),
    Mutation(
        "descent: the largest step is above 0",
        DESCENT,
        "        low,\n        printed_step(problem.lambda_0, problem.samples),",
        "        low,\n        0.0 * printed_step(problem.lambda_0, problem.samples),",
        "the theorem's step is lambda_0/n^2",
        POWER,
    ),
    Mutation(
        "descent: a fifteenth of the steps",
        PROBLEM,
        "DESCENT_STEPS = 15",
        "DESCENT_STEPS = 1",
        "nothing of a descent is seen in one step",
        POWER,
    ),
    Mutation(
        "near labels ten times farther",
        "theorems/gao_2022/promise.py",
        "distance = promises.near_enough(farthest, closest_labels(problem)) or farthest",
        "distance = 10 * (promises.near_enough(farthest, closest_labels(problem)) or farthest)",
        "the printed bounds hold there, so nothing is refuted",
        TIGHT,
    ),
    # Laws.
    Mutation(
        "law of the width: needed is half of lambda_0",
        LAWS,
        "np.array(lowest) < 0.75 * lambda_0",
        "np.array(lowest) < 0.1 * lambda_0",
        "the premise asks for 3/4",
        TIGHT,
    ),
    Mutation(
        "law of the width: a resolution of 100",
        LAWS,
        "SLOPE_RESOLUTION = 1.0",
        "SLOPE_RESOLUTION = 100.0",
        "slopes that are known to nothing would pass",
        TIGHT,
        equivalent="the slope is known to 0.4 in every run, as its draws have a fixed seed; a false slope is "
        "VIOLATED whatever the resolution",
    ),
    Mutation(
        "law of the width with n^4",
        LAWS,
        "def width_law(of_samples: float = 2.0,",
        "def width_law(of_samples: float = 4.0,",
        "Theorem 3.1 says n^2: a smaller width is enough",
        POWER,
    ),
    Mutation(
        "counterexample at twice R",
        LAWS,
        "radius = share * np.sqrt(width) * lambda_0 / (16 * c)",
        "radius = 2 * share * np.sqrt(width) * lambda_0 / (16 * c)",
        "a W outside the ball refutes nothing",
        TIGHT,
    ),
)
