"""Identities between rational functions, tested at a random point modulo a prime.

An identity is a function that draws its variables from a `Source` and yields matrices that must vanish, its
gaps. It is run twice: with `Degrees`, which carry no values but the degrees of what the formulas make, and
with `Residues`, numbers modulo `PRIME` at one point drawn at random.

Let a gap have an entry p/q that does not vanish identically, p and q polynomials in all variables. The test
passes only if p is 0 at the point and no q is. By Schwartz and Zippel's lemma p is 0 with a probability of at
most deg p/`PRIME`, so that a false identity passes with no more than that. deg p is bounded by running the
formulas themselves: a matrix is N/f with numerators of degree `top` and a common denominator f, a product of
powers of determinants; sums take the least common multiple of these. A point where an inverse does not exist
is no pass.

What is shown is shown modulo `PRIME`: a gap whose every coefficient is a multiple of it would not be seen.
What is refuted is refuted over the rationals as well.

A certificate of kind ``identity`` has in `given` the `prime`, the `seed` of the point, the `sizes` and the
name of the `identity`, and in `found` its `degree` and the bound `error` of the probability, as a rational.
Where it is DISPROVED, `given` has the `point`, the values of all variables in the order in which they were
drawn, and `found` the first `gap` that is not zero there, at [number of the matrix, row, column].
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from typing import Any, Protocol, Self

from flint import nmod_mat

from verify.certificates.certificate import Certificate, Word
from verify.certificates.exact import rational

#: A Mersenne prime: a number modulo it fits a machine word.
PRIME = 2**61 - 1


class Matrix(Protocol):
    """A matrix of rational functions, or what is known of it. Sizes must fit, as in mathematics."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    @property
    def T(self) -> Self:  # noqa: N802
        """The transposed matrix."""

    def __matmul__(self, other: Self) -> Self: ...
    def __add__(self, other: Self) -> Self: ...
    def __sub__(self, other: Self) -> Self: ...
    def __mul__(self, other: Self) -> Self:
        """The product entry by entry; a matrix (1, 1) on the right multiplies every entry."""

    def inverse(self) -> Self:
        """The inverse of a square matrix; ZeroDivisionError where there is none at the point."""

    def column(self, place: int) -> Self:
        """One column, (r, 1)."""

    def beside(self, others: Sequence[Self]) -> Self:
        """This matrix and `others` next to one another."""

    def diagonal(self) -> Self:
        """The diagonal matrix (r, r) of a column (r, 1)."""


class Source(Protocol):
    """Where an identity takes its variables and its constants from."""

    def free(self, rows: int, columns: int = 1) -> Matrix:
        """A matrix whose entries are variables."""

    def constant(self, entries: Sequence[Sequence[int]]) -> Matrix:
        """A matrix of whole numbers."""

    def gates(self, rows: int) -> Matrix:
        """A column (rows, 1) of zeros and ones at random: the identity is about this pattern."""


#: Makes the gaps of an identity.
Identity = Callable[[Source], Iterator[Matrix]]


def identity_matrix(source: Source, size: int) -> Matrix:
    """The identity (size, size)."""
    return source.constant([[int(i == j) for j in range(size)] for i in range(size)])


def ones(source: Source, rows: int, columns: int = 1) -> Matrix:
    """The matrix of ones."""
    return source.constant([[1] * columns] * rows)


def inner(source: Source, left: Matrix, right: Matrix) -> Matrix:
    """The sum of all entries of the product entry by entry, (1, 1)."""
    rows, columns = left.shape
    return ones(source, 1, rows) @ (left * right) @ ones(source, columns)


