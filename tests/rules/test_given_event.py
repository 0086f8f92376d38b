"""Events that somebody else made, read back."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.distribution.model import Origin, S3Access, Trigger
from edgesim.rules.function_event import function_event, settled
from edgesim.rules.function_result import ChangedRequest, ChangedResponse, judge
from edgesim.rules.given_event import Foreign, GivenEvent, Malformed, read_event
from edgesim.rules.hooks import Hook
from edgesim.testing.make import a_distribution, a_request, a_response, an_arrival, an_origin
from edgesim.testing.strategies import json_values, origin_responses, viewer_requests
from edgesim.values.message import Request, Response

CUSTOM = settled(an_origin(path="/v2", custom_headers={"X-Token": "1"}), "https")
S3 = an_origin("b.s3.amazonaws.com", s3=S3Access("E2OAI", "eu-west-1"))
PUBLIC = an_origin("b.s3.amazonaws.com", s3=S3Access("", "eu-west-1"))


def an_event(
    trigger: Trigger, request: Request | None = None, response: Response | None = None, origin: Origin = CUSTOM
) -> dict[str, Any]:
    sent = request or a_request("/a?x=1", cookie=["a=1", "b=2"])
    seen = (response or a_response(404, etag='"v1"', reason="Gone away")) if trigger.endswith("response") else None
    at = origin if trigger.startswith("origin") else None
    made = function_event(trigger, a_distribution(), an_arrival(sent), sent, origin=at, response=seen)
    event: dict[str, Any] = json.loads(json.dumps(made))
    return event


def shown(event: object) -> GivenEvent:
    found = read_event(event)
    assert isinstance(found, GivenEvent), found
    return found


@pytest.mark.parametrize("trigger", Trigger)
def test_an_event_of_each_trigger_says_where_it_is_from(trigger: Trigger) -> None:
    found = shown(an_event(trigger))
    arrival, distribution = an_arrival(a_request("/")), a_distribution()
    assert (found.trigger, found.client_ip, found.request_id) == (trigger, arrival.viewer.ip, arrival.id)
    assert (found.distribution_id, found.domain_name) == (distribution.id, distribution.domain_name)
    assert (found.origin is not None) == trigger.startswith("origin")
    assert (found.response is not None) == trigger.endswith("response")


@pytest.mark.parametrize("origin", [CUSTOM, S3, PUBLIC], ids=["custom", "s3 with an identity", "s3 for everybody"])
@given(viewer_requests(), origin_responses(), st.sampled_from(list(Trigger)))
@example(Request("GET", "/caf\xe9", "\xc3\xa9"), Response(299), Trigger.ORIGIN_RESPONSE)
def test_what_was_read_makes_the_same_event(
    origin: Origin, request: Request, response: Response, trigger: Trigger
) -> None:
    event = an_event(trigger, request, response, origin)
    found = shown(event)
    again = an_event(trigger, found.request, found.response, found.origin or origin)
    assert again["Records"][0]["cf"]["request"] == event["Records"][0]["cf"]["request"]
    assert again["Records"][0]["cf"].get("response") == event["Records"][0]["cf"].get("response")


@pytest.mark.parametrize("origin", [CUSTOM, S3, PUBLIC], ids=["custom", "s3 with an identity", "s3 for everybody"])
@given(viewer_requests(), origin_responses(), st.sampled_from(list(Trigger)))
def test_who_hands_back_what_an_event_shows_changes_nothing(
    origin: Origin, request: Request, response: Response, trigger: Trigger
) -> None:
    event = an_event(trigger, request, response, origin)
    cf, found = event["Records"][0]["cf"], shown(event)
    payload = json.dumps(cf["response" if trigger.endswith("response") else "request"])
    verdict = judge(Hook(trigger), payload, request=found.request, origin=found.origin, response=found.response)
    if found.response is not None:
        assert isinstance(verdict, ChangedResponse) or found.response.status < 200, verdict
    else:
        assert isinstance(verdict, ChangedRequest), verdict
        assert (verdict.path, verdict.query) == (found.request.path, found.request.query)
        assert verdict.origin == found.origin


@given(json_values)
def test_any_value_at_all_is_read(value: object) -> None:
    assert isinstance(read_event(value), Foreign | Malformed | GivenEvent)
    assert isinstance(read_event({"Records": [{"cf": value}]}), Foreign | Malformed)


@pytest.mark.parametrize("event", [None, [], "x", {}, {"Records": []}, {"Records": [{"s3": {}}]}, {"Records": [1]}])
def test_what_has_no_cf_is_no_event_of_cloudfronts(event: object) -> None:
    assert read_event(event) == Foreign()


_MISSING = object()


@pytest.mark.parametrize(
    ("trigger", "at", "value", "where", "says"),
    [
        ("viewer-request", "config", _MISSING, "config", "config is missing, not an object"),
        ("viewer-request", "config.eventType", "viewer", "config.eventType", "eventType is 'viewer', not one of"),
        ("viewer-request", "config.requestId", 7, "config.requestId", "requestId is 7, not a string"),
        ("viewer-request", "request", [], "request", "request is an array, not an object"),
        ("viewer-request", "request.uri", "a", "request.uri", "uri is 'a'; it must start with /"),
        ("viewer-request", "request.method", _MISSING, "request.method", "method is missing, not a string"),
        ("viewer-request", "request.headers", "x", "request.headers", "headers is not an object"),
        ("viewer-request", "request.headers", {"a": "b"}, "request.headers['a']", "is not an array"),
        ("origin-request", "request.origin", {}, "request.origin", "exactly one of custom and s3"),
        ("origin-request", "request.origin.custom.port", 1, "request.origin.custom.port", "port is 1"),
        ("origin-response", "response", _MISSING, "response", "response is missing, not an object"),
        ("viewer-response", "response.status", "abc", "response.status", "status is 'abc', not a status"),
        ("viewer-response", "response.status", True, "response.status", "status is true, not a status"),
    ],
)
def test_what_cloudfront_would_never_send_is_told_with_its_place(
    trigger: str, at: str, value: object, where: str, says: str
) -> None:
    event = an_event(Trigger(trigger))
    *path, last = at.split(".")
    parent = event["Records"][0]["cf"]
    for name in path:
        parent = parent[name]
    if value is _MISSING:
        del parent[last]
    else:
        parent[last] = value
    found = read_event(event)
    assert isinstance(found, Malformed)
    assert found.at == f"Records[0].cf.{where}"
    assert says in found.detail


def test_what_events_may_lack_is_empty() -> None:
    event = copy.deepcopy(an_event(Trigger.ORIGIN_REQUEST))
    cf = event["Records"][0]["cf"]
    cf["config"] = {"eventType": "origin-request"}
    cf["request"] = {"uri": "/", "method": "GET"}
    found = shown(event)
    assert (found.request_id, found.client_ip, found.origin, len(found.request.headers)) == ("", "", None, 0)


def test_a_status_may_be_a_number() -> None:
    event = an_event(Trigger.ORIGIN_RESPONSE)
    event["Records"][0]["cf"]["response"]["status"] = 503
    response = shown(event).response
    assert response is not None
    assert response.status == 503
