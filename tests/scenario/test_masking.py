"""Secrets become placeholders wherever they occur; what differs each time becomes a pattern."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.scenario.recording.masking import Masks, expected, is_noise, is_secret_name, is_volatile, masks_for
from edgesim.testing.strategies import header_values, origin_responses, viewer_requests
from edgesim.values.headers import Headers
from edgesim.values.message import Request, Response

JSON = ("Content-Type", "application/json")


def masks(*fields: tuple[str, str], query: str = "", body: bytes = b"", answer: Response | None = None) -> Masks:
    return masks_for([(Request("GET", "/", query, Headers(fields), body), answer or Response(200))])


@pytest.mark.parametrize(
    ("found", "placeholders"),
    [
        pytest.param(masks(("Cookie", "session=abcdef; lang=de")), {"abcdef": "session-1"}, id="cookies"),
        pytest.param(masks(("Cookie", "sid=x")), {"x": "sid-1"}, id="a short one with a secret's name"),
        pytest.param(masks(("Cookie", "ab=B; dark=true")), {}, id="cookies that tell nothing"),
        pytest.param(masks(("Authorization", "Bearer abc.def")), {"abc.def": "token-1"}, id="a bearer token"),
        pytest.param(masks(("Authorization", "Basic YTpi")), {"YTpi": "authorization-1"}, id="user and password"),
        pytest.param(masks(("X-Api-Key", "k-123")), {"k-123": "x-api-key-1"}, id="a key in a header"),
        pytest.param(masks(query="access_token=a%2Fb&x=1"), {"a/b": "access-token-1"}, id="a token in a query string"),
        pytest.param(masks(query="code=DE&state=CA"), {}, id="short codes"),
        pytest.param(masks(query="code=0123456789abcdef"), {"0123456789abcdef": "code-1"}, id="a long code"),
        pytest.param(masks(JSON, body=b'{"user":{"passWord":"p"}}'), {"p": "pass-word-1"}, id="a member of JSON"),
        pytest.param(
            masks(("Content-Type", "application/x-www-form-urlencoded"), body=b"a=1&pwd=x+y"),
            {"x y": "pwd-1"},
            id="a field of a form",
        ),
        pytest.param(
            masks(answer=Response(302, Headers([("Location", "/cb?token=abc#top")]))),
            {"abc": "token-1"},
            id="a redirect",
        ),
        pytest.param(
            masks(("X-User", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abc")),
            {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abc": "jwt-1"},
            id="a JWT under any name",
        ),
        pytest.param(
            masks(
                answer=Response(401, Headers([("Access-Control-Allow-Credentials", "yes"), ("Referrer-Policy", "a")]))
            ),
            {},
            id="headers that only speak of secrets",
        ),
    ],
)
def test_secrets_are_found(found: Masks, placeholders: dict[str, str]) -> None:
    assert found.placeholders == placeholders


def test_each_value_has_one_placeholder_and_each_placeholder_one_value() -> None:
    found = masks(("Cookie", "sid=one111; b=one111"), ("Cookie", "sid=two222"))
    assert found.placeholders == {"one111": "sid-1", "two222": "sid-2"}
    assert found.named == ("sid", "b")


def test_a_kept_name_is_not_masked() -> None:
    request = Request("GET", "/", "", Headers([("Cookie", "sid=abcdef; b=ghijkl")]))
    assert masks_for([(request, Response(200))], frozenset({"sid"})).placeholders == {"ghijkl": "b-1"}


SESSION = Masks({"abcdef": "session-1", "a/b c=": "token-1", "x": "pwd-1"})


@pytest.mark.parametrize(
    ("told", "masked"),
    [
        pytest.param(SESSION.text("see abcdef!"), "see session-1!", id="in a text"),
        pytest.param(SESSION.text("abcdefgh"), "abcdefgh", id="not within a longer word"),
        pytest.param(SESSION.text("?t=a%2Fb%20c%3D"), "?t=token-1", id="percent-encoded"),
        pytest.param(SESSION.text("x y"), "x y", id="a short one is not looked for"),
        pytest.param(SESSION.query("pwd=x&y=x1"), "pwd=pwd-1&y=x1", id="but masked as a parameter"),
        pytest.param(SESSION.query("/a?t=abcdef"), "/a?t=session-1", id="in a target"),
        pytest.param(SESSION.cookies("s=abcdef; Path=/"), "s=session-1; Path=/", id="in Set-Cookie"),
        pytest.param(SESSION.header("authorization", "Bearer abcdef"), "Bearer session-1", id="after its scheme"),
        pytest.param(SESSION.json({"pwd": "x"}), {"pwd": "pwd-1"}, id="in a member of its name"),
        pytest.param(SESSION.json(["x", "abcdef"]), ["x", "session-1"], id="in other JSON"),
    ],
)  # fmt: skip
def test_a_secret_is_its_placeholder_wherever_it_occurs(told: object, masked: object) -> None:
    assert told == masked


@given(st.lists(st.tuples(viewer_requests(), origin_responses()), max_size=3))
def test_no_long_secret_is_left_in_a_header(seen: list[tuple[Request, Response]]) -> None:
    found = masks_for(seen)
    long = [secret for secret in found.placeholders if len(secret) >= 6 and secret.isalnum()]
    for name, value in (field for request, _ in seen for field in request.headers):
        told = re.split(r"[^0-9A-Za-z]", found.header(name.lower(), value))
        assert not set(told) & set(long)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("accessToken", True),
        ("X-CSRF-Token", True),
        ("PHPSESSID", True),
        ("x-amz-signature", True),
        ("api_key", True),
        ("tokens-left", False),
        ("author", False),
        ("content-security-policy", False),
        ("passage", False),
    ],
)
def test_a_name_tells_whether_it_is_a_secrets(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


@pytest.mark.parametrize(
    ("name", "value", "pattern"),
    [
        pytest.param("x-id", "a-9bc647a9-40df-4ba6-a6e2-73708b26c35c", r"^a\-[0-9a-fA-F]{8}", id="a UUID"),
        pytest.param("x-at", "2026-10-01T12:00:00.123Z", r"[0-9]{4}-[0-9]{2}", id="an ISO time"),
        pytest.param("expires", "Tue, 06 May 2025 10:00:00 GMT", "GMT$", id="an HTTP date"),
        pytest.param("x-ms", "t=1790000000123", "[0-9]{10,13}$", id="milliseconds"),
        pytest.param("x-hash", "sha=0123456789abcdef", "{16,}$", id="a digest"),
        pytest.param("etag", '"d41d8cd98f00b204e9800998ecf8427e"', "{16,}", id="a validator that is a digest"),
    ],
)
def test_what_differs_each_time_becomes_a_pattern(name: str, value: str, pattern: str) -> None:
    told = expected(name, value)
    assert isinstance(told, dict)
    assert re.search(told["matches"], value)
    assert pattern.replace(r"\-", "-") in told["matches"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("etag", '"v1"', id="a validator"),
        pytest.param("last-modified", "Tue, 06 May 2025 10:00:00 GMT", id="a date that stays"),
        pytest.param("x-version", "1.2.3", id="a version"),
        pytest.param("x-words", "deadbeefdeadbeefdeadbeef", id="letters alone"),
    ],
)
def test_what_stays_is_expected_as_it_is(name: str, value: str) -> None:
    assert expected(name, value) == value


@given(header_values)
def test_a_pattern_matches_what_it_was_made_of(value: str) -> None:
    with_time = f"{value} 2026-10-01T12:00:00Z {value}"
    told = expected("x-any", with_time)
    assert isinstance(told, dict)
    assert re.search(told["matches"], with_time)
    assert re.search(told["matches"], with_time.replace("2026", "2027"))


@pytest.mark.parametrize(
    "name", ["date", "age", "via", "x-amz-cf-id", "cf-ray", "x-cache", "alt-svc", "content-length"]
)
def test_headers_of_the_one_exchange_are_left_out(name: str) -> None:
    assert is_volatile(name)


@pytest.mark.parametrize(
    ("name", "value", "noise"),
    [
        ("user-agent", "curl", True),
        ("sec-fetch-mode", "cors", True),
        ("accept", "*/*", True),
        ("accept", "application/json", False),
        ("x-mine", "1", False),
        ("if-none-match", '"v1"', False),
    ],
)
def test_headers_that_everybody_sends_are_noise(name: str, value: str, noise: bool) -> None:
    assert is_noise(name, value) is noise


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("fields", "keep"),
    [
        ([("cookie", f"session={TOKEN}; theme=dark")], "session"),
        ([("authorization", f"Bearer {TOKEN}")], "authorization"),
        ([("x-who", TOKEN)], "x-who"),
        ([("x-who", f"v1 {TOKEN} end")], "x-who"),
    ],
)
def test_what_is_to_be_kept_is_kept_though_it_is_a_token(fields, keep):
    request = Request("GET", "/", "", Headers(fields))
    assert masks_for([(request, Response(200))]).placeholders
    assert masks_for([(request, Response(200))], frozenset({keep})).placeholders == {}


def test_what_is_kept_says_nothing_of_a_secret_that_is_a_part_of_it():
    request = Request("GET", "/", "password=geheim-1", Headers([("cookie", "sid=geheim-1-and-more")]))
    assert masks_for([(request, Response(200))], frozenset({"sid"})).placeholders == {"geheim-1": "password-1"}


JSON_BODY = f'{{"idt": "{TOKEN}"}}'.encode()


@pytest.mark.parametrize(
    ("masked", "named"),
    [
        pytest.param(masks(("X-Who", TOKEN)), "x-who", id="a header"),
        pytest.param(masks(("Authorization", f"Bearer {TOKEN}")), "authorization", id="a bearer token"),
        pytest.param(masks(("Cookie", f"session={TOKEN}")), "session", id="a cookie"),
        pytest.param(masks(query=f"t={TOKEN}"), "t", id="a parameter"),
        pytest.param(masks(answer=Response(302, Headers([("Location", f"/cb#idt={TOKEN}")]))), "idt", id="a fragment"),
        pytest.param(masks(JSON, body=JSON_BODY), "idt", id="a member of JSON"),
        pytest.param(masks(body=f"it is {TOKEN}".encode()), "jwt", id="no name at all"),
    ],
)
def test_what_is_masked_is_named_as_keep_wants_it(masked: Masks, named: str) -> None:
    assert masked.named == (named,)
    assert list(masked.placeholders) == [TOKEN]


def test_what_keep_names_is_kept_in_a_body_too() -> None:
    request = Request("POST", "/", "", Headers([JSON]), JSON_BODY)
    assert masks_for([(request, Response(200))], frozenset({"idt"})) == Masks()
