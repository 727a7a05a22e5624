"""Theorems 1 and 2 as identities between rational functions, for every loss.

Variables are S, whose columns sum to 1, B, gamma, and G = grad L_0(Q), which depends on the loss and on the
data in no way that these identities use. That the softmax S moves by J_k dA_k in column k is calculus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from verify.certificates.certificate import Certificate
from verify.certificates.modular import Source, certified, identity_matrix, inner, ones

#: Matrices of `verify.certificates.modular`, all of one kind.
M = Any

#: Sizes up to which an identity is tested, two seconds; of larger ones it is tested at this size.
LARGEST = 100


@dataclass(frozen=True)
class Variables:
    """A point (S, B, gamma), with V = U^{-1}, Q = B V, and G.

    slope  gamma^2 in D, unless a falsehood has another
    """

    source: Source
    s: M
    b: M
    gamma: M
    g: M
    v: M
    q: M
    slope: M

    @classmethod
    def drawn(cls, source: Source, m: int, outputs: int) -> Variables:
        """All but the last row of S are free, for its columns sum to 1."""
        lift = [[int(i == j) - int(i == m - 1) for j in range(m - 1)] for i in range(m)]
        s: M = source.constant([[int(i == m - 1)] * m for i in range(m)])
        if m > 1:
            s = s + source.constant(lift) @ source.free(m - 1, m)
        b, gamma, g = source.free(outputs, m), source.free(1), source.free(outputs, m)
        v = (identity_matrix(source, m) - s * gamma).inverse()
        return cls(source, s, b, gamma, g, v, b @ v, gamma * gamma)

    def jacobian(self, x: M) -> M:
        """Column k is J_k x_k, J_k = diag(s_k) - s_k s_k^T: what S moves by, if A moves by x; symmetric."""
        m = self.s.shape[0]
        moved = self.s * x
        return moved - self.s * (ones(self.source, m, m) @ moved)

    def map_speed(self, d_a: M, d_b: M) -> M:
        """dQ of Q = B (I - gamma S)^{-1}, if A and B move by d_a and d_b; it knows nothing of D."""
        return (d_b + self.q @ self.jacobian(d_a) * self.gamma) @ self.v

    def gradients(self) -> tuple[M, M]:
        """dL/dA, column k of which is J_k (gamma Q^T G V^T)_k, and dL/dB = G V^T."""
        d_b = self.g @ self.v.T
        return self.jacobian(self.q.T @ d_b * self.gamma), d_b

    def d_times_g(self) -> M:
        """D vec(G) as printed: G V^T V + gamma^2 sum_k Q J_k J_k^T Q^T G V_k^T V_k, V_k row k of V."""
        behind = self.g @ self.v.T
        columns = []
        for k in range(self.s.shape[0]):
            s, x = self.s.column(k), self.q.T @ behind.column(k)
            for _ in range(2):
                x = s * x - s @ (s.T @ x)
            columns.append(self.q @ x)
        inner_part = columns[0].beside(columns[1:])
        return behind @ self.v + inner_part * self.slope @ self.v


def gradient(source: Source, m: int, outputs: int) -> Iterator[M]:
    """<dL/dA, X> + <dL/dB, Y> = <G, dQ> for every direction (X, Y)."""
    at = Variables.drawn(source, m, outputs)
    (d_a, d_b), x, y = at.gradients(), source.free(m, m), source.free(outputs, m)
    along = inner(source, d_a, x) + inner(source, d_b, y)
    yield along - inner(source, at.g, at.map_speed(x, y))


def chain_rule(source: Source, m: int, outputs: int) -> Iterator[M]:
    """vec(dQ/dt) = -D vec(G) along gradient flow."""
    at = Variables.drawn(source, m, outputs)
    yield at.map_speed(*at.gradients()) - at.d_times_g()


def energy(source: Source, m: int, outputs: int) -> Iterator[M]:
    """-dL/dt = -<G, dQ/dt> = ||dL/dA||^2 + ||dL/dB||^2 = vec(G)^T D vec(G)."""
    at = Variables.drawn(source, m, outputs)
    d_a, d_b = at.gradients()
    squared = inner(source, d_a, d_a) + inner(source, d_b, d_b)
    yield squared - inner(source, at.g, at.d_times_g())
    yield squared - inner(source, at.g, at.map_speed(d_a, d_b))


def newton(source: Source, m: int, samples: int) -> Iterator[M]:
    """(H + G_delta/delta) delta dQ/dt + g = 0, H = Phi diag(l'') Phi^T, for one output.

    By that, delta dQ/dt is stationary with the multiplier 1/delta.
    """
    at = Variables.drawn(source, m, 1)
    phi, bent, delta = source.free(m, samples), source.free(samples), source.free(1)
    u = identity_matrix(source, m) - at.s * at.gamma
    hessian = phi @ bent.diagonal() @ phi.T
    turned = at.jacobian(at.q.T @ ones(source, 1, m))
    stretch = ones(source, 1, m) + ones(source, 1, m) @ (turned * turned) * at.slope
    f = at.v @ hessian @ at.v.T
    metric = u @ (stretch.T.diagonal().inverse() - f * delta) @ u.T
    step = at.map_speed(*at.gradients()).T * delta
    yield (at.g.T - hessian @ step) * delta - metric @ step


def linear_identities(theorem: str, m: int, outputs: int, seed: int = 0) -> Iterator[Certificate]:
    """Of the gradient, the chain rule and the energy identity, for this size or a smaller one."""
    sizes = {"m": min(m, LARGEST), "m_y": min(outputs, LARGEST)}
    for name, claim, statement, identity in (
        ("linear-gradient", "K-T1.1", "dL/dA and dL/dB in closed form are the gradient of L", gradient),
        ("chain-rule", "K-T1.1", "vec(dQ/dt) = -D vec(grad L_0(Q))", chain_rule),
        ("energy", "K-T1.3", "-dL/dt = ||grad L||^2 = vec(G)^T D vec(G)", energy),
    ):
        made = partial(identity, m=sizes["m"], outputs=sizes["m_y"])
        yield certified(
            made, name=name, theorem=theorem, claim=claim, statement=statement, sizes=sizes, seed=seed
        )


def newton_identity(theorem: str, m: int, samples: int, seed: int = 0) -> Certificate:
    """Of the conditions of Karush, Kuhn and Tucker, for this size or a smaller one."""
    sizes = {"m": min(m, LARGEST), "n": min(samples, LARGEST)}
    return certified(
        partial(newton, m=sizes["m"], samples=sizes["n"]),
        name="newton",
        theorem=theorem,
        claim="K-T2.KKT",
        statement="(H + G_delta/delta) delta dQ/dt + grad L_0 = 0",
        sizes=sizes,
        seed=seed,
    )
