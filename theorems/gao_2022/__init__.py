"""Global convergence of over-parametrised implicit ReLU networks.

Gao, Liu, Liu, Rajan and Gao, "A global convergence theory for deep ReLU implicit networks via
over-parameterization", ICLR 2022 (arXiv 2110.05645), Theorems 3.1 and 3.2 with their lemmas.

Setting. Inputs X (d, n), ||x_i|| = 1, no two parallel; labels y (n,). With gamma~ = gamma / sqrt(m),

    z_i = relu(gamma~ A z_i + phi_i),  phi_i = relu(W x_i) / sqrt(m),  yhat_i = u^T z_i + v^T phi_i,

A (m, m) and W (m, d) of N(0, 1), u and v of signs; L = 1/2 ||r||^2, r = yhat - y, follows gradient flow
(or descent) in all of A, W, u, v. Write ||A(0)||, ||W(0)|| <= c sqrt(m).

Lemmas. 2.1: ||A|| <= C K (2 sqrt(m) + t) with probability 1 - 2 exp(-t^2). 2.2: for gamma = min(gamma_0,
gamma_0/c) the map contracts by gamma_0 and ||z^l|| <= ||phi|| / (1 - gamma_0). 2.3: I - gamma~ D A is
invertible, and the gradients are in closed form. 3.1: dyhat/dt = -H r, with

    H = gamma~^2 (P^T P) o (Z^T Z) + (C^T C) o (X^T X) + Z^T Z + Phi^T Phi.

3.2: lambda_0 = lambda_min(G^inf) > 0, G^inf_ij = E relu(w^T x_i) relu(w^T x_j). 3.3: for m >= C (n^2 /
lambda_0^2) log(n/delta), ||G(0) - G^inf|| <= lambda_0/4, G = Phi^T Phi. 3.4: lambda_min(G(0)) >= 3/4
lambda_0 and ||W - W(0)||_F <= R = sqrt(m) lambda_0 / (16 c ||X||^2) give lambda_min(G) >= lambda_0/2.

Statement. Let gamma <= min(1/2, 1/(4c)). Theorem 3.1: for m >= C (n^2/lambda_0^2) log(n/delta), flow has

    ||r(t)||^2 <= exp(-lambda_0 t) ||r(0)||^2    with probability 1 - delta.

Lemma 3.5: for m >= C c^2 n ||X||^2 ||r(0)||^2 / lambda_0^3 and lambda_min(G(0)) >= 3/4 lambda_0, also
(i) lambda_min(G(t)) >= lambda_0/2, (ii) ||u(t)|| <= (16 c sqrt(n)/lambda_0) ||r(0)||, (iii) ||v(t)|| <=
(8 c sqrt(n)/lambda_0) ||r(0)||, (iv), (v) ||W||, ||A|| <= 2 c sqrt(m). Theorem 3.2 and Lemma 3.6: descent
with step alpha = O(lambda_0/n^2) has ||r(k)||^2 <= (1 - alpha lambda_0/2)^k ||r(0)||^2.

Errata. Lemma 3.1 is printed with the identity where H has the all-ones matrix: (gamma~^2 P^T P + I) o
Z^T Z. Lemma 3.5 (ii) and (iii) as printed fail at t = 0, where ||u|| = ||v|| = sqrt(m), once m exceeds
256 c^2 n ||r(0)||^2/lambda_0^2 and 64 of the same; by the lemma's own premise on m it does wherever C
||X||^2/lambda_0 exceeds 256 and 64. They hold for ||u(t) - u(0)|| and ||v(t) - v(0)||,
with half the constants; the items on u and v of Lemma 3.6, with twice the constants, likewise. Lemma 3.4
is false with the spectral norm of W - W(0) in place of Frobenius'; 256 orthonormal inputs and a W at
that distance have lambda_min(G) = 0.41 lambda_0. The printed proof of Theorem 3.2 needs lambda_0/2 >= C
c^2 n, which no lambda_0 <= 1/2 meets.

Constants. C is nowhere given: an instance in which the conclusion fails refutes only C <= m/(...), so
it is NOT_APPLICABLE, with that ratio. Not in the paper, ours: the sharp chain ||r(t)||^2 = ||r(0)||^2
exp(-2 int r^T H r/||r||^2), H >= G >= (lambda_0/2) I, whose links show where the theorem is loose. A ReLU
flow slides along kinks; with the kinks' normals projected out, H = J P J^T, all of it holds there as well.
The outputs do not change where unit j grows by a factor in its row of A and W and shrinks by it in its column
of A, u_j and v_j. So flow conserves sum_k A_jk^2 - sum_k A_kj^2 + sum_k W_jk^2 - u_j^2 - v_j^2.

Forms that can be false, ours too. Conditional: on every path, as long as lambda_min(G) >= lambda/2,
||r(t)||^2 <= exp(-lambda t) ||r(0)||^2, and each parameter has moved by no more than its speed allows.
Explicit: with numbers of time 0 in place of C. Where their premises hold, which labels near yhat(0) do,
lambda_min(G) > lambda_0/2 and the rate lambda_0 are certain for all t; where also no unit can change its
gate, ||r(t) - exp(-t H(0)) r(0)|| <= eps t exp(-mu t) ||r(0)||, with mu close to lambda_min(H(0)), and the
like for descent with steps up to 1.9/lambda_max(H(0)). `box`, `smooth`, `explicit` and `explicit_descent`
have the derivations.
"""

