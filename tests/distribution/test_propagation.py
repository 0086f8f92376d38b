"""An update reaches each edge location at an instant of its own, and stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.propagation import AT_ONCE, Rollout, Spread
from edgesim.values.instant import Duration, Instant

pops = st.sampled_from(("FRA56-P3", "IAD89-C1", "SYD4-C2", "GRU1-P1", "NRT57-C3"))
spans = st.floats(0, 1000, allow_nan=False).map(Duration)
spreads = st.builds(Spread, spans, st.integers(0, 2**64))
updates = st.lists(st.tuples(st.floats(0, 1000).map(Instant), spreads), max_size=5)
instants = st.floats(-10, 3000).map(Instant)


def rollout_of(made: list[tuple[Instant, Spread]]) -> Rollout[int]:
    """0, and after it 1, 2, 3 … as updates that begin one after the other."""
    rollout = Rollout(0)
    for number, (begun, spread) in enumerate(sorted(made, key=lambda one: one[0]), 1):
        rollout = rollout.then(number, begun, spread)
    return rollout


@given(updates, pops, instants, instants)
def test_an_edge_location_never_goes_back(made: list[tuple[Instant, Spread]], pop: str, one: Instant, other: Instant):
    rollout = rollout_of(made)
    assert rollout.at(pop, min(one, other)) <= rollout.at(pop, max(one, other))


@given(spreads, pops)
def test_before_it_begins_the_old_serves_and_after_the_span_the_new(spread: Spread, pop: str):
    rollout = Rollout("old").then("new", Instant(100.0), spread)
    assert rollout.at(pop, Instant(99.9)) == "old"
    assert rollout.at(pop, Instant(100.0 + spread.seconds)) == "new"
    assert rollout.over(Instant(100.0 + spread.seconds)) == ("old",)


@given(pops)
def test_without_a_span_an_update_is_everywhere_at_once(pop: str):
    rollout = Rollout("old").then("new", Instant(100.0), AT_ONCE)
    assert rollout.at(pop, Instant(100.0)) == "new"
    assert rollout.at(pop, Instant(99.999)) == "old"  # a request that began before keeps what it began with


@given(updates, pops, instants, instants)
def test_what_is_over_is_never_met_again(made: list[tuple[Instant, Spread]], pop: str, one: Instant, other: Instant):
    rollout, then, later = rollout_of(made), min(one, other), max(one, other)
    assert rollout.at(pop, later) not in rollout.over(then)
    assert rollout.since(then).at(pop, later) == rollout.at(pop, later)
    assert rollout.since(then).newest == rollout.newest
    assert (*rollout.over(then), *rollout.since(then).all) == rollout.all


def test_edge_locations_come_one_after_the_other():
    rollout = Rollout("old").then("new", Instant(0.0), Spread(Duration(60.0), seed=7))
    served = [[rollout.at(f"P{number:02}", Instant(second)) for number in range(40)] for second in (1, 30, 59)]
    early, middle, late = (answers.count("new") for answers in served)
    assert 0 <= early < middle < late <= 40
    assert 10 < middle < 30


def test_another_seed_is_another_order():
    delays = {Spread(Duration(60.0), seed).delay("FRA56-P3") for seed in range(10)}
    assert len(delays) == 10
