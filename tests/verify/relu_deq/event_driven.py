"""An event-driven reference for flows of tiny implicit ReLU networks that slide along kinks (Filippov).

Dense and slow, and nothing of it is the suite's: equilibria by linear solves with given gates, a Jacobian of
parameter size, DOP853 between events, events by root finding on its dense output. On a slide the velocity is
projected on the kinks, and a slide ends where a gate's share, found by Newton's method, reaches 0 or 1.

`python -m tests.verify.relu_deq.event_driven` makes tests/data/slides.json: log ||r||^2 of many networks.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.integrate import DOP853
from scipy.optimize import brentq

from verify.numerics.quadrature import graded_times

TABLE = Path(__file__).parents[2] / "data" / "slides.json"

#: Units, inputs and samples of the networks, gamma, checked times, longest horizon, events before giving up.
WIDTH, INPUTS, SAMPLES, GAMMA, POINTS, LONGEST, EVENTS = 8, 3, 4, 0.12, 9, 60.0, 120

#: Networks in the table.
NETWORKS = 40


def start(seed):
    """Inputs (d, n), targets (n,) and parameters A, W, u, v."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((INPUTS, SAMPLES))
    inputs /= np.linalg.norm(inputs, axis=0)
    targets = rng.choice([-1.0, 1.0], SAMPLES)
    a, w = rng.standard_normal((WIDTH, WIDTH)), rng.standard_normal((WIDTH, INPUTS))
    return inputs, targets, (a, w, *rng.choice([-1.0, 1.0], (2, WIDTH)))


class Network:
    """A network; a gate is named (kind, unit, sample), kind 0 of a feature and 1 of a state."""

    def __init__(self, inputs, targets):
        self.x, self.y = inputs, targets
        self.coupling, self.root = GAMMA / np.sqrt(WIDTH), np.sqrt(WIDTH)
        self.cuts = np.cumsum([WIDTH**2, WIDTH * INPUTS, WIDTH])

    def parts(self, theta):
        a, w, u, v = np.split(theta, self.cuts)
        return a.reshape(WIDTH, WIDTH), w.reshape(WIDTH, INPUTS), u, v

    def solved(self, theta, gates):
        """Phi, Z, P (m, n) with given gates (2, m, n)."""
        a, w, u, _ = self.parts(theta)
        phi = gates[0] * (w @ self.x) / self.root
        z, p = np.empty_like(phi), np.empty_like(phi)
        for i, d in enumerate(gates[1].T):
            z[:, i] = np.linalg.solve(np.eye(WIDTH) - self.coupling * d[:, None] * a, d * phi[:, i])
            p[:, i] = d * np.linalg.solve(np.eye(WIDTH) - self.coupling * a.T * d, u)
        return phi, z, p

    def guards(self, theta, gates):
        """(2, m, n)."""
        a, w, *_ = self.parts(theta)
        phi, z, _ = self.solved(theta, gates)
        return np.stack([w @ self.x, self.coupling * a @ z + phi])

    def jacobian(self, theta, gates):
        """Rows (n, parameters), and the residual (n,)."""
        *_, u, v = self.parts(theta)
        phi, z, p = self.solved(theta, gates)
        c = gates[0] * (p + v[:, None]) / self.root
        rows = [
            np.concatenate(
                [
                    self.coupling * np.outer(p[:, i], z[:, i]).ravel(),
                    np.outer(c[:, i], self.x[:, i]).ravel(),
                    z[:, i],
                    phi[:, i],
                ]
            )
            for i in range(SAMPLES)
        ]
        return np.array(rows), u @ z + v @ phi - self.y

    def normal(self, theta, gates, gate):
        """The gradient (parameters,) of a guard."""
        kind, j, i = gate
        in_a, in_w = np.zeros((WIDTH, WIDTH)), np.zeros((WIDTH, INPUTS))
        if kind == 0:
            in_w[j] = self.x[:, i]
        else:
            a, *_ = self.parts(theta)
            d = gates[1][:, i]
            _, z, _ = self.solved(theta, gates)
            s = d * np.linalg.solve(np.eye(WIDTH) - self.coupling * a.T * d, self.coupling * a[j])
            s[j] += 1
            in_a = self.coupling * np.outer(s, z[:, i])
            in_w = np.outer(s * gates[0][:, i] / self.root, self.x[:, i])
        return np.concatenate([in_a.ravel(), in_w.ravel(), np.zeros(2 * WIDTH)])

    def signs(self, theta):
        """Gates by the signs of guards."""
        a, w, *_ = self.parts(theta)
        before = w @ self.x
        phi = np.maximum(before, 0) / self.root
        z = phi
        for _ in range(500):
            z = np.maximum(self.coupling * a @ z + phi, 0)
        return np.stack([before > 0, self.coupling * a @ z + phi > 0]).astype(float)


