import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.rules.conditionals import not_modified
from edgesim.testing.make import some_headers

DATE, LATER = "Tue, 06 May 2025 10:00:00 GMT", "Tue, 06 May 2025 10:00:01 GMT"


@pytest.mark.parametrize(
    ("condition", "stored", "holds"),
    [
        pytest.param({"if_none_match": '"v1"'}, {"etag": '"v1"'}, True, id="the same tag"),
        pytest.param({"if_none_match": '"v2"'}, {"etag": '"v1"'}, False, id="another tag"),
        pytest.param({"if_none_match": 'W/"v1"'}, {"etag": '"v1"'}, True, id="a weak tag asked for"),
        pytest.param({"if_none_match": '"v1"'}, {"etag": 'W/"v1"'}, True, id="a weak tag stored"),
        pytest.param({"if_none_match": '"a", W/"v1" ,"b"'}, {"etag": '"v1"'}, True, id="one of a list"),
        pytest.param({"if_none_match": ['"a"', '"v1"']}, {"etag": '"v1"'}, True, id="one of two lines"),
        pytest.param({"if_none_match": '"a,b"'}, {"etag": '"a,b"'}, True, id="a tag with a comma"),
        pytest.param({"if_none_match": '"a,b"'}, {"etag": '"a'}, False, id="half a tag"),
        pytest.param({"if_none_match": "v1"}, {"etag": "v1"}, True, id="tags without quotes"),
        pytest.param({"if_none_match": "*"}, {"etag": '"v1"'}, True, id="a star"),
        pytest.param({"if_none_match": "*"}, {}, True, id="a star where nothing has a tag"),
        pytest.param({"if_none_match": '"*"'}, {"etag": '"v1"'}, False, id="a tag that is a star"),
        pytest.param({"if_none_match": ""}, {"etag": '"v1"'}, False, id="an empty list"),
        pytest.param({"if_none_match": '"v1"'}, {}, False, id="nothing to compare with"),
        pytest.param({"if_modified_since": DATE}, {"last_modified": DATE}, True, id="the same second"),
        pytest.param({"if_modified_since": LATER}, {"last_modified": DATE}, True, id="older than asked"),
        pytest.param({"if_modified_since": DATE}, {"last_modified": LATER}, False, id="newer than asked"),
        pytest.param({"if_modified_since": "x"}, {"last_modified": DATE}, False, id="a condition that is no date"),
        pytest.param({"if_modified_since": DATE}, {"last_modified": "x"}, False, id="stored without a date"),
        pytest.param({"if_modified_since": DATE}, {}, False, id="stored without Last-Modified"),
        pytest.param(
            {"if_none_match": '"v2"', "if_modified_since": LATER},
            {"etag": '"v1"', "last_modified": DATE},
            False,
            id="If-None-Match wins over If-Modified-Since",
        ),
        pytest.param({}, {"etag": '"v1"'}, False, id="no condition"),
    ],
)
def test_the_viewer_already_has_it(condition, stored, holds):
    assert not_modified(some_headers(**condition), some_headers(**stored)) is holds


@given(st.text(), st.text())
@example('"' * 16_000, '"')
@example("W/" * 16_000, "W/")
def test_any_tags_are_compared(asked, etag):
    assert not_modified(some_headers(if_none_match=asked), some_headers(etag=etag)) in {True, False}
