from dataclasses import replace

import pytest
from hypothesis import given

from edgesim.testing.make import NOW, an_entry
from edgesim.testing.strategies import instants
from edgesim.values.body import Ticket
from edgesim.values.entry import CacheKey


def test_age_counts_whole_seconds_from_storing():
    assert an_entry(stored_at=NOW).age(NOW + 41.9) == 41


def test_what_another_cache_held_before_is_older_by_that():
    assert replace(an_entry(stored_at=NOW), age_when_stored=30).age(NOW + 41.9) == 71


def test_age_is_never_negative():
    assert an_entry(stored_at=NOW).age(NOW - 5) == 0


@given(instants, instants, instants)
def test_age_never_decreases(stored_at, one, other):
    entry = an_entry(stored_at=stored_at)
    assert entry.age(min(one, other)) <= entry.age(max(one, other))


def test_a_body_at_rest_gives_the_length_that_the_origin_did_not():
    entry = an_entry(body=Ticket(), transfer_encoding="chunked", content_type="a/b").with_body(b"hello")
    assert entry.headers.fields == (("Content-Type", "a/b"), ("Content-Length", "5"))
    assert entry.body == b"hello"


def test_a_length_from_the_origin_stays():
    assert an_entry(content_length="5").with_body(b"hello").headers.fields == (("Content-Length", "5"),)


def test_an_unknown_length_is_not_made_up():
    assert not len(an_entry().with_body(Ticket()).headers)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(an_entry(method="HEAD"), id="an answer to HEAD, whose length was another"),
        pytest.param(an_entry(204), id="204, which has no Content-Length (RFC 9110)"),
    ],
)
def test_no_length_is_added_to(entry):
    assert not len(entry.with_body(b"").headers)


def test_an_entry_is_fresh_until_its_ttl_is_over():
    assert an_entry(ttl=60, stored_at=NOW).fresh_until == NOW + 60


def test_entries_show_what_matters():
    assert repr(an_entry(etag='"v1"')) == '<Entry 200 ttl 60s (max-age) etag="v1">'
    assert repr(an_entry(404, ttl=10)) == "<Entry 404 ttl 10s (max-age)>"


def test_keys_show_method_and_target():
    assert repr(CacheKey("E1", "GET", "/a", "x=1")) == "<CacheKey GET /a?x=1>"
    assert repr(CacheKey("E1", "GET", "/a")) == "<CacheKey GET /a>"


def test_a_part_belongs_to_an_object():
    whole = CacheKey("E1", "GET", "/film", "id=1")
    part = whole._replace(part="0-99")
    assert (part.whole, whole.whole) == (whole, whole)