class Flow:
    """Gates (2, m, n), those held at their kinks closed, and which are held."""

    def __init__(self, network, theta):
        self.network, self.gates, self.held = network, network.signs(theta), []

    def with_gates(self, values, gates=()):
        changed = self.gates.copy()
        for gate, value in zip(gates, values, strict=True):
            changed[gate] = value
        return changed

    def velocity(self, theta, gates):
        jacobian, r = self.network.jacobian(theta, gates)
        v = -jacobian.T @ r
        if self.held:
            normals = np.stack([self.network.normal(theta, gates, gate) for gate in self.held], axis=1)
            q, _ = np.linalg.qr(normals)
            v = v - q @ (q.T @ v)
        return v, r

    def shares(self, theta):
        """Fractional gates with which no held guard moves, by Newton's method."""
        if not self.held:
            return np.zeros(0)
        closed = self.with_gates([0.0] * len(self.held), self.held)
        normals = np.stack([self.network.normal(theta, closed, gate) for gate in self.held])

        def speeds(values):
            jacobian, r = self.network.jacobian(theta, self.with_gates(values, self.held))
            return normals @ (jacobian.T @ r)

        values = np.full(len(self.held), 0.5)
        for _ in range(30):
            now = speeds(values)
            steps = 1e-6 * np.eye(len(values))
            slope = np.stack([(speeds(values + step) - now) / 1e-6 for step in steps], axis=1)
            change = np.linalg.lstsq(slope, -now, rcond=None)[0]
            values = values + change
            if np.abs(change).max() < 1e-11:
                break
        return values

    def watched(self, theta):
        """Numbers that are positive up to the next event, and what each of them belongs to."""
        guards = self.network.guards(theta, self.gates)
        names = [gate for gate in np.ndindex(guards.shape) if gate not in self.held]
        values = [guards[gate] * (1 if self.gates[gate] > 0 else -1) for gate in names]
        shares = self.shares(theta)
        return np.array([*values, *shares, *(1 - shares)]), [*names, *self.held, *self.held]

    def leave(self, gate, value):
        self.held.remove(gate)
        self.gates[gate] = value

    def meet(self, theta, gate):
        """Cross the kink, or slide along it."""
        closed = self.with_gates([0.0], [gate])
        normal = self.network.normal(theta, closed, gate)
        below, above = (
            normal @ self.velocity(theta, self.with_gates([value], [gate]))[0] for value in (0.0, 1.0)
        )
        if below > 0 > above:
            self.gates[gate] = 0.0
            self.held.append(gate)
        else:
            self.gates[gate] = 1 - self.gates[gate]


def follow(seed):
    """Times, log ||r||^2 at these, and events of one network; None where there are too many events."""
    inputs, targets, parts = start(seed)
    network = Network(inputs, targets)
    theta = np.concatenate([part.ravel() for part in parts])
    flow = Flow(network, theta)
    jacobian, _ = network.jacobian(theta, flow.gates)
    lowest, *_, highest = np.linalg.eigvalsh(jacobian @ jacobian.T)
    horizon = min(3 / lowest if lowest > 0.01 else 100.0, LONGEST)
    times = graded_times(horizon, min(1 / highest, horizon), POINTS)
    logs, now, events = [], 0.0, 0

    def record(until, at):
        while len(logs) < POINTS and times[len(logs)] <= until:
            point = at(times[len(logs)])
            _, r = network.jacobian(point, network.signs(point))
            logs.append(float(np.log(r @ r)))

    def rhs(_, point):
        return flow.velocity(point, flow.gates)[0]

    record(0.0, lambda _: theta)
    solver = DOP853(rhs, now, theta, horizon, rtol=1e-10, atol=1e-12)
    while now < horizon * (1 - 1e-13):
        solver.step()
        dense = solver.dense_output()
        values, names = flow.watched(solver.y)
        passed = np.flatnonzero(values < -1e-13)
        if not len(passed):
            record(solver.t, dense)
            now, theta = solver.t, solver.y.copy()
            continue

        def root(k, begin=now, end=solver.t, dense=dense):
            def value(time):
                return flow.watched(dense(time))[0][k]

            return begin if value(begin) <= 0 else brentq(value, begin, end, xtol=1e-15, rtol=1e-15)

        met, k = min((root(k), k) for k in passed)
        record(met, dense)
        now, theta, events = met, dense(met), events + 1
        if events > EVENTS:
            return None
        free = len(names) - 2 * len(flow.held)
        if k >= free:
            flow.leave(names[k], 0.0 if k < free + len(flow.held) else 1.0)
        else:
            flow.meet(theta, names[k])
        for _ in range(5):
            outside = [
                (g, s)
                for g, s in zip(flow.held, flow.shares(theta), strict=True)
                if not -1e-9 <= s <= 1 + 1e-9
            ]
            if not outside:
                break
            flow.leave(outside[0][0], 0.0 if outside[0][1] < 0 else 1.0)
        solver = DOP853(rhs, now, theta, horizon, rtol=1e-10, atol=1e-12)
    record(horizon * (1 + 1e-12), lambda _: theta)
    return times.tolist(), logs, events


def main():
    """The first networks that end after a moderate number of events."""
    table = {}
    for seed in range(10**6):
        if found := follow(seed):
            times, logs, events = found
            table[seed] = {"times": times, "logs": logs, "events": events}
            print(seed, events, logs[-1], file=sys.stderr, flush=True)
        if len(table) == NETWORKS:
            break
    TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
