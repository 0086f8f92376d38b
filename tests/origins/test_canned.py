from __future__ import annotations

import pytest

from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.origins.canned import Received, ScriptedBody, canned_origin, slowly, trouble, truncated
from edgesim.values.message import Request, Response

WEB = Origin("web", "origin.test")


async def test_it_answers_by_script_and_remembers() -> None:
    origin = canned_origin(lambda request, at: Response(200, body=f"{at.id}{request.path}".encode()))
    response = await origin.fetch(Request("GET", "/a"), WEB, https=True)
    assert response.body == b"web/a"
    assert origin.received == [Received(Request("GET", "/a"), WEB, True)]
    assert origin.requests == [Request("GET", "/a")]
    await origin.aclose()


async def test_bodies_of_requests_are_read() -> None:
    origin = canned_origin(lambda request, _: Response(200, body=request.body))
    request = Request("POST", "/a", body=ScriptedBody(b"ab", b"c"))
    assert (await origin.fetch(request, WEB, https=False)).body == b"abc"
    assert origin.requests == [Request("POST", "/a", body=b"abc")]


async def test_a_script_may_be_a_coroutine_function() -> None:
    async def answer(_request: Request, _origin: Origin) -> Response:
        return Response(204)

    assert (await canned_origin(answer).fetch(Request("GET", "/"), WEB, https=False)).status == 204


async def test_a_script_may_fail() -> None:
    origin = canned_origin(trouble(OriginTrouble.DNS, "no such name"))
    with pytest.raises(OriginFault, match="no such name") as raised:
        await origin.fetch(Request("GET", "/"), WEB, https=False)
    assert raised.value.trouble is OriginTrouble.DNS
    assert len(origin.requests) == 1


async def test_a_script_may_take_its_time_on_a_clock(clock) -> None:
    before = clock.now()
    origin = canned_origin(slowly(clock, 29, slowly(clock, 1, lambda *_: Response(200))))
    assert (await origin.fetch(Request("GET", "/"), WEB, https=False)).status == 200
    assert clock.now() - before == 30


async def test_a_body_may_come_slowly(clock) -> None:
    before = clock.now()
    body = ScriptedBody(b"ab", b"cd", length=4, clock=clock, every=5)
    assert [(chunk, clock.now() - before, body.read) async for chunk in body.chunks()] == [
        (b"ab", 5, 2),
        (b"cd", 10, 4),
    ]
    assert not body.closed
    await body.aclose()
    assert body.closed


async def test_a_body_may_break_off() -> None:
    body = truncated(b"hello", 10)
    assert body.length == 10
    chunks = body.chunks()
    assert await anext(chunks) == b"hello"
    with pytest.raises(OriginFault, match="5 of 10 bytes"):
        await anext(chunks)
