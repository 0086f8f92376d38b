"""Bodies under a content coding: the same bytes come out, in whatever pieces they come in."""

from __future__ import annotations

import asyncio
import gzip

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.driver.compression import Coded, coded
from edgesim.errors import OriginFault
from edgesim.origins.canned import ScriptedBody, truncated
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_cache_policy, a_distribution, a_request, a_response, behavior
from edgesim.values.body import Coding

DECODE = {Coding.GZIP: gzip.decompress, Coding.BROTLI: brotli.decompress}


async def _read(body: Coded) -> bytes:
    return b"".join([piece async for piece in body.chunks()])


@given(st.sampled_from(Coding), st.lists(st.binary(min_size=1, max_size=5_000), max_size=8))
def test_a_stream_is_the_same_once_it_is_decoded(coding: Coding, pieces: list[bytes]) -> None:
    body = coded(ScriptedBody(*pieces), coding)
    assert isinstance(body, Coded)
    assert DECODE[coding](asyncio.run(_read(body))) == b"".join(pieces)


@pytest.mark.parametrize("coding", Coding)
def test_bytes_are_coded_at_once_and_each_time_alike(coding: Coding) -> None:
    body = coded(b"hello " * 500, coding)
    assert isinstance(body, bytes)
    assert DECODE[coding](body) == b"hello " * 500
    assert body == coded(b"hello " * 500, coding)


PAGE = b"hello " * 1000
SITE = a_distribution(behavior(compress=True, cache_policy=a_cache_policy(gzip=True)))
HEAD = {"content_type": "text/html", "content_length": str(len(PAGE)), "cache_control": "max-age=60"}


async def test_viewer_and_cache_get_the_same_compressed_bytes() -> None:
    edge = FakeEdge(lambda request, origin: a_response(body=ScriptedBody(PAGE), **HEAD), SITE)
    first = await edge.ask(a_request("/a", accept_encoding="gzip"))
    hit = await edge.ask(a_request("/a", accept_encoding="gzip"))
    assert gzip.decompress(first.body) == PAGE
    assert (hit.x_cache, hit.body) == ("Hit", first.body)
    await edge.aclose()


async def test_a_body_that_breaks_off_breaks_off_for_the_viewer_too() -> None:
    edge = FakeEdge(lambda request, origin: a_response(body=truncated(PAGE[:3000], len(PAGE)), **HEAD), SITE)
    with pytest.raises(OriginFault):
        await edge.ask(a_request("/a", accept_encoding="gzip"))
    assert not edge.store.entries()
    await edge.aclose()


async def test_only_what_an_origin_sent_is_compressed() -> None:
    methods = frozenset({"GET", "HEAD", "POST"})
    post = a_distribution(behavior(compress=True, cache_policy=a_cache_policy(gzip=True), allowed_methods=methods))
    edge = FakeEdge(lambda request, origin: a_response(body=ScriptedBody(PAGE), **HEAD), post)
    answered = await edge.ask(a_request("/a", method="POST", accept_encoding="gzip"))
    assert answered.body == PAGE
    await edge.aclose()
