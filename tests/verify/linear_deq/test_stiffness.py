"""The preconditioner is used where it saves more than it costs."""

import pytest

from verify.linear_deq.build import draw_start, linear_problem, shallow_objective
from verify.linear_deq.setting import LinearSetting
from verify.linear_deq.spectrum import FlowOperator
from verify.linear_deq.stiffness import fastest_rate, preconditioner_pays


def problem_of(**options):
    setting = LinearSetting(**options)
    drawn = draw_start(setting)
    return linear_problem(setting, drawn, shallow_objective(setting, drawn))


@pytest.mark.parametrize(
    ("options", "pays"),
    [
        ({"width": 64}, True),
        ({"width": 64, "horizon": 0.1}, False),
        ({"width": 8, "data": "synthetic"}, False),
        ({"width": 8, "data": "synthetic", "loss": "logistic"}, False),
        ({"width": 64, "data": "synthetic", "samples": 5, "outputs": 2}, False),
        ({"width": 400, "outputs": 10, "samples": 300, "data": "synthetic", "horizon": 1e6}, False),
    ],
)
def test_stiff_flows_get_it_and_mild_ones_do_without(options, pays):
    assert preconditioner_pays(problem_of(**options)) is pays


def test_the_rate_counts_the_way_to_the_best_map():
    """D grows with ||Q||^2: a flow that ends far away is stiffer there."""
    problem = problem_of(width=8, horizon=1.0)
    start = FlowOperator(problem.model.at(problem.theta)).largest_eigenvalue() * problem.objective.smoothness
    assert fastest_rate(problem) >= start
