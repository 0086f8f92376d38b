"""Events and results in the eyes of @types/aws-lambda, by TypeScript's own compiler."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from edgesim.distribution.model import Origin, OriginProtocolPolicy, S3Access, Trigger
from edgesim.rules.function_event import ReadBody, function_event, settled
from edgesim.rules.function_headers import Rejected
from edgesim.rules.function_result import judge
from edgesim.rules.hooks import Hook
from edgesim.testing.make import a_distribution, a_request, a_response, an_arrival, an_origin
from edgesim.values.headers import Field
from edgesim.values.message import Request, Response
from tests.typescript.compiler import errors, source

pytestmark = pytest.mark.long

VREQ, OREQ, ORES, VRES = Trigger
KINDS = {VREQ: "CloudFrontRequest", OREQ: "CloudFrontRequest", ORES: "CloudFrontResponse", VRES: "CloudFrontResponse"}
X = [{"key": "X-A", "value": "1"}]

ORIGINS: dict[str, Origin] = {
    "custom": an_origin(custom_headers={"X-Token": "t"}, path="/v2", read_timeout=2.5),
    "match-viewer": an_origin(protocol_policy=OriginProtocolPolicy.MATCH_VIEWER),
    "bucket": an_origin("b.s3.eu-west-1.amazonaws.com", s3=S3Access("", "eu-west-1")),
    "bucket-with-identity": an_origin("b.s3.eu-west-1.amazonaws.com", s3=S3Access("E2OAI", "eu-west-1")),
    "bucket-with-access-control": an_origin("b.s3.eu-west-1.amazonaws.com", s3=S3Access("", "eu-west-1", True)),
    "bucket-without-a-region": an_origin("b.s3.amazonaws.com", s3=S3Access("E2OAI")),
}
BODIES: dict[str, ReadBody | None] = {
    "no-body": None,
    "empty-body": ReadBody(b""),
    "body": ReadBody(b"name=Iri"),
    "cut-body": ReadBody(b"x" * 40_960, truncated=True),
}
HEADERS: dict[str, tuple[Field, ...]] = {
    "no-headers": (),
    "repeated": (("Cookie", "a=1"), ("cookie", "b=2"), ("X-Odd", "caf\xe9"), ("x-utf-8", "caf\xc3\xa9")),
    "hidden": (("Connection", "close"), ("X-Edge-A", "1"), ("constructor", "x"), ("X-Quoted'", '"\\"')),
}


@dataclass(frozen=True)
class Seen:
    """What a function was given: its event as JSON has it, and what edgesim made it of."""

    trigger: Trigger
    event: dict[str, Any]
    request: Request
    response: Response | None
    origin: Origin

    @property
    def told(self) -> dict[str, Any]:
        """What an echo returns."""
        cf = self.event["Records"][0]["cf"]
        told: dict[str, Any] = cf["request"] if self.response is None else cf["response"]
        return told


def seen(trigger: Trigger, origin: str, body: str, headers: str) -> Seen:
    request = a_request("/caf\xc3\xa9?a=1&a=%20", method="POST", fields=HEADERS[headers])
    response = a_response(404, fields=HEADERS[headers], reason="Not Found") if trigger in (ORES, VRES) else None
    where = settled(ORIGINS[origin], "http")
    made = function_event(
        trigger, a_distribution(), an_arrival(request), request,
        body=BODIES[body] if response is None else None, origin=where, response=response,
    )  # fmt: skip
    return Seen(trigger, json.loads(json.dumps(made)), request, response, where)


EVENTS = {
    f"{trigger.value}_{origin}_{body}_{headers}": seen(trigger, origin, body, headers)
    for trigger, origin, body, headers in product(Trigger, ORIGINS, BODIES, HEADERS)
    if (trigger in (OREQ, ORES) or origin == "custom") and (trigger in (VREQ, OREQ) or body == "no-body")
}

ORIGIN_OF_A_FUNCTION = {
    "custom": {
        "customHeaders": {"x-b": X}, "domainName": "o.example.org", "path": "/x", "port": 8080, "protocol": "http",
        "readTimeout": 5, "keepaliveTimeout": 5, "sslProtocols": ["TLSv1.2", "TLSv1.1"],
    }
}  # fmt: skip
BUCKET_OF_A_FUNCTION = {
    "s3": {"authMethod": "none", "customHeaders": {}, "domainName": "o.s3.amazonaws.com", "path": ""}
}
AT_VREQ, AT_OREQ = EVENTS["viewer-request_custom_body_no-headers"], EVENTS["origin-request_custom_body_repeated"]
AT_ORES, AT_VRES = EVENTS["origin-response_custom_no-body_repeated"], EVENTS["viewer-response_custom_no-body_repeated"]
REPLACED = {"inputTruncated": False, "action": "replace", "encoding": "text", "data": "x"}
RESULTS: dict[str, tuple[Seen, dict[str, Any]]] = {
    "generated_status-alone": (AT_VREQ, {"status": "200"}),
    "generated_redirect": (AT_VREQ, {"status": "302", "statusDescription": "Found", "headers": {"location": X}}),
    "generated_header-without-a-key": (AT_OREQ, {"status": "200", "headers": {"set-cookie": [{"value": "a"}] * 2}}),
    "generated_base64": (AT_OREQ, {"status": "200", "body": "AAEC", "bodyEncoding": "base64"}),
    "generated_text": (AT_OREQ, {"status": "404", "body": "no", "bodyEncoding": "text"}),
    "request_other-origin": (AT_OREQ, {**AT_OREQ.told, "origin": ORIGIN_OF_A_FUNCTION}),
    "request_other-bucket": (AT_OREQ, {**AT_OREQ.told, "origin": BUCKET_OF_A_FUNCTION}),
    "request_other-body": (AT_OREQ, {**AT_OREQ.told, "body": REPLACED}),
    "response_other-status": (AT_ORES, {"status": "200", "statusDescription": "OK", "headers": {}, "body": "x"}),
    "response_headers-alone": (AT_VRES, {"status": "404", "statusDescription": "Not Found", "headers": {"x-b": X}}),
    **{f"passed-on_{name}": (given, given.told) for name, given in EVENTS.items()},
}


def wrong(change: str) -> dict[str, Any]:
    """An event with a mistake in it."""
    told = copy.deepcopy(AT_OREQ.event)
    cf = told["Records"][0]["cf"]
    match change:
        case "unknown-attribute":
            cf["request"]["path"] = "/"
        case "port-is-a-text":
            cf["request"]["origin"]["custom"]["port"] = "443"
        case "both-origins":
            cf["request"]["origin"] |= BUCKET_OF_A_FUNCTION
        case "header-is-no-list":
            cf["request"]["headers"]["x-a"] = {"key": "X-A", "value": "1"}
        case "other-trigger":
            cf["config"]["eventType"] = "viewer-requests"
    return told


MISTAKES = ("unknown-attribute", "port-is-a-text", "both-origins", "header-is-no-list", "other-trigger")


def _sources() -> Iterator[tuple[str, str]]:
    for name, given in EVENTS.items():
        yield _file("event", name), source(f"{KINDS[given.trigger]}Event", given.event)
    for name, (given, result) in RESULTS.items():
        yield _file("result", name), source(f"{KINDS[given.trigger]}Result", result)
    for name in MISTAKES:
        yield _file("mistake", name), source("CloudFrontRequestEvent", wrong(name))


def _file(kind: str, name: str) -> str:
    return re.sub(r"[^\w]", "-", f"{kind}-{name}")


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The compiler's errors by file, of everything here in one run."""
    return errors(tmp_path_factory.mktemp("typescript"), dict(_sources()))


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_one_to_typescript(name: str, told: dict[str, list[str]]) -> None:
    assert told[_file("event", name)] == []


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_that_is_accepted_is_one_to_typescript(name: str, told: dict[str, list[str]]) -> None:
    given, result = RESULTS[name]
    payload, origin = json.dumps(result), given.origin if given.trigger is OREQ else None
    verdict = judge(Hook(given.trigger), payload, request=given.request, origin=origin, response=given.response)
    assert not isinstance(verdict, Rejected), verdict
    assert told[_file("result", name)] == []


@pytest.mark.parametrize("name", MISTAKES)
def test_the_compiler_finds_what_is_wrong_with_an_event(name: str, told: dict[str, list[str]]) -> None:
    assert told[_file("mistake", name)] != []
