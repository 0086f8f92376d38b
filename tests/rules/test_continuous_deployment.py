"""Which of two distributions answers, and the cookie by which a viewer stays with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.continuous_deployment import ByHeader, ByWeight, ContinuousDeployment, Stickiness
from edgesim.distribution.sessions import with_sessions
from edgesim.rules.continuous_deployment import COOKIE, Session, routed, session_of, set_cookie, without_session
from edgesim.rules.reasons import DeploymentReason
from edgesim.testing.make import NOW, a_distribution, a_request, an_arrival, some_headers
from edgesim.values.instant import Instant

R = DeploymentReason
STAGING = replace(a_distribution(), id="E2", name="Staging", domain_name="d2.cloudfront.net", staging=True)
STICKY = Stickiness(300, 900)


def primary(traffic, *, staging="D2.cloudfront.net", enabled=True):
    return replace(a_distribution(), continuous_deployment=ContinuousDeployment((staging,), traffic, enabled))


def to(traffic, *, request=None, at=NOW, request_id="x", **policy):
    one = primary(traffic, **policy)
    found = routed(an_arrival(request or a_request(), at=at, request_id=request_id), one, (one, STAGING))
    assert found.distribution is (STAGING if found.because.startswith("staging") else one)
    return found


@pytest.mark.parametrize(
    ("values", "because"),
    [("true", R.HEADER), (["no", "true"], R.HEADER), ("True", R.NO_HEADER), (None, R.NO_HEADER)],
)
def test_a_header_and_its_value_lead_to_staging(values, because):
    request = a_request(aws_cf_cd_x=values)
    assert to(ByHeader("aws-cf-cd-x", "true"), request=request).because is because


def test_a_policy_that_is_disabled_or_leads_nowhere_leaves_viewers_where_they_are():
    request = a_request(aws_cf_cd_x="true")
    assert to(ByHeader("aws-cf-cd-x", "true"), request=request, enabled=False).because is R.DISABLED
    found = to(ByHeader("aws-cf-cd-x", "true"), request=request, staging="d3.cloudfront.net")
    assert found.because is R.NO_STAGING


def test_the_weight_is_the_share_of_requests():
    drawn = sum(to(ByWeight(0.15), request_id=str(n)).because is R.DRAWN for n in range(4000))
    assert drawn / 4000 == pytest.approx(0.15, abs=0.02)
    assert to(ByWeight(0)).because is R.NOT_DRAWN


def test_without_stickiness_there_is_no_cookie_and_none_counts():
    request = a_request(cookie=f"{COOKIE}={Session(True, int(NOW), int(NOW)).text}")
    found = to(ByWeight(0), request=request)
    assert (found.because, found.cookie) == (R.NOT_DRAWN, "")


@given(in_staging=st.booleans(), age=st.integers(0, 2000), idle=st.integers(0, 2000))
def test_a_session_lasts_until_it_is_idle_or_at_its_end(in_staging, age, idle):
    session = Session(in_staging, int(NOW) - age, int(NOW) - min(idle, age))
    found = to(ByWeight(0, STICKY), request=a_request(cookie=f"a=b; {COOKIE}={session.text}"))
    goes_on = age < 900 and min(idle, age) < 300
    assert (found.because in (R.SESSION_IN_STAGING, R.SESSION_IN_PRIMARY)) == goes_on
    assert found.because.startswith("staging") == (goes_on and in_staging)


@given(in_staging=st.booleans(), began=st.integers(0, 10**11), seen=st.integers(0, 10**11))
def test_what_a_cookie_says_is_read_back(in_staging, began, seen):
    session = Session(in_staging, began, seen)
    pair = set_cookie(session, STICKY).partition(";")[0]
    assert session_of(some_headers(cookie=pair)) == session


def test_sessions_end_where_stickiness_is_switched_off_and_on_again():
    sticky = primary(ByWeight(0, STICKY))
    for off in (primary(ByWeight(0, STICKY), enabled=False), primary(ByWeight(0.1)), a_distribution()):
        now = sticky
        for ended in (1, 2):
            (now,) = with_sessions(with_sessions([now], [off]), [sticky])
            assert now.sessions_ended == ended
        assert with_sessions([now], [sticky])[0].sessions_ended == 2, "they go on"
    assert with_sessions([], [sticky]) == (sticky,)


@pytest.mark.parametrize(("ended", "because"), [(0, R.NOT_DRAWN), (1, R.SESSION_IN_STAGING), (2, R.NOT_DRAWN)])
def test_a_session_of_before_is_over(ended, because):
    one = replace(primary(ByWeight(0, STICKY)), sessions_ended=1)
    request = a_request(cookie=f"{COOKIE}={Session(True, int(NOW), int(NOW), ended).text}")
    found = routed(an_arrival(request), one, [one, STAGING])
    assert found.because is because
    assert ".1; Path" in found.cookie


@given(st.text(st.characters(max_codepoint=255)))
def test_any_cookie_may_come(text):
    assert session_of(some_headers(cookie=f"{COOKIE}={text}")) is None or text.startswith(("staging.", "primary."))


def test_the_cookie_lasts_as_long_as_the_session_may():
    fresh = set_cookie(Session(True, 1000, 1000), STICKY)
    assert fresh == f"{COOKIE}=staging.1000.1000.0; Path=/; Max-Age=300; HttpOnly"
    assert "Max-Age=100;" in set_cookie(Session(False, 1000, 1800), STICKY)
    assert to(ByWeight(0, STICKY), at=Instant(1000)).cookie == set_cookie(Session(False, 1000, 1000), STICKY)


@pytest.mark.parametrize(
    ("before", "after"),
    [(f"a=b; {COOKIE}=x", "a=b"), (f"{COOKIE}=x", None), ("a=b; malformed", "a=b; malformed"), (None, None)],
)
def test_the_cookie_goes_no_further(before, after):
    assert without_session(a_request(cookie=before)).headers.get("cookie") == after
