from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.rules.ranges import (
    AskedRange,
    Part,
    Unsatisfiable,
    asked_part,
    asked_spans,
    gets_whole_object,
    part_of,
    span_in_part,
)
from edgesim.testing.make import a_request, some_headers
from edgesim.values.body import Span

BEYOND = Unsatisfiable


def span(value, length=10, stored=None, **more):
    """The one span, or what there is in its place."""
    found = spans(value, length, stored, **more)
    return found[0] if isinstance(found, tuple) and len(found) == 1 else found


def spans(value, length=10, stored=None, **more):
    found = asked_spans(some_headers(range=value, **more), some_headers(**(stored or {})), length)
    return Unsatisfiable if isinstance(found, Unsatisfiable) else found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("bytes=0-4", Span(0, 5), id="first to last"),
        pytest.param("bytes=0-0", Span(0, 1), id="one byte"),
        pytest.param("bytes=5-", Span(5, 10), id="open"),
        pytest.param("bytes=-3", Span(7, 10), id="a suffix"),
        pytest.param("bytes=-30", Span(0, 10), id="a suffix longer than all"),
        pytest.param("bytes=5-100", Span(5, 10), id="beyond the end is cut"),
        pytest.param("bytes=5-" + "9" * 5000, Span(5, 10), id="beyond every end is cut"),
        pytest.param("bytes=" + "0" * 5000 + "-4", Span(0, 5), id="leading zeros"),
        pytest.param("BYTES = 0-4", None, id="a space before the equals sign"),
        pytest.param("Bytes= 0 - 4 ", Span(0, 5), id="spaces elsewhere, unit in any case"),
        pytest.param("bytes=10-", BEYOND, id="at the end"),
        pytest.param("bytes=" + "9" * 5000 + "-", BEYOND, id="far beyond the end"),
        pytest.param("bytes=-0", BEYOND, id="a suffix of nothing"),
        pytest.param("bytes=4-2", None, id="last before first is invalid: the whole object"),
        pytest.param("bytes=-", None, id="neither first nor last"),
        pytest.param("bytes=-5-10", None, id="a negative value"),
        pytest.param("bytes=0-1,", None, id="a range is missing"),
        pytest.param("bytes=0-1,x", None, id="one of several is not valid"),
        pytest.param("bytes=a-b", None, id="no numbers"),
        pytest.param("items=0-4", None, id="another unit"),
        pytest.param("0-4", None, id="no unit"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="no Range"),
    ],
)
def test_the_part_that_is_asked_for(value, expected):
    assert span(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("bytes=0-1,3-4", (Span(0, 2), Span(3, 5)), id="two"),
        pytest.param("bytes=0-1, 2-3 ,-2", (Span(0, 2), Span(2, 4), Span(8, 10)), id="three, with spaces"),
        pytest.param("bytes=3-4,0-1", None, id="not in ascending order: the whole object"),
        pytest.param("bytes=0-4,3-6", None, id="overlapping: the whole object"),
        pytest.param("bytes=0-4,-8", None, id="a suffix that overlaps"),
        pytest.param("bytes=0-1,20-30", (Span(0, 2),), id="one beyond the end is left out"),
        pytest.param("bytes=20-30,40-", BEYOND, id="all beyond the end"),
    ],
)
def test_several_parts(value, expected):
    assert spans(value) == expected


def test_an_empty_object_has_no_parts():
    assert span("bytes=0-", length=0) is Unsatisfiable
    assert span("bytes=-1", length=0) is Unsatisfiable


DATE = "Tue, 06 May 2025 10:00:00 GMT"


@pytest.mark.parametrize(
    ("condition", "stored", "holds"),
    [
        pytest.param('"v1"', {"etag": '"v1"'}, True, id="the same tag"),
        pytest.param('"v2"', {"etag": '"v1"'}, False, id="another tag"),
        pytest.param('W/"v1"', {"etag": 'W/"v1"'}, False, id="weak tags never hold"),
        pytest.param('"v1"', {"etag": 'W/"v1"'}, False, id="a weak tag stored"),
        pytest.param(DATE, {"last_modified": DATE}, True, id="the same date"),
        pytest.param(DATE, {}, False, id="no date to compare with"),
        pytest.param("Tue, 06 May 2025 10:00:01 GMT", {"last_modified": DATE}, False, id="another date"),
        pytest.param("x", {"last_modified": "y"}, False, id="two texts that are no dates"),
        pytest.param("x", {}, False, id="a text that is no date, and none stored"),
    ],
)
def test_if_range(condition, stored, holds):
    assert span("bytes=0-4", stored=stored, if_range=condition) == (Span(0, 5) if holds else None)


