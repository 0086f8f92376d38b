import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.rules.ranges import Unsatisfiable, asked_span
from edgesim.testing.make import some_headers
from edgesim.values.body import Span

BEYOND = Unsatisfiable


def span(value, length=10, stored=None, **more):
    found = asked_span(some_headers(range=value, **more), some_headers(**(stored or {})), length)
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
        pytest.param("bytes=0-1,3-4", None, id="several ranges: the whole object, until multipart is there"),
        pytest.param("bytes=a-b", None, id="no numbers"),
        pytest.param("items=0-4", None, id="another unit"),
        pytest.param("0-4", None, id="no unit"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="no Range"),
    ],
)
def test_the_part_that_is_asked_for(value, expected):
    assert span(value) == expected


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


@given(st.text() | st.text("bytes=0123456789-, ", max_size=30), st.integers(0, 100))
@example("bytes=" + "0" * 30_000, 10)
def test_a_span_lies_within_the_object(value, length):
    found = span(value, length)
    if isinstance(found, Span):
        assert 0 <= found.start < found.stop <= length
