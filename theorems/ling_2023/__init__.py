"""Global convergence of over-parametrised deep equilibrium models under gradient descent.

Ling, Xie, Wang, Zhang and Lin, "Global convergence of over-parameterized deep equilibrium models",
AISTATS 2023 (PMLR 206), Theorems 1 to 5 with their lemmas.

Setting. Inputs X (d, n), ||x_i|| = sqrt(d), no two parallel (Assumption 2); labels y (n,). The network is

    Z = relu(W Z + U X),   yhat = a^T Z,   Phi = 1/2 ||r||^2,   r = yhat - y,

and W (m, m), U (m, d), a (m,) follow gradient descent with step eta, from N(0, 2 sigma_w^2/m), N(0, 2/d)
and N(0, 1/m), sigma_w^2 < 1/8 (Assumption 1). H = J J^T >= G = Z^T Z, lambda_tau = lambda_min(G(tau)).

Condition 1. Let delta > 0 with rho_w = ||W(0)|| + delta < 1, rho_u = ||U(0)|| + delta, rho_a = ||a(0)|| +
delta, c_w = rho_u rho_a/(1 - rho_w)^2, c_u = rho_a/(1 - rho_w), c_a = rho_u/(1 - rho_w);

    (7) lambda_0 >= (4/delta) max(c_w, c_u, c_a) ||X||_F ||r_0||,
    (8) lambda_0^(3/2) >= 4 (2 + sqrt(2)) rho_a^(-1) (c_w^2 + c_u^2) ||X||_F^2 ||r_0||,
    (9) lambda_0 >= 4 (c_w^2 + c_u^2) ||X||_F^2.

Statement. Theorem 1: under Condition 1 and eta < min(2/lambda_0, 2 (c_w^2 + c_u^2)/((c_w^2 + c_u^2 +
c_a^2)^2 ||X||_F^2)), for every tau: (i) ||W(tau)|| < 1, (ii) lambda_tau > lambda_0/2, (iii)

    Phi(tau) <= (1 - eta lambda_0/2)^tau Phi(0).

Theorem 2: lambda_0 >= (m/2) lambda_* with probability 1 - t for m >= C (n^2/lambda_*^2) log(n/(lambda_* t)),
with lambda_* = lambda_min(K) > 0, K = lim Z^T Z/m. Lemma 3: K_ij = Q(c_ij)/(1 - sigma_w^2), c = sigma_w^2
Q(c) + (1 - sigma_w^2) x_i^T x_j/d, Q(c) = (sqrt(1 - c^2) + (pi - arccos c) c)/pi.

Errata. (9) is never met by Assumption 1: lambda_0 <= ||Z||_F^2/n <= rho_u^2 ||X||_F^2/((1 - rho_w)^2 n), so
that (9) asks for rho_a <= (1 - rho_w)/(2 sqrt(n)), at any width, and ||a(0)|| tends to 1. The proof of (iii)
needs 8 for 4 in (9). (8) asks for m of order n^3/lambda_*^3, where n^3/lambda_*^2 is printed. Lemma 1,
||W(0)|| <= 2 sqrt(2) sigma_w, is the edge itself, which is exceeded with a probability that tends to 0.17;
any 1 + e repairs it.

Repair, ours. With 8 in (9) and a of N(0, epsilon^2/m), epsilon = delta so small that (9) holds, the theorem
speaks of labels as near yhat(0) as (7) and (8) allow; for flow these two are enough, at the rate lambda_0.
Labels of size 1 need a width beyond any machine, which a run computes. Flow conserves, for every unit j,
sum_k W_jk^2 - sum_k W_kj^2 + sum_k U_jk^2 - a_j^2.
"""

from __future__ import annotations

from theorems.bibliography import LING_2023
from theorems.gao_2022.cost import relu_cost
from theorems.ling_2023 import lemmas, training
from theorems.ling_2023.lemmas import PAPER
from theorems.ling_2023.path import integrate as integrate
from theorems.ling_2023.path import pictures as pictures
from theorems.ling_2023.problem import build as build
from theorems.ling_2023.search import SEARCH as SEARCH
from theorems.ling_2023.setting import PRESETS as PRESETS
from theorems.ling_2023.setting import Setting as Setting
from verify.data.start import sized
from verify.theorem.claims import Claims
from verify.theorem.cost import Cost

NAME = "ling-convergence"
TITLE = "Global convergence of over-parametrised deep equilibrium models"
SOURCES = ("Ling et al., AISTATS 2023 (PMLR 206), Theorems 1 to 5",)
REFERENCES = (LING_2023,)
FORMULAS = (
    ("the network", (r"Z = \operatorname{relu}(W Z + U X)", r"\hat y = a^T Z")),
    (
        "Theorem 1",
        (r"\Phi(\tau) \le (1 - \eta \lambda_0/2)^{\tau}\, \Phi(0)", r"\lambda_0 = \lambda_{\min}(Z^T Z)"),
    ),
)

CLAIMS = Claims(PAPER, lemmas.CLAIMS, training.CLAIMS)


def cost(setting: Setting) -> Cost:
    """What a run will take, about; InputError for an unusable start file."""
    setting, _ = sized(setting)
    return relu_cost(setting.width, setting.samples or 50, setting.points, single=False)
