"""What a line of the access log says."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.model import Distribution, Logging
from edgesim.errors import OriginTrouble, ViewerTrouble
from edgesim.logs.access import FORMATS, STANDARD, encoded, fields_of
from edgesim.pipeline.logged import is_logged, result_types_of
from edgesim.pipeline.transcript import Transcript
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import NOW, a_distribution, a_request, a_response, an_arrival
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Request, Response
from edgesim.values.viewer import Viewer
from edgesim.values.wire import Wire
from tests.logs.cloudfront_log import FIELDS, SAMPLE, line_of, parsed

END = Instant(NOW + 1.2345)


def transcript_of(
    request: Request,
    response: Response | None = None,
    viewer: Viewer | None = None,
    distribution: Distribution | None = None,
    wire: Wire | None = None,
) -> Transcript:
    """A request that was answered to its end by a miss."""
    edge = FakeEdge(lambda request, origin: response or a_response(), distribution or a_distribution())

    async def story() -> Transcript:
        answered = await edge.ask(request, viewer)
        await edge.aclose()
        return answered.transcript

    transcript = asyncio.run(story())
    transcript.wire = wire or Wire(0, 500)
    return transcript


def fields(request: Request | None = None, response: Response | None = None, **more: object) -> dict[str, str]:
    return fields_of(transcript_of(request or a_request(), response, **more), END)  # type: ignore[arg-type]


def test_the_fields_and_their_order_are_those_of_the_documentation() -> None:
    assert list(STANDARD) == FIELDS
    assert len(FIELDS) == 33
    assert FORMATS["w3c"].head == SAMPLE[: SAMPLE.index("2019")]


def test_the_reader_reads_the_documented_example() -> None:
    first, second = parsed(SAMPLE)
    assert first["cs(User-Agent)"] == "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
    assert (first["ssl-cipher"], first["cs(Referer)"]) == ("ECDHE-RSA-AES128-GCM-SHA256", None)
    assert second["x-edge-detailed-result-type"] == "OriginDnsError"


# ── encoding ─────────────────────────────────────────────────────────────────

ESCAPED = {*range(33), *range(127, 256), *b"<>\"#%{}|\\^~[]`'"}


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_is_escaped_or_itself(byte: int) -> None:
    if bytes([byte]) != b"-":
        assert encoded(chr(byte)) == (f"%{byte:02X}" if byte in ESCAPED else chr(byte))


def test_nothing_is_a_hyphen() -> None:
    assert encoded("") == "-"


_wire_text = st.text(st.characters(max_codepoint=255), max_size=60)
_value = _wire_text.filter(lambda text: text != "-")  # a hyphen and nothing at all look alike, at CloudFront too


@given(_value, _value, _value, _value, _value, _value, _value)
def test_whatever_is_asked_and_answered_reads_back(
    path: str, query: str, host: str, agent: str, referer: str, forwarded: str, cookie: str
) -> None:
    named = {"Host": host, "User-Agent": agent, "Referer": referer, "X-Forwarded-For": forwarded, "Cookie": cookie}
    request = Request("GET", f"/{path}", query, Headers(named.items()))
    transcript = Transcript(
        an_arrival(request),
        a_distribution(logging=Logging(include_cookies=True)),
        headers=Headers([("Content-Type", agent)]),
        wire=Wire(1, 2),
    )
    line = FORMATS["w3c"].line(transcript, END)
    read = line_of(FIELDS, line)
    assert line.split("\t") == list(fields_of(transcript, END, STANDARD).values())
    assert json.loads(FORMATS["json"].line(transcript, END)) == fields_of(transcript, END)
    asked = [f"/{path}", query, host, agent, referer, forwarded, cookie, agent]
    names = ["cs-uri-stem", "cs-uri-query", "x-host-header", "cs(User-Agent)", "cs(Referer)", "x-forwarded-for",
             "cs(Cookie)", "sc-content-type"]  # fmt: skip
    assert [read[name] or "" for name in names] == asked


def test_a_line_of_json_is_an_object_of_texts() -> None:
    odd = Viewer(place={"country": "DE"}, pop='F"A\\1', ip="fe80::1%eth0")
    transcript = transcript_of(a_request("/a b", user_agent='x"y'), viewer=odd)
    read = json.loads(FORMATS["json"].line(transcript, END))
    assert (read["x-edge-location"], read["c-ip"]) == ("F%22A%5C1", "fe80::1%25eth0")
    assert list(read) == [*FIELDS, "c-country", "cache-behavior-path-pattern"]
    assert (read["c-country"], read["cache-behavior-path-pattern"]) == ("DE", "*")
    assert read["cs(User-Agent)"] == "x%22y"
    assert {type(value) for value in read.values()} == {str}


# ── single fields ────────────────────────────────────────────────────────────


def test_times_have_three_decimals_and_count_from_the_arrival() -> None:
    told = fields()
    assert (told["date"], told["time"]) == ("2025-05-06", "10:00:01")
    assert (told["time-to-first-byte"], told["time-taken"]) == ("0.000", "1.234")


def test_a_status_is_000_where_nothing_was_sent() -> None:
    assert fields(wire=Wire(0, 1))["sc-status"] == "200"
    assert fields(wire=Wire(0, 0))["sc-status"] == "000"


def test_the_two_hosts_are_the_distributions_and_the_viewers() -> None:
    told = fields(a_request(host="www.example.org:8080"), distribution=a_distribution(domain_name="d1.cloudfront.net"))
    assert (told["cs(Host)"], told["x-host-header"]) == ("d1.cloudfront.net", "www.example.org:8080")


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        pytest.param("bytes 0-99/1234", "0", "99", id="a part"),
        pytest.param("bytes 5-9/*", "5", "9", id="of an unknown whole"),
        pytest.param("bytes */1234", "-", "-", id="no part at all"),
        pytest.param("lines 1-2/3", "-", "-", id="of something else"),
    ],
)
def test_a_ranges_ends(header: str, first: str, last: str) -> None:
    told = fields(response=a_response(206, content_range=header))
    assert (told["sc-range-start"], told["sc-range-end"]) == (first, last)


def test_tls_is_told_for_https_alone() -> None:
    secure = fields(viewer=Viewer(protocol="https", tls=("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256")))
    assert (secure["ssl-protocol"], secure["ssl-cipher"]) == ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256")
    assert (fields()["ssl-protocol"], fields()["ssl-cipher"]) == ("-", "-")


@pytest.mark.parametrize(("included", "logged"), [(True, "a=1;%20b=2"), (False, "-")])
def test_cookies_are_logged_only_where_they_are_to_be(included: bool, logged: str) -> None:
    told = fields(a_request(cookie=["a=1", "b=2"]), distribution=a_distribution(logging=Logging("", "", included)))
    assert told["cs(Cookie)"] == logged


def test_a_clock_that_was_set_back_takes_no_time() -> None:
    assert fields_of(transcript_of(a_request()), Instant(NOW - 5))["time-taken"] == "0.000"


# ── which requests, as what ──────────────────────────────────────────────────


def test_what_is_too_large_is_not_logged_and_what_is_refused_is() -> None:
    assert is_logged(transcript_of(a_request(method="DELETE")))
    assert not is_logged(transcript_of(a_request("/" + "x" * 8192)))
    assert not is_logged(transcript_of(a_request(x_large="x" * 33_000)))


def test_a_request_for_no_distribution_is_not_logged() -> None:
    two = FakeEdge(
        lambda request, origin: a_response(), a_distribution(), a_distribution(id="E2", domain_name="e2.example")
    )

    async def story() -> Transcript:
        return (await two.ask(a_request(host="nobody.example"))).transcript

    assert not is_logged(asyncio.run(story()))


@pytest.mark.parametrize(
    ("by", "sent", "expected"),
    [
        pytest.param(ViewerTrouble.LEFT, 7, ("Error", "Miss", "ClientCommError"), id="the viewer left half way"),
        pytest.param(ViewerTrouble.LEFT, 0, ("Error", "Error", "ClientCommError"), id="the viewer left before"),
        pytest.param(OriginTrouble.RESET, 7, ("Error", "Miss", "OriginReadError"), id="the origin broke off"),
        pytest.param(OriginTrouble.READ_TIMEOUT, 7, ("Error", "Miss", "OriginCommError"), id="the origin fell silent"),
    ],
)
def test_an_answer_that_was_interrupted(
    by: OriginTrouble | ViewerTrouble, sent: int, expected: tuple[str, ...]
) -> None:
    transcript = transcript_of(a_request(), wire=Wire(0, sent))
    transcript.complete, transcript.interrupted = False, by
    types = result_types_of(transcript)
    assert types is not None
    assert (types.result, types.response, types.detailed) == expected


def test_a_request_that_edgesim_could_not_answer_is_its_own_fault() -> None:
    transcript = Transcript(an_arrival(a_request()), a_distribution(), wire=Wire())
    told = fields_of(transcript, END)
    assert result_types_of(transcript) is None
    assert (told["sc-status"], told["x-edge-result-type"]) == ("000", "Error")
    assert told["x-edge-detailed-result-type"] == "InternalError"
    assert re.fullmatch(r"\d+\.\d{3}", told["time-to-first-byte"])
