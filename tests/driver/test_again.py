"""An answer that is given again is the one that the request path would have given."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from edgesim.distribution.continuous_deployment import ByHeader, ContinuousDeployment
from edgesim.distribution.model import CustomErrorResponse, Distribution, Trigger
from edgesim.distribution.response_headers import ResponseHeadersPolicy
from edgesim.driver.exchange import Exchange
from edgesim.pipeline.again import Again
from edgesim.testing import strategies
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_function, a_request, a_response, an_arrival, behavior
from edgesim.values.message import Request, Response
from edgesim.values.viewer import Arrival

SITE = a_distribution()
KEPT: dict[str, Any] = {"cache_control": "max-age=60"}


def edge_with(response: Response, *distributions: Distribution, **more: Any) -> FakeEdge:
    return FakeEdge(lambda request, origin: response, *(distributions or (SITE,)), **more)


def arriving(edge: FakeEdge, request: Request, number: int) -> Arrival:
    return an_arrival(request, at=edge.clock.now(), request_id=f"request {number}")


async def known(edge: FakeEdge, request: Request) -> Again | None:
    """How to give the answer to a request again, once the cache has it; None also where it has not."""
    await edge.ask(request)
    begun = edge.driver.begin(arriving(edge, request, 1), edge.distributions)
    if isinstance(begun, Exchange):
        return begun.again
    await (await begun()).aclose()
    return None


async def compared(edge: FakeEdge, request: Request, seconds: float) -> str:
    """Both ways to the answer after some time, which must not differ. How far it came."""
    same = await known(edge, request)
    if same is None:
        return "not to be given again"
    await edge.clock.advance(seconds)
    arrival = arriving(edge, request, 2)
    one, other = edge.driver.begin_again(same, arrival), edge.driver.begin(arrival, edge.distributions)
    if one is None:
        assert not isinstance(other, Exchange) or other.again is None
        return "no longer"
    assert isinstance(other, Exchange)
    assert one.transcript == other.transcript
    assert one.response == other.response
    assert one.response.headers.raw == other.response.headers.raw == _encoded(other.response)
    assert (one.small_body, one.closes, one.holds_nothing) == (other.small_body, other.closes, other.holds_nothing)
    return "again"


def _encoded(response: Response) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]


@st.composite
def _responses(draw: st.DrawFn) -> Response:
    """Mostly such as are kept."""
    response = draw(strategies.origin_responses())
    headers = response.headers
    if draw(st.integers(0, 4)):
        headers = headers.without("vary", "set-cookie", "expires", "age").having("Cache-Control", "max-age=60")
    return replace(response, status=200 if draw(st.integers(0, 4)) else response.status, headers=headers)


@given(
    _responses(),
    strategies.viewer_requests(method=st.sampled_from(("GET", "GET", "HEAD"))),
    strategies.behaviors(),
    st.none() | strategies.response_headers_policies,
    st.sampled_from((0, 0.3, 1, 59.9, 60, 1000)),
)
def test_what_is_given_again_is_what_the_request_path_gives(
    response: Response, request: Request, of: Any, policy: ResponseHeadersPolicy | None, seconds: float
) -> None:
    site = a_distribution(replace(of, path_pattern="*", response_headers_policy=policy, associations={}))
    request = replace(request, body=b"")
    event(asyncio.run(compared(edge_with(response, site), request, seconds)))


async def outcome(edge: FakeEdge, **request: Any) -> str:
    return await compared(edge, a_request("/a", **request), 1)


@pytest.mark.parametrize(
    "request_headers",
    [
        pytest.param({}, id="plain"),
        pytest.param({"accept_encoding": "gzip, br", "cookie": "a=b"}, id="as a browser asks"),
        pytest.param({"origin": "https://a.example"}, id="of another origin"),
    ],
)
async def test_a_fresh_hit_is_given_again(request_headers: dict[str, str]) -> None:
    edge = edge_with(a_response(**KEPT, etag='"v1"'))
    assert await outcome(edge, **request_headers) == "again"


async def test_an_age_from_before_counts_on() -> None:
    edge = edge_with(a_response(**KEPT, age="20"))
    same = await known(edge, a_request("/a"))
    assert same is not None
    await edge.clock.advance(30)
    exchange = edge.driver.begin_again(same, arriving(edge, a_request("/a"), 2))
    assert exchange is not None
    assert (exchange.response.headers.get("age"), exchange.response.headers.get("x-amz-cf-id")) == ("50", "request 2")


@pytest.mark.parametrize(
    ("site", "request_headers"),
    [
        pytest.param(SITE, {"range": "bytes=0-1"}, id="a part"),
        pytest.param(SITE, {"if_none_match": '"v1"'}, id="a 304, whose Date is the time"),
        pytest.param(SITE, {"method": "HEAD"}, id="a head"),
        pytest.param(
            a_distribution(behavior(functions={Trigger.VIEWER_RESPONSE: a_function("echo")})), {}, id="a function"
        ),
        pytest.param(
            a_distribution(behavior(response_headers_policy=ResponseHeadersPolicy("t", "timed", server_timing=1))),
            {},
            id="Server-Timing, which some have",
        ),
        pytest.param(
            replace(SITE, continuous_deployment=ContinuousDeployment((), ByHeader("aws-cf-cd-x", "y"))),
            {},
            id="continuous deployment",
        ),
    ],
)  # fmt: skip
async def test_what_depends_on_more_than_the_request_is_not(
    site: Distribution, request_headers: dict[str, str]
) -> None:
    edge = edge_with(
        a_response(**KEPT, etag='"v1"'), site, functions={"echo": lambda event: event["Records"][0]["cf"]["response"]}
    )
    assert await outcome(edge, **request_headers) == "not to be given again"


async def test_what_one_viewer_shares_with_another_is_told_each_time() -> None:
    edge = edge_with(a_response(**KEPT, vary="X-Who"))
    assert await outcome(edge, x_who="Ann") == "not to be given again"


async def test_what_has_the_time_for_its_date_is_not() -> None:
    policy = ResponseHeadersPolicy("t", "undated", remove=("Date",))
    edge = edge_with(a_response(**KEPT), a_distribution(behavior(response_headers_policy=policy)))
    assert await outcome(edge) == "not to be given again"


async def test_a_head_that_an_object_may_come_for_is_not() -> None:
    edge = edge_with(a_response(**KEPT, body=b""))
    assert await outcome(edge, method="HEAD") == "not to be given again"
    await edge.ask(a_request("/a"))
    assert await outcome(edge, method="HEAD") == "again"


async def test_a_cached_error_and_its_page_are_not() -> None:
    pages = {404: CustomErrorResponse(404, page_path="/404.html")}
    for site in (SITE, a_distribution(error_responses=pages)):
        assert await outcome(edge_with(a_response(404), site)) == "not to be given again"


async def test_what_was_dropped_or_replaced_is_not_given_again() -> None:
    edge = edge_with(a_response(**KEPT))
    same = await known(edge, a_request("/a"))
    assert same is not None
    await edge.store.invalidate(SITE.id, "/*")
    assert edge.driver.begin_again(same, arriving(edge, a_request("/a"), 2)) is None
    await edge.ask(a_request("/a"))
    assert edge.driver.begin_again(same, arriving(edge, a_request("/a"), 3)) is None


async def test_it_keeps_no_object_that_the_cache_has_dropped() -> None:
    edge = edge_with(a_response(**KEPT))
    same = await known(edge, a_request("/a"))
    assert same is not None
    assert same.entry() is not None
    await edge.store.invalidate(SITE.id, "/*")
    assert same.entry() is None


async def test_it_counts_as_use_of_the_object_and_goes_into_the_record() -> None:
    edge = edge_with(a_response(**KEPT))
    same = await known(edge, a_request("/a"))
    assert same is not None
    before = edge.store.finds(same.key)
    exchange = edge.driver.begin_again(same, arriving(edge, a_request("/a"), 2))
    assert exchange is not None
    assert edge.store.finds(same.key) == before + 1
    assert edge.recorder.find("last") is exchange.transcript