@dataclass(frozen=True)
class Residues:
    """Values modulo `PRIME` at one point."""

    values: nmod_mat

    @classmethod
    def of(cls, rows: int, columns: int, entries: Iterable[int]) -> Residues:
        """From whole numbers by rows."""
        return cls(nmod_mat(rows, columns, [entry % PRIME for entry in entries], PRIME))

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.nrows(), self.values.ncols()

    @property
    def T(self) -> Residues:  # noqa: N802
        return Residues(self.values.transpose())

    @property
    def entries(self) -> list[int]:
        """By rows."""
        return [int(entry) for entry in self.values.entries()]

    def __matmul__(self, other: Residues) -> Residues:
        return Residues(self.values * other.values)

    def __add__(self, other: Residues) -> Residues:
        return Residues(self.values + other.values)

    def __sub__(self, other: Residues) -> Residues:
        return Residues(self.values - other.values)

    def __mul__(self, other: Residues) -> Residues:
        if other.shape == (1, 1):
            return Residues(self.values * other.values[0, 0])
        pairs = zip(self.entries, other.entries, strict=True)
        return Residues.of(*self.shape, (x * y for x, y in pairs))

    def inverse(self) -> Residues:
        return Residues(self.values.inv())

    def column(self, place: int) -> Residues:
        return Residues.of(self.shape[0], 1, self.entries[place :: self.shape[1]])

    def beside(self, others: Sequence[Residues]) -> Residues:
        parts = [self, *others]
        rows = [part.values.tolist() for part in parts]
        together = [int(entry) for of_parts in zip(*rows, strict=True) for row in of_parts for entry in row]
        return Residues.of(self.shape[0], sum(part.shape[1] for part in parts), together)

    def diagonal(self) -> Residues:
        size, entries = self.shape[0], self.entries
        return Residues.of(size, size, (entries[i] * (i == j) for i in range(size) for j in range(size)))


#: Determinants by number, with their degree and their power.
Denominator = Mapping[int, tuple[int, int]]


@dataclass(frozen=True)
class Degrees:
    """Bounds of degrees: every entry is a polynomial of degree `top` at most over the product of `under`."""

    shape: tuple[int, int]
    top: int
    under: Denominator = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count, compare=False)

    @property
    def T(self) -> Degrees:  # noqa: N802
        return self._like((self.shape[1], self.shape[0]), self.top)

    @property
    def bottom(self) -> int:
        """The degree of the denominator."""
        return sum(degree * power for degree, power in self.under.values())

    def __matmul__(self, other: Degrees) -> Degrees:
        if self.shape[1] != other.shape[0]:
            raise ValueError(f"no product of matrices {self.shape} and {other.shape}")
        return self._times(other, (self.shape[0], other.shape[1]))

    def __mul__(self, other: Degrees) -> Degrees:
        if other.shape not in (self.shape, (1, 1)):
            raise ValueError(f"no product entry by entry of matrices {self.shape} and {other.shape}")
        return self._times(other, self.shape)

    def __add__(self, other: Degrees) -> Degrees:
        if self.shape != other.shape:
            raise ValueError(f"no sum of matrices {self.shape} and {other.shape}")
        under = {
            name: max(self.under.get(name, (0, 0)), other.under.get(name, (0, 0)), key=lambda pair: pair[1])
            for name in {**self.under, **other.under}
        }
        whole = sum(degree * power for degree, power in under.values())
        top = max(one.top + whole - one.bottom for one in (self, other))
        return Degrees(self.shape, top, under, self.numbers)

    __sub__ = __add__

    def inverse(self) -> Degrees:
        """f adj(N)/det(N) of N/f."""
        size = self.shape[0]
        under = {next(self.numbers): (size * self.top, 1)}
        return Degrees(self.shape, (size - 1) * self.top + self.bottom, under, self.numbers)

    def column(self, place: int) -> Degrees:
        return self._like((self.shape[0], 1), self.top)

    def beside(self, others: Sequence[Degrees]) -> Degrees:
        found = self
        for other in others:
            found = found._like(other.shape, found.top) + other
        return found._like(
            (self.shape[0], self.shape[1] + sum(other.shape[1] for other in others)), found.top
        )

    def diagonal(self) -> Degrees:
        return self._like((self.shape[0], self.shape[0]), self.top)

    def _times(self, other: Degrees, shape: tuple[int, int]) -> Degrees:
        under = dict(self.under)
        for name, (degree, power) in other.under.items():
            under[name] = (degree, power + under.get(name, (0, 0))[1])
        return Degrees(shape, self.top + other.top, under, self.numbers)

    def _like(self, shape: tuple[int, int], top: int) -> Degrees:
        return Degrees(shape, top, self.under, self.numbers)


