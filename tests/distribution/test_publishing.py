"""Which changes of a function publish a version of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgesim.distribution.model import AutoPublish, Code, Trigger
from edgesim.distribution.publishing import kept_back, publishes, unpublished, with_functions
from edgesim.testing.make import a_distribution, a_function, behavior

BY_CODE, BY_ALL, BY_DIGEST = AutoPublish(), AutoPublish(all_properties=True), AutoPublish(code_sha256="a")


@pytest.mark.parametrize("rule", [None, BY_CODE, BY_ALL, BY_DIGEST], ids=["no SAM", "by code", "by all", "by digest"])
@pytest.mark.parametrize(
    ("change", "publishing"),
    [
        ({"timeout": 9}, {None, BY_ALL}),
        ({"handler": "other.handler"}, {None, BY_ALL}),
        ({"runtime": "nodejs24.x"}, {None, BY_ALL}),
        ({"memory": 256}, {None, BY_CODE, BY_ALL}),
        ({"code": Code("/elsewhere")}, {None, BY_CODE, BY_ALL, BY_DIGEST}),
        ({"auto_publish": AutoPublish(code_sha256="b")}, {None, BY_CODE, BY_ALL, BY_DIGEST}),
    ],
    ids=["timeout", "handler", "runtime", "memory", "code", "AutoPublishCodeSha256"],
)
def test_what_publishes(rule, change, publishing):
    before = a_function(auto_publish=rule)
    assert publishes(before, replace(before, **change)) is (rule in publishing)


def test_where_nothing_is_published_all_stays_but_reserved_concurrency():
    before = a_function(auto_publish=BY_CODE)
    after = replace(before, timeout=9, concurrency=5)
    assert unpublished(before, after) == replace(before, concurrency=5)
    assert kept_back(before, after) == {"Timeout": "3"}
    assert kept_back(before, replace(before, handler="a.b", memory=256)) == {
        "Handler": before.handler,
        "MemorySize": "128",
    }


def test_functions_are_exchanged_in_their_places():
    first, second, third = (a_function(name=name) for name in ("first", "second", "third"))
    distribution = a_distribution(
        behavior(functions={Trigger.VIEWER_REQUEST: first}),
        behavior("/a", functions={Trigger.ORIGIN_REQUEST: second}),
    )
    assert set(with_functions(distribution, {first: third}).functions) == {second, third}
