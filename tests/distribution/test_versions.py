"""Versions count up and never change; aliases lead to them; what Lambda refuses is told in its words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.versions import (
    LATEST,
    Alias,
    Configuration,
    LambdaFunction,
    Refused,
    Version,
    configuration_of,
    publish,
    put_alias,
    recorded,
    resolve,
    routes,
)

A, B = Configuration("sha-a"), Configuration("sha-b")
ARN = "arn:aws:lambda:us-east-1:123456789012:function:fn"

configurations = st.builds(
    Configuration,
    st.sampled_from(("sha-a", "sha-b")),
    timeout=st.sampled_from((3, 5)),
    description=st.sampled_from(("", "d")),
)


def published(function: LambdaFunction, **options: str) -> tuple[LambdaFunction, Version]:
    result = publish(function, **options)
    assert not isinstance(result, Refused)
    return result


def with_alias(function: LambdaFunction, alias: Alias) -> LambdaFunction:
    result = put_alias(function, alias)
    assert not isinstance(result, Refused)
    return result


def a_function(versions: int = 2) -> LambdaFunction:
    """With as many versions, each of other code."""
    function = LambdaFunction("fn", A)
    for number in range(1, versions + 1):
        function, _ = published(replace(function, latest=Configuration(f"sha-{number}")))
    return function


# ── publishing ───────────────────────────────────────────────────────────────


def test_versions_count_from_one():
    assert [version.number for version in a_function(3).versions] == [1, 2, 3]


def test_unchanged_code_and_settings_publish_nothing():
    function = a_function(2)
    again, version = published(function)
    assert (again, version.number) == (function, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"code_sha256": "sha-x"},
        {"timeout": 9},
        {"memory": 256},
        {"handler": "x.y"},
        {"description": "x"},
        {"role": "r"},
    ],
    ids=str,
)
def test_what_counts_for_a_version_makes_one(change: dict[str, object]):
    function = a_function(2)
    _, version = published(replace(function, latest=replace(function.latest, **change)))
    assert version.number == 3


def test_only_the_last_version_counts_so_that_old_code_is_a_new_version():
    first, _ = published(LambdaFunction("fn", A))
    second, _ = published(replace(first, latest=B))
    third, version = published(replace(second, latest=A))
    assert version.number == 3
    assert third.versions[0].configuration == third.versions[2].configuration


def test_a_versions_own_description_makes_none_by_itself():
    function, version = published(LambdaFunction("fn", A), description="first")
    assert version.configuration.description == "first"
    assert published(function, description="second")[1] == version


def test_the_guard_wants_the_code_that_is_there():
    assert publish(LambdaFunction("fn", A), code_sha256="sha-b") == Refused(
        "InvalidParameterValueException",
        "CodeSHA256 (sha-b) is different from current CodeSHA256 in $LATEST (sha-a). "
        "Please try again with the CodeSHA256 in $LATEST.",
    )
    assert published(LambdaFunction("fn", A), code_sha256="sha-a")[1].number == 1


def test_counting_goes_on_from_the_version_that_an_arn_names():
    function, version = recorded(LambdaFunction("fn", A), 7)
    assert version.number == 7
    assert published(replace(function, latest=B))[1].number == 8


@given(st.lists(st.tuples(st.sampled_from(("publish", "record")), configurations, st.integers(1, 9)), max_size=12))
def test_versions_never_change_and_no_number_is_given_twice(steps: list[tuple[str, Configuration, int]]):
    function, seen = LambdaFunction("fn", A), {}
    for what, latest, number in steps:
        function = replace(function, latest=latest)
        function, version = published(function) if what == "publish" else recorded(function, number)
        assert seen.setdefault(version.number, version) == version
    numbers = [version.number for version in function.versions]
    assert numbers == sorted(seen)
    assert {version.number: version for version in function.versions} == seen


# ── aliases ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("alias", "code", "says"),
    [
        pytest.param(Alias("7", "1"), "ValidationException", "Value '7' at 'name'", id="digits alone"),
        pytest.param(Alias("a b", "1"), "ValidationException", "(?!^[0-9]+$)([a-zA-Z0-9-_]+)", id="a space"),
        pytest.param(Alias("a" * 129, "1"), "ValidationException", "less than or equal to 128", id="a long name"),
        pytest.param(Alias("a", "live"), "ValidationException", "at 'functionVersion'", id="to an alias"),
        pytest.param(Alias("a", "9"), "ResourceNotFoundException", f"{ARN}:9", id="no such version"),
        pytest.param(Alias("a", "1", {"9": 0.5}), "ResourceNotFoundException", f"{ARN}:9", id="none beside"),
        pytest.param(
            Alias("a", "1", {"1": 0.5}),
            "InvalidParameterValueException",
            "Function version 1 is already included in routing configuration.",
            id="twice the same",
        ),
        pytest.param(
            Alias("a", "1", {"2": 0.1, "3": 0.1}),
            "InvalidParameterValueException",
            "Number of items in AdditionalVersionWeights cannot be greater than 1",
            id="three versions",
        ),
        pytest.param(
            Alias("a", LATEST, {"2": 0.1}),
            "InvalidParameterValueException",
            "$LATEST is not supported for an alias pointing to more than 1 version",
            id="$LATEST with another",
        ),
        pytest.param(Alias("a", "1", {LATEST: 0.1}), "ValidationException", "Map keys", id="$LATEST beside another"),
        pytest.param(Alias("a", "1", {"2": 1.0}), "ValidationException", "Map value", id="all of it"),
        pytest.param(Alias("a", "1", {"2": -0.1}), "ValidationException", "Map value", id="less than nothing"),
    ],
)
def test_aliases_that_lambda_refuses(alias: Alias, code: str, says: str):
    refusal = put_alias(a_function(2), alias)
    assert isinstance(refusal, Refused)
    assert refusal.code == code
    assert says in refusal.message


@pytest.mark.parametrize("differs", ["role", "dead_letter_target"])
def test_two_versions_of_an_alias_have_one_role_and_one_dead_letter_queue(differs: str):
    function, _ = published(LambdaFunction("fn", A))
    function, _ = published(replace(function, latest=replace(A, **{differs: "another"})))
    refusal = put_alias(function, Alias("live", "1", {"2": 0.5}))
    assert isinstance(refusal, Refused)
    assert refusal.code == "InvalidParameterValueException"
    with_alias(function, Alias("live", "2"))


def test_an_alias_is_moved_to_another_version():
    function = with_alias(a_function(2), Alias("live", "1"))
    assert routes(with_alias(function, Alias("live", "2")), "live") == (("2", 1.0),)


# ── resolving ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("qualifier", "leads"),
    [("", LATEST), (LATEST, LATEST), ("1", "1"), ("2", "2"), ("live", "2"), ("next", LATEST)],
)
def test_every_qualifier_leads_to_a_version(qualifier: str, leads: str):
    function = with_alias(with_alias(a_function(2), Alias("live", "2")), Alias("next", LATEST))
    assert resolve(function, qualifier, 0.0) == leads


@pytest.mark.parametrize("qualifier", ["3", "0", "01", "nobody", "$NEXT"])
def test_a_qualifier_that_leads_nowhere_is_not_found(qualifier: str):
    refusal = Refused("ResourceNotFoundException", f"Function not found: {ARN}:{qualifier}")
    assert resolve(a_function(2), qualifier, 0.5) == refusal
    assert configuration_of(a_function(2), qualifier) == refusal


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_the_second_version_gets_its_share(weight: float, draw: float):
    function = with_alias(a_function(2), Alias("live", "1", {"2": weight}))
    assert resolve(function, "live", draw) == ("2" if draw < weight else "1")
    leads = routes(function, "live")
    assert not isinstance(leads, Refused)
    assert sum(route.weight for route in leads) == pytest.approx(1.0)


def test_latest_is_what_was_not_published_yet():
    function = replace(a_function(1), latest=B)
    assert configuration_of(function, LATEST) == B
    assert configuration_of(function, "1") == Configuration("sha-1")