from __future__ import annotations

from theorems.bibliography import GAO_2022
from theorems.gao_2022 import (
    bookkeeping,
    borders,  # noqa: F401 - more falsehoods of the claims below
    box_oracle,
    conditional,
    conserved,
    descent,
    explicit,
    explicit_descent,
    flow,
    initialisation,
    kink_oracles,
    kinked,
    laws,
    network,
    oracles,
    premises,
    tight_lemma,
)
from theorems.gao_2022.cost import cost
from theorems.gao_2022.path import integrate
from theorems.gao_2022.pictures import pictures
from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.problem import build
from theorems.gao_2022.search import SEARCH
from theorems.gao_2022.setting import PRESETS, Setting
from verify.theorem.claims import Claims

NAME = "relu-convergence"
TITLE = "Global convergence of over-parametrised implicit ReLU networks"
SOURCES = ("Gao et al., ICLR 2022, arXiv 2110.05645, Theorems 3.1 and 3.2",)
REFERENCES = (GAO_2022,)
FORMULAS = (
    (
        "the network",
        (
            r"z_i = \operatorname{relu}(\tilde\gamma A z_i + \phi_i)",
            r"\phi_i = \tfrac{1}{\sqrt m} \operatorname{relu}(W x_i)",
            r"\hat y_i = u^T z_i + v^T \phi_i",
            r"\tilde\gamma = \gamma / \sqrt m",
        ),
    ),
    (
        "Lemma 3.1, as it holds",
        (
            r"\frac{d \hat y}{d t} = -H r",
            r"H = \tilde\gamma^2 (P^T P) \circ (Z^T Z) + (C^T C) \circ (X^T X) + Z^T Z + \Phi^T \Phi",
        ),
    ),
    (
        "Theorem 3.1, flow",
        (
            r"\|r(t)\|^2 \le e^{-\lambda_0 t}\,\|r(0)\|^2",
            r"\gamma \le \min\bigl(\tfrac12, \tfrac{1}{4c}\bigr)",
            r"m \ge C\,\frac{n^2}{\lambda_0^2} \log\frac{n}{\delta}",
        ),
    ),
    (
        "Theorem 3.2, descent",
        (
            r"\|r(k)\|^2 \le \Bigl(1 - \frac{\alpha \lambda_0}{2}\Bigr)^{k} \|r(0)\|^2",
            r"\alpha = O\Bigl(\frac{\lambda_0}{n^2}\Bigr)",
        ),
    ),
)

#: In the paper's order. Each is in its module as one thing: id and text, check, what it rests on, falsehoods.
CLAIMS = Claims(
    PAPER,
    [oracles.drawn_as_assumed],  # G-A1
    premises.CLAIMS,  # G-A2, G-gamma, G-start
    [initialisation.initial_norm, oracles.norms_by_lanczos],  # G-L2.1, G-L2.1.norms
    network.CLAIMS,  # G-L2.2, G-L2.3, G-L3.1
    [oracles.blocks],  # G-L3.1.blocks
    [initialisation.lambda_positive, oracles.lambda_by_quadrature],  # G-L3.2, G-L3.2.value
    [initialisation.gram_at_start],  # G-L3.3
    [initialisation.gram_law, initialisation.weights_near_start],  # G-L3.3.law, G-L3.4
    [oracles.adversary, laws.spectral_counterexample],  # G-L3.4.adversary, G-L3.4.norm
    [tight_lemma.constants_attained],  # G-L3.5.constants
    conserved.CLAIMS,  # G-N
    flow.CLAIMS,  # G-L3.5.i to G-L3.5.v, G-T3.1.chain, G-T3.1.sharp, G-T3.1
    conditional.CLAIMS,  # G-L3.5.conditional, G-T3.1.conditional
    box_oracle.CLAIMS,  # G-T3.1.box
    explicit.CLAIMS,  # G-L3.5.explicit, G-T3.1.explicit, G-T3.1.lazy
    bookkeeping.CLAIMS,  # G-T3.1.errors
    kinked.CLAIMS,  # G-T3.1.path, G-T3.1.pathError, G-T3.1.steps, G-T3.1.posed
    kink_oracles.CLAIMS,  # G-T3.1.normals, G-T3.1.impulse
    [laws.width_law],  # G-T3.1.law
    descent.CLAIMS,  # G-L3.6, G-L3.6.u, G-L3.6.v, G-T3.2
    explicit_descent.CLAIMS,  # G-T3.2.run, G-T3.2.explicit
)

__all__ = [
    "CLAIMS",
    "FORMULAS",
    "NAME",
    "PRESETS",
    "SEARCH",
    "SOURCES",
    "TITLE",
    "Setting",
    "build",
    "cost",
    "integrate",
    "pictures",
]
