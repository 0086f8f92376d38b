import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.testing.make import some_headers
from edgesim.testing.strategies import cache_controls
from edgesim.values.cache_control import LONGEST_AGE, cache_control
from edgesim.values.headers import Headers


def parsed(*lines):
    return cache_control(some_headers(cache_control=lines))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("max-age=60", 60, id="a plain number"),
        pytest.param("public, max-age=60, x", 60, id="among others"),
        pytest.param("Max-Age=60", 60, id="names without case"),
        pytest.param('max-age="60"', 60, id="quoted"),
        pytest.param("max-age = 60", 60, id="spaces around the equals sign"),
        pytest.param("max-age=0", 0, id="zero"),
        pytest.param("max-age=0000000000000060", 60, id="many leading zeros"),
        pytest.param("max-age=000", 0, id="nothing but zeros"),
        pytest.param("max-age=99999999999999999999", LONGEST_AGE, id="more than 100 years"),
        pytest.param("max-age=60, max-age=5", 60, id="the first of two"),
        pytest.param("max-age=-1", None, id="a negative number is none"),
        pytest.param("max-age=1.5", None, id="a fraction is none"),
        pytest.param("max-age=abc", None, id="a word is none"),
        pytest.param("max-age=", None, id="nothing is none"),
        pytest.param("max-age", None, id="no value is none"),
        pytest.param("max-age=\xb2", None, id="a digit beyond ASCII is none"),
        pytest.param("s-maxage=60", None, id="another directive"),
        pytest.param('x="max-age=60"', None, id="inside quotes it is another's value"),
        pytest.param('x="a, max-age=60"', None, id="a comma in quotes separates nothing"),
        pytest.param('x="a\\", max-age=60"', None, id="an escaped quote ends nothing"),
        pytest.param('x="unclosed, max-age=60', None, id="an unclosed quote goes to the end"),
        pytest.param("", None, id="an empty header"),
        pytest.param(",,max-age=60,,", 60, id="empty items"),
    ],
)
def test_max_age_is_read(text, seconds):
    assert parsed(text).max_age == seconds


def test_several_lines_are_one_list():
    control = parsed("no-store", "s-maxage=5")
    assert control.no_store
    assert control.s_maxage == 5
    assert not control.private


def test_an_absent_header_says_nothing():
    assert cache_control(Headers()).directives == {}


@pytest.mark.parametrize(
    ("text", "whole", "fields"),
    [
        pytest.param("no-cache", True, set(), id="the whole response"),
        pytest.param('no-cache=""', True, set(), id="an empty list of fields is the whole response"),
        pytest.param('no-cache="Set-Cookie"', False, {"set-cookie"}, id="one field"),
        pytest.param("no-cache=Set-Cookie", False, {"set-cookie"}, id="one field without quotes"),
        pytest.param('no-cache="Set-Cookie, X-A"', False, {"set-cookie", "x-a"}, id="two fields"),
        pytest.param('no-cache="Set-Cookie", no-cache', True, set(), id="the whole beats a part"),
        pytest.param('no-cache, no-cache="Set-Cookie"', True, set(), id="the whole beats a part, the other way"),
        pytest.param('no-cache="A", no-cache="B"', False, {"a", "b"}, id="two parts"),
    ],
)
def test_no_cache_is_about_the_response_or_about_fields(text, whole, fields):
    control = parsed(text)
    assert control.no_cache is whole
    assert control.fields_not_to_store == fields


@given(st.text() | cache_controls)
@example("a" * 32_000 + " b")  # once took minutes: the pattern went back over every letter
@example('"' * 32_000)
@example("\\" * 32_000)
def test_any_text_is_parsed(text):
    control = parsed(text)
    assert control.max_age is None or 0 <= control.max_age <= LONGEST_AGE
