"""What `edgesim explain` tells of about ten journeys, word by word. EDGESIM_GOLD=1 writes the files anew; the diff is
the review. They double as documentation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edgesim.distribution.model import ALL_METHODS, CustomErrorResponse, Distribution, Origin, Trigger
from edgesim.distribution.policies import CachePolicy
from edgesim.distribution.response_headers import Cors, PolicyHeader, ResponseHeadersPolicy
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.logs.explain import as_data
from edgesim.logs.explain_text import as_text
from edgesim.origins.canned import ScriptedBody, slowly
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import (
    a_cache_policy,
    a_distribution,
    a_function,
    a_request,
    a_response,
    an_origin,
    an_origin_request_policy,
    behavior,
)
from edgesim.values.instant import Duration
from edgesim.values.message import Request, Response

GOLD = Path(__file__).parent / "explain"
KEYED: dict[str, Any] = {"headers": ["Accept-Language"], "query_strings": ["v"], "min_ttl": 1, "gzip": True}
POLICY = a_cache_policy(name="SiteCaching", **KEYED)
WITH_COOKIES = a_cache_policy(name="SiteCachingWithCookies", cookies=["session"], **KEYED)
ORIGINS = [an_origin(path="/v2", custom_headers={"X-Origin-Key": "s3cret"})]

Origins = Callable[[Request, Origin], Response]
Journey = Callable[[], Awaitable[FakeEdge]]


def asking(target: str = "/style.css?v=2&utm=x", **headers: str) -> Request:
    said: dict[str, Any] = {"host": "www.example.com", "user_agent": "curl/8.5.0", "accept_language": "de"}
    return a_request(target, accept_encoding="gzip, br", cookie="session=7; b=2", **{**said, **headers})


def site(*triggers: Trigger, policy: CachePolicy = POLICY, **more: Any) -> Distribution:
    functions = {trigger: a_function(trigger.value) for trigger in triggers}
    forwarding = an_origin_request_policy(name="ForwardReferer", headers=["Referer"])
    made = behavior(
        functions=functions, cache_policy=policy, origin_request_policy=forwarding, allowed_methods=ALL_METHODS
    )
    return a_distribution(made, origins=ORIGINS, name="Website", **more)


def style_sheet(request: Request, origin: Origin) -> Response:
    if request.headers.get("if-none-match") == '"v1"':
        return a_response(304, body=b"", cache_control="max-age=120", etag='"v1"')
    return a_response(
        body=ScriptedBody(b"body { margin: 0 }", length=18),
        reason="OK",
        content_type="text/css",
        content_length="18",
        cache_control="public, max-age=60",
        etag='"v1"',
        server="nginx",
    )


def edge_of(origin: Origins, distribution: Distribution, **functions: Callable[[dict[str, Any]], Any]) -> FakeEdge:
    """An edge whose origin takes 80 ms and whose functions take 12 ms each."""

    def timed(function: Callable[[dict[str, Any]], Any]) -> Callable[..., Awaitable[Any]]:
        async def handler(event: dict[str, Any], context: Any) -> Any:
            await edge.clock.sleep(Duration(0.012))
            context.log("hello from the function")
            return function(event["Records"][0]["cf"])

        return handler

    named = {name.replace("_", "-"): timed(function) for name, function in functions.items()}
    edge = FakeEdge(origin, distribution, functions=named)
    edge.origin._answer = slowly(edge.clock, 0.08, origin)
    return edge


async def visit(edge: FakeEdge, request: Request) -> None:
    await asyncio.gather(edge.ask(request), edge.clock.advance(40), return_exceptions=True)


# ── the journeys ─────────────────────────────────────────────────────────────


async def miss() -> FakeEdge:
    edge = edge_of(style_sheet, site())
    await visit(edge, asking())
    return edge


async def hit() -> FakeEdge:
    edge = edge_of(style_sheet, site())
    await visit(edge, asking())
    await visit(edge, asking())
    return edge


async def refresh_hit() -> FakeEdge:
    edge = edge_of(style_sheet, site())
    for _ in range(3):
        await visit(edge, asking())
    return edge


async def fetched_anew() -> FakeEdge:
    edge = edge_of(style_sheet, site(policy=WITH_COOKIES))
    for _ in range(3):
        await visit(edge, asking())
    return edge


async def not_modified() -> FakeEdge:
    edge = edge_of(style_sheet, site())
    await visit(edge, asking())
    await visit(edge, asking(if_none_match='"v1"'))
    return edge


async def changed_at_every_trigger() -> FakeEdge:
    def viewer_request(cf: dict[str, Any]) -> Any:
        return {**cf["request"], "uri": "/themes/dark.css", "querystring": "v=3"}

    def origin_request(cf: dict[str, Any]) -> Any:
        request = cf["request"]
        request["origin"]["custom"]["domainName"] = "themes.example.com"
        request["headers"]["host"] = [{"key": "Host", "value": "themes.example.com"}]
        return request

    def origin_response(cf: dict[str, Any]) -> Any:
        response = cf["response"]
        response["headers"]["cache-control"] = [{"key": "Cache-Control", "value": "max-age=600"}]
        del response["headers"]["server"]
        return response

    def viewer_response(cf: dict[str, Any]) -> Any:
        response = cf["response"]
        response["headers"]["x-frame-options"] = [{"key": "X-Frame-Options", "value": "DENY"}]
        return response

    edge = edge_of(
        style_sheet,
        site(*Trigger),
        viewer_request=viewer_request,
        origin_request=origin_request,
        origin_response=origin_response,
        viewer_response=viewer_response,
    )
    await visit(edge, asking())
    return edge


async def generated_at_viewer_request() -> FakeEdge:
    def viewer_request(cf: dict[str, Any]) -> Any:
        location = [{"key": "Location", "value": "https://www.example.com/login"}]
        return {"status": "302", "statusDescription": "Found", "headers": {"location": location}}

    triggers = (Trigger.VIEWER_REQUEST, Trigger.VIEWER_RESPONSE)
    edge = edge_of(style_sheet, site(*triggers), viewer_request=viewer_request)
    await visit(edge, asking("/account"))
    return edge


async def function_failed() -> FakeEdge:
    def origin_request(cf: dict[str, Any]) -> Any:
        return cf["request"]["no-such-key"]

    triggers = (Trigger.ORIGIN_REQUEST, Trigger.ORIGIN_RESPONSE, Trigger.VIEWER_RESPONSE)
    edge = edge_of(style_sheet, site(*triggers), origin_request=origin_request)
    await visit(edge, asking())
    return edge


async def result_rejected() -> FakeEdge:
    def viewer_response(cf: dict[str, Any]) -> Any:
        response = cf["response"]
        response["headers"]["via"] = [{"key": "Via", "value": "me"}]
        return response

    edge = edge_of(style_sheet, site(Trigger.VIEWER_RESPONSE), viewer_response=viewer_response)
    await visit(edge, asking())
    return edge


async def origin_down() -> FakeEdge:
    def refuses(request: Request, origin: Origin) -> Response:
        raise OriginFault(OriginTrouble.CONNECT, "connection to origin.example.com:80 refused")

    edge = edge_of(refuses, site(Trigger.ORIGIN_RESPONSE), origin_response=lambda cf: cf["response"])
    await visit(edge, asking())
    return edge


async def custom_error_page() -> FakeEdge:
    def answers(request: Request, origin: Origin) -> Response:
        if request.path == "/404.html":
            return a_response(body=ScriptedBody(b"<h1>Nothing here</h1>"), content_type="text/html")
        return a_response(404, body=ScriptedBody(b"no such key"), reason="Not Found")

    pages = {404: CustomErrorResponse(404, caching_min_ttl=30, page_path="/404.html", response_code=200)}
    edge = edge_of(answers, site(error_responses=pages))
    await visit(edge, asking("/nowhere"))
    return edge


async def response_headers_policy() -> FakeEdge:
    headers = (
        PolicyHeader("X-Frame-Options", "DENY"),
        PolicyHeader("Cache-Control", "no-store", override=True),
        PolicyHeader("Server", "ours"),
    )
    cors = Cors(("https://*.example.com",), expose_headers=("ETag",))
    policy = ResponseHeadersPolicy("p", "SiteHeaders", cors, headers, ("etag",), 100)
    made = behavior(cache_policy=POLICY, response_headers_policy=policy)
    edge = edge_of(style_sheet, a_distribution(made, origins=ORIGINS, name="Website"))
    await visit(edge, asking(origin="https://shop.example.com"))
    return edge


async def broken_off() -> FakeEdge:
    def breaks_off(request: Request, origin: Origin) -> Response:
        fault = OriginFault(OriginTrouble.RESET, "the origin sent 9 of 18 bytes and closed the connection")
        return a_response(body=ScriptedBody(b"body { ma", length=18, fault=fault), content_length="18")

    edge = edge_of(breaks_off, site())
    await visit(edge, asking())
    return edge


async def refused() -> FakeEdge:
    edge = edge_of(style_sheet, a_distribution(behavior(), name="Website"))
    await visit(edge, a_request("/form", method="POST", host="www.example.com"))
    return edge


JOURNEYS: list[Journey] = [
    miss,
    hit,
    refresh_hit,
    fetched_anew,
    not_modified,
    changed_at_every_trigger,
    generated_at_viewer_request,
    function_failed,
    result_rejected,
    origin_down,
    custom_error_page,
    response_headers_policy,
    broken_off,
    refused,
]


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.__name__)
def test_explain_tells_the_journey(journey: Journey) -> None:
    edge = asyncio.run(_closed(journey))
    last = edge.recorder.find("last")
    assert last is not None
    told = as_text(as_data(last))
    gold = GOLD / f"{journey.__name__}.txt"
    if os.environ.get("EDGESIM_GOLD"):
        gold.parent.mkdir(exist_ok=True)
        gold.write_text(told, encoding="utf-8")
    assert told == gold.read_text(encoding="utf-8")


async def _closed(journey: Journey) -> FakeEdge:
    edge = await journey()
    await edge.aclose()
    return edge
