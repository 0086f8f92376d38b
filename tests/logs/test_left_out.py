"""What CloudFront leaves out on the way, as explain tells it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from edgesim.distribution.model import OriginGroup
from edgesim.distribution.policies import ALL, ForwardedValues
from edgesim.distribution.signers import Signers
from edgesim.logs.explain import as_data
from edgesim.logs.left_out import not_forwarded
from edgesim.rules.forwarding import KeptBack
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_request, a_response, an_origin, an_origin_request_policy, behavior
from edgesim.values.message import Request, Response

CACHE = "the cache policy has no"
NO_POLICY = "there is no origin request policy"


def told(request: Request, response: Response, chosen: Any = None, *, times: int = 1, **more: Any) -> list[str]:
    """Of the last of so many requests: what was not forwarded, removed and changed, at each station."""
    edge = FakeEdge(lambda request, origin: response, a_distribution(chosen or behavior(), **more))

    async def ask() -> None:
        for _ in range(times):
            await edge.ask(request)

    asyncio.run(ask())
    last = edge.recorder.find("last")
    assert last is not None
    return list(_lines(as_data(last)["sections"]))


def _lines(sections: list[dict[str, Any]]) -> Any:
    for section in sections:
        for label, value in section["details"]:
            if label.startswith(("not forwarded", "removed header", "changed header")):
                yield f"{section['station']}: {label} {value}"
        yield from _lines(section["inner"])


def test_a_cookie_that_no_policy_lets_through_is_told_with_its_value() -> None:
    asked = a_request(host=None)
    assert told(asked, a_response(set_cookie="a=1")) == [
        f"origin: removed header set-cookie a=1 (no cookies are forwarded: {CACHE} cookie and {NO_POLICY})"
    ]
    legacy = behavior(forwarded_values=ForwardedValues())
    [line] = told(asked, a_response(set_cookie="a=1"), legacy)
    assert line.endswith("a=1 (no cookies are forwarded: ForwardedValues have none)")
    assert told(asked, a_response(set_cookie="a=1"), behavior(cookies="all")) == []


def test_what_the_origin_did_not_get_is_told_by_what_left_it_out() -> None:
    asked = a_request("/a?v=1&utm=x", host=None, X_Foo="1", X_Bar="2", cookie="a=1; b=2", authorization="Basic eA==")
    chosen = behavior(
        query_strings=["v"], cookies=["a"], origin_request_policy=an_origin_request_policy(headers=["X-Bar"])
    )
    both = "the cache policy has {} and the origin request policy has {}"
    assert told(asked, a_response(), chosen) == [
        f"origin: not forwarded X-Foo: {both.format('no header', 'the header X-Bar')}",
        f"origin: not forwarded Authorization: {KeptBack.AUTHORIZATION.value}",
        f"origin: not forwarded cookie b: {both.format('the cookie a', 'no cookie')}",
        f"origin: not forwarded ?utm=x: {both.format('the query string v', 'no query string')}",
    ]


def test_a_hit_has_nothing_to_tell() -> None:
    asked = a_request(x_foo="1")
    assert told(asked, a_response(cache_control="max-age=60", set_cookie="a=1", vary="X"), times=2) == []


@pytest.mark.parametrize(
    ("vary", "line"),
    [
        ("Accept-Encoding, X-A", "changed header vary Accept-Encoding, X-A → Accept-Encoding (CloudFront passes on "),
        ("X-A,X-B", "removed header vary X-A, X-B (CloudFront passes on "),
    ],
)
def test_what_becomes_of_vary_is_told_at_the_store(vary: str, line: str) -> None:
    [found] = told(a_request(host=None), a_response(vary=vary, cache_control="max-age=60"))
    assert found.startswith(f"store: {line}")


def test_of_a_group_each_origins_removed_headers_are_told_and_once_what_was_not_forwarded() -> None:
    group = OriginGroup("group", ("first", "spare"), frozenset({500}))
    found = told(
        a_request(host=None, x_foo="1"),
        a_response(500, set_cookie="a=1", vary="X-A"),
        behavior(target_origin_id="group"),
        origins=[an_origin(id="first"), an_origin(id="spare")],
        origin_groups={"group": group},
    )
    assert [line.partition(" (")[0].partition(": the")[0] for line in found] == [
        "origin: not forwarded X-Foo",
        "origin: removed header set-cookie a=1",
        "origin: removed header set-cookie a=1",
        "store: removed header vary X-A",
    ]


def test_signatures_are_told_apart_from_what_the_policies_leave_out() -> None:
    signed = replace(behavior(forwarded_values=ForwardedValues(query_string=True, cookies=ALL)), signers=Signers({}))
    asked = a_request("/a?x=1&Signature=s&Key-Pair-Id=k", host=None)
    [line] = not_forwarded(asked, a_request("/a?x=1", host=None), signed)
    assert line == ("Signature, Key-Pair-Id", "CloudFront keeps signatures to itself")
