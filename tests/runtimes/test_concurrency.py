"""Who may run beside whom, as Lambda counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.model import Code, EdgeFunction
from edgesim.runtimes.concurrency import Concurrency, Load, ThrottleReason, overcommitment, throttled, unreserved
from edgesim.values.invocation import FailureKind

HOME, AWAY = "us-east-1", "eu-central-1"


def fn(name, concurrency=None, version="1"):
    return EdgeFunction(name, Code("/nowhere"), "index.handler", "nodejs20.x", version, concurrency=concurrency)


@pytest.mark.parametrize(
    ("load", "because"),
    [
        pytest.param(Load(0, 1, reserved=False), None, id="nothing runs"),
        pytest.param(Load(999, 1000, reserved=False), None, id="the last one that fits"),
        pytest.param(Load(1000, 1000, reserved=False), ThrottleReason.ACCOUNT, id="the account is full"),
        pytest.param(Load(4, 5, reserved=True), None, id="its own share has room"),
        pytest.param(Load(5, 5, reserved=True), ThrottleReason.RESERVED, id="its own share is full"),
        pytest.param(Load(0, 0, reserved=True), ThrottleReason.RESERVED, id="0 reserved is off"),
    ],
)
def test_an_invocation_is_throttled_where_its_share_is_full(load, because):
    assert throttled(load) is because


@given(st.integers(0, 50), st.integers(0, 50), st.booleans())
def test_at_most_as_many_run_as_may(running, most, reserved):
    assert (throttled(Load(running, most, reserved)) is None) == (running < most)


@pytest.mark.parametrize(
    ("account", "reserved", "says"),
    [
        pytest.param(1000, [], None, id="nothing reserved"),
        pytest.param(1000, [900], None, id="100 are left"),
        pytest.param(1000, [400, 501], "minimum value of [100]", id="99 are left"),
        pytest.param(10, [0], None, id="a function is paused"),
        pytest.param(10, [1], "minimum value of [10]", id="a small account can reserve nothing"),
    ],
)
def test_reservations_must_leave_something_to_the_others(account, reserved, says):
    finding = overcommitment(account, reserved)
    assert (finding is None) if says is None else says in finding.message


def test_more_than_there_is_leaves_nothing():
    assert unreserved(10, [8, 8]) == 0


# ── counting ────────────────────────────────────────────────────────────────────────────────────────────────────


def entered(concurrency, *functions, region=HOME):
    return [concurrency.enter(function, region) is None for function in functions]


def test_functions_without_a_reservation_share_what_is_left():
    concurrency, kept, a, b = Concurrency(3), fn("kept", 1), fn("a"), fn("b")
    concurrency.reserve([kept, a, b])
    assert entered(concurrency, a, b, a) == [True, True, False]
    assert entered(concurrency, kept) == [True]  # its part is its own, however busy the others are
    assert entered(concurrency, kept) == [False]  # and all that it gets


def test_the_refusal_is_lambdas_with_its_reason():
    concurrency, a = Concurrency(1), fn("a")
    concurrency.reserve([a])
    assert concurrency.enter(a, HOME) is None
    failed = concurrency.enter(a, HOME)
    assert (failed.kind, failed.error_type) == (FailureKind.THROTTLED, "TooManyRequestsException")
    assert failed.message == (
        "Rate Exceeded. ConcurrentInvocationLimitExceeded (the account's limit: 1 of 1 run that functions without a "
        "reservation share; --concurrency changes it)"
    )


def test_the_refusal_tells_whose_limit_it_was_and_what_changes_it():
    concurrency, one, paused = Concurrency(), fn("a", concurrency=1), fn("b", concurrency=0)
    concurrency.reserve([one, paused])
    assert concurrency.enter(one, HOME) is None
    told = [failed.message for function in (one, paused) if (failed := concurrency.enter(function, HOME)) is not None]
    because = "Rate Exceeded. ReservedFunctionConcurrentInvocationLimitExceeded"
    assert told == [
        f"{because} (the function's own limit: 1 of 1 run; its ReservedConcurrentExecutions changes it)",
        f"{because} (the function is paused: its ReservedConcurrentExecutions is 0)",
    ]


def test_who_leaves_makes_room_and_who_was_refused_took_none():
    concurrency, a = Concurrency(1), fn("a")
    concurrency.reserve([a])
    assert entered(concurrency, a, a, a) == [True, False, False]
    concurrency.leave(a, HOME)
    assert entered(concurrency, a, a) == [True, False]


def test_every_region_has_a_pool_of_its_own():
    concurrency, a = Concurrency(1), fn("a")
    concurrency.reserve([a])
    assert entered(concurrency, a) == entered(concurrency, a, region=AWAY) == [True]


def test_versions_of_a_function_share_its_reservation():
    concurrency, one, two, other = Concurrency(2), fn("a", 1), fn("a", 1, version="2"), fn("b")
    concurrency.reserve([one, two, other])
    assert entered(concurrency, one, two) == [True, False]
    assert entered(concurrency, other, other) == [True, False]  # reserved once, not twice


def test_without_a_limit_nothing_is_throttled():
    concurrency, paused = Concurrency(None), fn("paused", 0)
    assert concurrency.reserve([paused]) is None
    assert all(entered(concurrency, *[paused] * 100))
