"""Curves kept on disk: by setting and code, failures never, a killed run goes on."""

import time

import pytest

from verify.figures import cache as caching
from verify.figures.cache import Curve, CurveCache

CALLS = []


def doubled(source, *, number, progress):
    CALLS.append(number)
    progress(1.0)
    if number < 0:
        raise ValueError("no")
    return 2 * number + (source or 0)


def curve(number, source=None, work=1.0):
    return Curve(f"curve {number}", doubled, {"number": number}, work, source)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    CALLS.clear()
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    return CurveCache(tmp_path)


def unwatched(*_):
    pass


def test_a_curve_is_computed_once_and_says_how_long_it_took(cache):
    assert not cache.has(curve(3))
    assert cache.seconds(curve(3)) is None
    assert cache.results([curve(3), curve(4)], unwatched) == [6, 8]
    assert cache.has(curve(3))
    assert cache.seconds(curve(3)) >= 0
    again = CurveCache(cache.folder)
    assert again.results([curve(4), curve(3)], unwatched) == [8, 6]
    assert sorted(CALLS) == [3, 4]


def test_the_source_is_no_part_of_the_key_and_the_arguments_are(cache):
    assert cache.results([curve(3, source=1)], unwatched) == [7]
    assert cache.results([curve(3, source=5)], unwatched) == [7]
    assert cache.results([curve(5, source=5)], unwatched) == [15]
    assert CALLS == [3, 5]


def test_failures_are_raised_and_not_kept(cache):
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            cache.results([curve(1), curve(-1)], unwatched)
    assert CALLS.count(-1) == 2
    assert CALLS.count(1) == 1
    assert not cache.has(curve(-1))


def test_other_code_is_another_curve(cache, monkeypatch):
    cache.results([curve(3)], unwatched)
    monkeypatch.setattr(caching, "code_version", lambda module: "changed")
    assert not cache.has(curve(3))
    assert cache.results([curve(3)], unwatched) == [6]
    assert CALLS == [3, 3]


def test_progress_counts_missing_work_only(cache):
    cache.results([curve(1, work=5.0)], unwatched)
    seen = []
    cache.results(
        [curve(1, work=5.0), curve(2, work=1.0), curve(3, work=3.0)], lambda *told: seen.append(told)
    )
    assert seen == [("curve 3", 3.0, 4.0), ("curve 2", 4.0, 4.0)]


def test_large_curves_tell_their_own_progress(cache, monkeypatch):
    monkeypatch.setattr(caching, "LARGE_WORK", 10.0)
    seen = []
    cache.results([curve(1, work=1.0), curve(2, work=20.0)], lambda *told: seen.append(told))
    assert seen == [("curve 2", 0.0, 21.0), ("curve 2", 20.0, 21.0), ("curve 1", 21.0, 21.0)]


def test_a_damaged_entry_is_computed_again(cache, recwarn):
    cache.results([curve(3)], unwatched)
    (entry,) = cache.folder.rglob("output.pkl")
    entry.write_bytes(entry.read_bytes()[:3])
    assert cache.results([curve(3)], unwatched) == [6]
    assert CALLS == [3, 3]


def test_side_by_side_gives_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    curves = [Curve(f"{i}", slow, {"number": i}, 1.0) for i in range(4)]
    assert CurveCache(tmp_path).results(curves, unwatched) == [0, 1, 4, 9]


def slow(source, *, number, progress):
    time.sleep(0.01)
    return number**2
