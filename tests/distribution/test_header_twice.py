"""A header that is both listed for an origin and its own."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from edgesim.distribution.config import DistributionConfig, parse
from edgesim.distribution.header_twice import headers_said_twice
from edgesim.distribution.model import CacheBehavior, ForwardedValues, OriginGroup
from edgesim.distribution.policies import OriginRequestPolicy, Selection, Selects, listed
from edgesim.testing.make import a_distribution, behavior


def config(*origins: str) -> DistributionConfig:
    headers = [{"HeaderName": "X-Other", "HeaderValue": "a"}, {"HeaderName": "X-Key", "HeaderValue": "k"}]
    raw = [{"Id": one, "DomainName": "a.example.com", "OriginCustomHeaders": headers} for one in origins]
    return parse(DistributionConfig, {"Origins": raw})[0]


def policy(selects: Selects, *names: str) -> OriginRequestPolicy:
    return OriginRequestPolicy(headers=Selection(selects, names))


def with_origin(origin: str, **more: Any) -> CacheBehavior:
    return behavior(target_origin_id=origin, **more)


@pytest.mark.parametrize(
    "one",
    [
        with_origin("o", headers=listed("x-key")),
        with_origin("o", origin_request_policy=policy(Selects.WHITELIST, "X-KEY")),
        with_origin("o", origin_request_policy=policy(Selects.ALL_VIEWER_AND_CLOUDFRONT, "x-key")),
        with_origin("o", forwarded_values=ForwardedValues(headers=("X-Key",))),
        with_origin("group", headers=listed("x-key")),
    ],
)
def test_a_header_is_not_said_twice(one: CacheBehavior) -> None:
    groups = MappingProxyType({"group": OriginGroup("group", ("p", "o"), frozenset({500}))})
    (found,) = headers_said_twice(config("other", "o"), a_distribution(one, origin_groups=groups))
    assert found.at == ("Origins", 1, "OriginCustomHeaders", 1, "HeaderName")
    assert found.message.startswith("The parameter Header Name with value X-Key is not allowed as both")


@pytest.mark.parametrize(
    "one",
    [
        with_origin("another", headers=listed("x-key")),
        with_origin("o", origin_request_policy=policy(Selects.ALL_VIEWER)),
        with_origin("o", origin_request_policy=policy(Selects.ALL_EXCEPT, "x-key")),
        with_origin("o", forwarded_values=ForwardedValues(headers=("*",))),
    ],
)
def test_with_all_of_the_viewers_or_at_another_origin_it_may(one: CacheBehavior) -> None:
    assert list(headers_said_twice(config("o"), a_distribution(one))) == []
