"""HAR files: what tools write, and what is said of broken ones."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.scenario.recording.har import Har, HarError, read_har
from edgesim.scenario.recording.recorded import Exchange, recorded
from edgesim.testing.strategies import json_values
from edgesim.values.body import NO_BODY, Ticket


def entry(url: str = "https://www.example.com/a", **more: Any) -> dict[str, Any]:
    request = {"method": "GET", "url": url, "headers": [{"name": "Accept", "value": "*/*"}], **more.pop("request", {})}
    response = {"status": 200, "headers": [], "content": {"size": 2, "text": "hi"}, **more.pop("response", {})}
    return {"startedDateTime": "2026-10-01T12:00:00.000Z", "request": request, "response": response, **more}


def har(*entries: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}})


def only(*entries: Any) -> Exchange:
    (exchange,) = read_har(har(*entries)).exchanges
    return exchange


def test_an_entry_is_an_exchange() -> None:
    exchange = only(entry("https://www.example.com/a%20b?x=1&y#top"))
    assert (exchange.request.method, exchange.request.path, exchange.request.query) == ("GET", "/a%20b", "x=1&y")
    assert (exchange.response.status, exchange.response.body, exchange.https) == (200, b"hi", True)
    assert exchange.at == 1_790_856_000.0


@pytest.mark.parametrize(
    ("urls", "host", "chosen", "others"),
    [
        pytest.param("abb", None, "b", {"a": 1}, id="the host with the most"),
        pytest.param("abb", "a", "a", {"b": 2}, id="the one that is named"),
        pytest.param("abbcc", "A", "a", {"b": 2, "c": 2}, id="in any case"),
    ],
)
def test_one_host_is_chosen_and_the_others_are_counted(
    urls: str, host: str | None, chosen: str, others: dict[str, int]
) -> None:
    found = read_har(har(*(entry(f"https://{name}/") for name in urls)), host)
    assert (found.host, dict(found.others)) == (chosen, others)


def test_only_the_web_counts() -> None:
    found = read_har(har(entry("data:text/plain,x"), entry("wss://www.example.com/"), entry("blob:null/1"), entry()))
    assert (len(found.exchanges), found.others) == (1, {})


@pytest.mark.parametrize(
    ("odd", "note"),
    [
        pytest.param(entry(response={"status": 0}), "it got no answer", id="blocked"),
        pytest.param(entry(response={"status": 101}), "it became a WebSocket", id="upgraded"),
        pytest.param(entry(_fromCache="disk"), "the browser answered from its own cache", id="never sent"),
    ],
)
def test_what_no_server_answered_is_left_out(odd: Any, note: str) -> None:
    assert read_har(har(odd, entry())).notes == (f"1 entry left out: {note}",)


def test_pseudo_headers_are_dropped_and_lines_of_set_cookie_are_apart() -> None:
    exchange = only(
        entry(
            request={"headers": [{"name": ":authority", "value": "x"}, {"name": "X-A", "value": "1"}]},
            response={"headers": [{"name": ":status", "value": "200"}, {"name": "set-cookie", "value": "a=1\nb=2"}]},
        )
    )
    assert exchange.request.headers.fields == (("X-A", "1"), ("host", "www.example.com"))
    assert exchange.response.headers.all("set-cookie") == ("a=1", "b=2")


def test_cookies_that_stand_apart_are_sent() -> None:
    exchange = only(entry(request={"cookies": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}))
    assert exchange.request.headers.get("cookie") == "a=1; b=2"


@pytest.mark.parametrize(
    ("content", "body"),
    [
        pytest.param({"text": "größe"}, "größe".encode(), id="text"),
        pytest.param({"text": base64.b64encode(b"\x89P").decode(), "encoding": "base64"}, b"\x89P", id="base64"),
        pytest.param({}, NO_BODY, id="none"),
        pytest.param({"size": 0}, NO_BODY, id="empty"),
        pytest.param({"text": "\ud800"}, b"?", id="what is no text in any encoding"),
    ],
)
def test_bodies(content: dict[str, Any], body: bytes) -> None:
    assert only(entry(response={"content": content})).response.body == body


def test_a_body_that_a_tool_left_out_is_told_by_its_size() -> None:
    body = only(entry(response={"content": {"size": 1_234}})).response.body
    assert isinstance(body, Ticket)
    assert body.length == 1_234


def test_bodies_are_unpacked_though_the_headers_say_otherwise() -> None:
    exchange = only(entry(response={"headers": [{"name": "Content-Encoding", "value": "br"}]}))
    assert "content-encoding" not in exchange.response.headers


@pytest.mark.parametrize(
    ("post", "body"),
    [
        pytest.param({"mimeType": "text/plain", "text": "hi"}, b"hi", id="text"),
        pytest.param({"text": "aGk=", "encoding": "base64"}, b"hi", id="base64"),
        pytest.param({"params": [{"name": "a", "value": "1 2"}, {"name": "b"}]}, b"a=1+2&b=", id="parameters"),
    ],
)
def test_what_was_sent(post: dict[str, Any], body: bytes) -> None:
    assert only(entry(request={"method": "post", "postData": post})).request.body == body


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("{]", "line 1, column 2 is no JSON", id="no JSON"),
        pytest.param("[" * 100_000, "no HAR", id="too deep"),
        pytest.param("[]", "the whole is a list, not an object", id="no object"),
        pytest.param("{}", "log is missing", id="no log"),
        pytest.param('{"log": {"entries": {}}}', "log.entries must be a list, not an object", id="no entries"),
        pytest.param(har(3), "log.entries[0] is no entry but a number", id="no entry"),
        pytest.param(har(entry(), {"request": {}}), "log.entries[1].request.url is missing", id="no URL"),
        pytest.param(har(entry("http://[")), "log.entries[0].request.url is no URL", id="a broken URL"),
        pytest.param(har(entry(startedDateTime="now")), "log.entries[0].startedDateTime", id="no time"),
        pytest.param(
            har(entry(response={"status": "200"})), "log.entries[0].response.status must be a number", id="status"
        ),
        pytest.param(
            har(entry(response={"headers": {}})), "response.headers must be a list, not an object", id="headers"
        ),
        pytest.param(
            har(entry(response={"headers": [{}]})), "response.headers[0].name is missing", id="a nameless header"
        ),
        pytest.param(
            har(entry(response={"content": {"text": "%", "encoding": "base64"}})),
            "content.text is no base64",
            id="base64",
        ),
        pytest.param(har(), "no request over HTTP", id="empty"),
    ],
)
def test_a_broken_file_is_told_in_one_sentence_with_the_place(text: str, told: str) -> None:
    with pytest.raises(HarError) as error:
        read_har(text)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_host_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(HarError) as error:
        read_har(har(entry()), "other.example")
    assert error.value.hint == "there are requests to www.example.com"


def _mutated(value: Any, at: list[str | int], odd: Any) -> Any:
    """An entry with something odd in one place."""
    if not at:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = _mutated(copy[at[0]], at[1:], odd)
    return copy


_places: list[list[str | int]] = [
    ["startedDateTime"], ["request"], ["request", "url"], ["request", "method"], ["request", "headers"],
    ["request", "headers", 0], ["request", "headers", 0, "name"], ["request", "headers", 0, "value"], ["response"],
    ["response", "status"], ["response", "headers"], ["response", "content"], ["response", "content", "text"],
    ["response", "content", "size"],
]  # fmt: skip


@given(st.sampled_from(_places), json_values | st.text(max_size=8))
def test_any_entry_is_read_or_refused(at: list[str | int], odd: Any) -> None:
    try:
        found = read_har(har(_mutated(entry(), at, odd)))
    except HarError:
        return
    assert isinstance(found, Har)
    recorded(found.exchanges)
