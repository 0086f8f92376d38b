import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.rules.freshness import is_fresh
from edgesim.testing.make import NOW, an_entry
from edgesim.testing.strategies import instants


@pytest.mark.parametrize(
    ("ttl", "later", "fresh"),
    [
        pytest.param(60, 0, True, id="just stored"),
        pytest.param(60, 59.999, True, id="almost as old as its TTL"),
        pytest.param(60, 60, False, id="as old as its TTL"),
        pytest.param(0, 0, False, id="a TTL of zero is never fresh"),
    ],
)
def test_an_object_is_fresh_below_its_ttl(ttl, later, fresh):
    assert is_fresh(an_entry(ttl=ttl, stored_at=NOW), NOW + later) is fresh


@given(st.integers(0, 10**6), instants, instants, instants)
def test_10_once_stale_it_stays_stale(ttl, stored_at, one, other):
    entry = an_entry(ttl=ttl, stored_at=stored_at)
    if not is_fresh(entry, min(one, other)):
        assert not is_fresh(entry, max(one, other))


@given(st.integers(0, 10**6), instants, instants, st.integers(-(10**6), 10**6))
def test_9_moving_every_instant_changes_nothing(ttl, stored_at, now, shift):
    here = an_entry(ttl=ttl, stored_at=stored_at)
    there = an_entry(ttl=ttl, stored_at=stored_at + shift)
    assert is_fresh(here, now) is is_fresh(there, now + shift)
    assert here.age(now) == there.age(now + shift)