range_texts = st.text() | st.text("bytes=0123456789-, ", max_size=30)


@given(range_texts, st.integers(0, 100))
@example("bytes=" + "0" * 30_000, 10)
@example("bytes=" + "0-0," * 8_000 + "1-1", 10)
def test_spans_lie_within_the_object_one_after_the_other(value, length):
    found = spans(value, length)
    if isinstance(found, tuple):
        assert all(0 <= one.start < one.stop <= length for one in found)
        assert all(one.stop <= other.start for one, other in pairwise(found))


# ── stored parts ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes 2-5/10", Part(Span(2, 6), 10)),
        ("bytes 0-0/*", Part(Span(0, 1), None)),
        ("bytes 5-2/10", None),
        ("bytes 2-10/10", None),
        ("bytes */10", None),
        ("items 2-5/10", None),
        ("bytes 2-5", None),
        (None, None),
    ],
)
def test_which_part_a_response_is(value, expected):
    assert part_of(some_headers(content_range=value)) == expected


@pytest.mark.parametrize(
    ("asked", "part", "within"),
    [
        (AskedRange(3, 4), Part(Span(2, 6), 10), Span(1, 3)),
        (AskedRange(2, 5), Part(Span(2, 6), 10), Span(0, 4)),
        (AskedRange(1, 5), Part(Span(2, 6), 10), None),
        (AskedRange(2, 6), Part(Span(2, 6), 10), None),
        (AskedRange(7, None), Part(Span(6, 10), 10), Span(1, 4)),
        (AskedRange(7, 99), Part(Span(6, 10), 10), Span(1, 4)),
        (AskedRange(7, None), Part(Span(6, 10), None), None),
        (AskedRange(None, 2), Part(Span(6, 10), 10), Span(2, 4)),
        (AskedRange(None, 2), Part(Span(6, 10), None), None),
        (AskedRange(6, 9), Part(Span(6, 10), None), Span(0, 4)),
        (AskedRange(10, None), Part(Span(6, 10), 10), None),
    ],
)
def test_a_part_answers_for_what_it_covers(asked, part, within):
    assert span_in_part(asked, part) == within


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        (a_request(range="bytes=2-5"), "2-5"),
        (a_request(range="bytes=002-"), "2-"),
        (a_request(range="bytes=-3"), "-3"),
        (a_request(range="bytes=2-5,7-8"), None),
        (a_request(range="bytes=2-5", if_range='"v1"'), None),
        (a_request(range="bytes=2-5", method="HEAD"), None),
        (a_request(range="x"), None),
        (a_request(), None),
    ],
)
def test_for_which_requests_a_stored_part_may_do(request_, asked):
    found = asked_part(request_)
    assert (None if found is None else str(found)) == asked


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_part_gives_the_same_bytes_as_the_whole(body, data):
    start = data.draw(st.integers(0, len(body) - 1))
    stop = data.draw(st.integers(start + 1, len(body)))
    asked = AskedRange(*data.draw(st.sampled_from([(start, stop - 1), (start, None), (None, len(body) - start)])))
    wanted = asked.span(len(body))
    stored = Span(data.draw(st.integers(0, len(body) - 1)), len(body))
    within = span_in_part(asked, Part(stored, len(body)))
    if within is not None:
        assert body[stored.start :][within.start : within.stop] == body[wanted.start : wanted.stop]
    else:
        assert wanted.start < stored.start


@pytest.mark.parametrize(
    ("ranges", "whole"),
    [
        ("bytes=0-1", False),
        ("bytes=2-", False),
        ("bytes=-5", False),
        ("bytes=100-200,300-400", False),
        ("bytes=0-1,-5", False),
        ("bytes=300-400,100-200", True),
        ("bytes=100-200,150-250", True),
        ("bytes=5-,7-8", True),
        ("bytes=5-2", True),
        ("bytes=-5-10", True),
        ("lines=1-2", True),
        (None, False),
    ],
)
def test_ranges_that_get_the_whole_object(ranges, whole):
    assert gets_whole_object(a_request(range=ranges).headers) is whole


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=4))
def test_what_gets_the_whole_object_gets_it_from_the_cache_too(pairs):
    headers = a_request(range="bytes=" + ",".join(f"{first}-{last}" for first, last in pairs)).headers
    assert gets_whole_object(headers) is (asked_spans(headers, some_headers(), 1_000) is None)
