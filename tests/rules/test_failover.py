import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.choices import STANDARD, Choices
from edgesim.distribution.edge_choices import FailedFunctionFailover, FailoverStatus
from edgesim.distribution.model import GET_HEAD_OPTIONS, OriginGroup
from edgesim.errors import OriginTrouble
from edgesim.rules.failover import FAILS_OVER, came_of, failover_verdict
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import FailoverReason as F
from edgesim.testing.make import behavior


def verdict(outcome, *statuses, method="GET", **of_behavior):
    group = OriginGroup("pair", ("first", "second"), frozenset(statuses))
    return failover_verdict(group, behavior(**of_behavior), method, outcome)


@pytest.mark.parametrize(
    ("outcome", "listed", "because"),
    [
        (500, (500, 502), F.STATUS),
        (429, (429,), F.STATUS),
        (404, (500,), F.STATUS_NOT_LISTED),
        (200, (500,), None),
        (304, (404,), None),
        (OriginTrouble.CONNECT, (503,), F.NOT_CONNECTED),
        (OriginTrouble.CONNECT, (502, 504), F.FAILURE_NOT_LISTED),
        (OriginTrouble.DNS, (503,), F.NOT_CONNECTED),
        (OriginTrouble.CONNECT_TIMEOUT, (503,), F.NOT_CONNECTED),
        (OriginTrouble.CONNECT_TIMEOUT, (504,), F.NOT_CONNECTED),
        (OriginTrouble.READ_TIMEOUT, (504,), F.TIMED_OUT),
        (OriginTrouble.READ_TIMEOUT, (503,), F.FAILURE_NOT_LISTED),
        (OriginTrouble.RESET, (502,), F.NO_ANSWER),
        (OriginTrouble.WRITE, (502,), F.NO_ANSWER),
    ],
)
def test_at_what_the_secondary_origin_is_asked(outcome, listed, because):
    assert verdict(outcome, *listed) is because


@pytest.mark.parametrize(
    ("method", "fails_over"), [("GET", True), ("HEAD", True), ("OPTIONS", False), ("POST", False), ("DELETE", False)]
)
def test_only_for_methods_that_ask_for_an_object(method, fails_over):
    assert verdict(500, 500, method=method) is (F.STATUS if fails_over else F.METHOD)


def test_for_options_where_it_is_cached():
    methods = {"allowed_methods": GET_HEAD_OPTIONS, "cached_methods": GET_HEAD_OPTIONS}
    assert verdict(500, 500, method="OPTIONS", **methods) is F.STATUS


@given(st.sampled_from([*OriginTrouble, *range(200, 600)]), st.sets(st.sampled_from((404, 500, 502, 503, 504))))
def test_without_a_listed_status_nothing_fails_over(outcome, statuses):
    if isinstance(outcome, int) and outcome not in statuses:
        assert verdict(outcome, *statuses) not in FAILS_OVER
    assert verdict(outcome) not in FAILS_OVER


BY_ANSWER = Choices(failover_status=FailoverStatus.AFTER_ORIGIN_RESPONSE)
BY_FAILURE = Choices(failed_function_failover=FailedFunctionFailover.BY_STATUS)


@pytest.mark.parametrize(
    ("choices", "came", "made_by", "counts"),
    [
        pytest.param(STANDARD, 500, MadeBy.ORIGIN, 500, id="the origin's own status"),
        pytest.param(BY_ANSWER, 500, MadeBy.ORIGIN, 404, id="by choice the one after origin-response"),
        pytest.param(BY_ANSWER, OriginTrouble.RESET, MadeBy.CLOUDFRONT, OriginTrouble.RESET, id="no answer"),
        pytest.param(STANDARD, 200, MadeBy.FAILED_FUNCTION, 200, id="a failure at origin-response"),
        pytest.param(STANDARD, None, MadeBy.FAILED_FUNCTION, None, id="a failure at origin-request"),
        pytest.param(BY_FAILURE, None, MadeBy.FAILED_FUNCTION, 404, id="by choice its status"),
        pytest.param(BY_ANSWER, None, MadeBy.ORIGIN_REQUEST, None, id="what origin-request generated"),
    ],
)
def test_what_counts_of_the_primarys_answer(choices, came, made_by, counts):
    assert came_of(choices, came, made_by, 404) == counts