@dataclass(frozen=True)
class Point:
    """Values drawn at random modulo `PRIME`, from a seed.

    drawn  those of the variables so far
    """

    random: random.Random
    drawn: list[int] = field(default_factory=list)

    def free(self, rows: int, columns: int = 1) -> Residues:
        values = [self.random.randrange(PRIME) for _ in range(rows * columns)]
        self.drawn.extend(values)
        return Residues.of(rows, columns, values)

    def constant(self, entries: Sequence[Sequence[int]]) -> Residues:
        return Residues.of(len(entries), len(entries[0]), (entry for row in entries for entry in row))

    def gates(self, rows: int) -> Residues:
        return Residues.of(rows, 1, (self.random.randrange(2) for _ in range(rows)))


@dataclass(frozen=True)
class Counting:
    """Variables of degree 1 and constants of degree 0."""

    numbers: Iterator[int] = field(default_factory=count)

    def free(self, rows: int, columns: int = 1) -> Degrees:
        return Degrees((rows, columns), 1, {}, self.numbers)

    def constant(self, entries: Sequence[Sequence[int]]) -> Degrees:
        return Degrees((len(entries), len(entries[0])), 0, {}, self.numbers)

    def gates(self, rows: int) -> Degrees:
        return Degrees((rows, 1), 0, {}, self.numbers)


def degree_of(identity: Identity) -> int:
    """A bound of the degrees of the numerators of its gaps, in all variables together."""
    gaps: Any = identity(Counting())
    return max(gap.top for gap in gaps)


def certified(
    identity: Identity,
    *,
    name: str,
    theorem: str,
    claim: str,
    statement: str,
    sizes: Mapping[str, int],
    seed: int = 0,
) -> Certificate:
    """IDENTITY where every gap is zero at the point of `seed`, DISPROVED where one is not.

    UNDECIDED where an inverse does not exist there.
    """
    error = Fraction(degree := degree_of(identity), PRIME)
    point = Point(random.Random(seed))
    given = {"identity": name, "prime": PRIME, "seed": seed, "sizes": dict(sizes)}
    word, found, advice = Word.IDENTITY, {"degree": degree, "error": rational(error)}, ""
    try:
        failed = _first_gap(identity, point)
    except ZeroDivisionError:
        failed, word, advice = None, Word.UNDECIDED, "a matrix is singular at this point: use another seed"
    if failed is not None:
        word, given = Word.DISPROVED, {**given, "point": point.drawn}
        found = {**found, "gap": failed[1], "at": list(failed[0])}
    said = {
        Word.IDENTITY: f"an identity modulo 2^61 - 1, of degree {degree}: 0 at a random point, as a false "
        f"one is with probability <= {float(error):.1e}",
        Word.DISPROVED: "not 0 at the point that is given",
        Word.UNDECIDED: "no value at this point",
    }
    sized = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
    return Certificate(
        theorem=theorem,
        claim=claim,
        kind="identity",
        statement=f"{statement}, for all parameters with {sized}",
        word=word,
        given=given,
        found=found,
        shown=(said[word],),
        advice=advice,
    )


def _first_gap(identity: Identity, point: Point) -> tuple[tuple[int, int, int], int] | None:
    gaps: Any = identity(point)
    for number, gap in enumerate(gaps):
        for place, value in enumerate(gap.entries):
            if value:
                return (number, *divmod(place, gap.shape[1])), value
    return None
