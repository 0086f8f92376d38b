import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.testing.strategies import paths, query_strings
from edgesim.values.uri import (
    authority_of,
    cookie_pairs,
    matches_path_pattern,
    matches_wildcards,
    normalized_path,
    query_pairs,
    spellings,
    split_target,
)


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        pytest.param("/a?x=1", "/a", "x=1", id="path and query"),
        pytest.param("/a", "/a", "", id="path alone"),
        pytest.param("/a?", "/a", "", id="an empty query"),
        pytest.param("/a?x=?", "/a", "x=?", id="a second question mark is the query's"),
        pytest.param("/a?u=http://b/", "/a", "u=http://b/", id="a URL in the query"),
        pytest.param("http://h/a?x", "/a", "x", id="absolute form"),
        pytest.param("http://h", "/", "", id="absolute form without a path"),
        pytest.param("http://h?x", "/", "x", id="absolute form with a query alone"),
        pytest.param("*", "/*", "", id="the asterisk of OPTIONS"),
    ],
)
def test_targets_are_split(target, path, query):
    assert split_target(target) == (path, query)


@given(st.text())
def test_a_path_always_begins_with_a_slash(target):
    assert split_target(target)[0].startswith("/")


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        pytest.param("/a/b/..", "/a/", id="two dots at the end leave the slash"),
        pytest.param("/a/./b", "/a/b", id="one dot goes"),
        pytest.param("/a/.", "/a/", id="one dot at the end leaves the slash"),
        pytest.param("/../../a", "/a", id="nothing is above the root"),
        pytest.param("/a//b///c", "/a/b/c", id="repeated slashes"),
        pytest.param("/a//../b", "/b", id="slashes first, dots then"),
        pytest.param("/%41%2d%7e", "/A-~", id="unreserved octets are decoded"),
        pytest.param("/%2e%2E/a", "/a", id="encoded dots are dots"),
        pytest.param("/%2f%3a", "/%2F%3A", id="others stay, in upper case"),
        pytest.param("/%zz%4", "/%zz%4", id="what is no escape stays"),
        pytest.param("/%2541", "/%2541", id="an escaped percent sign is not escaped again"),
        pytest.param("/.well-known/...", "/.well-known/...", id="names with dots stay"),
    ],
)
def test_paths_are_normalised(raw, normal):
    assert normalized_path(raw) == normal


@given(paths)
def test_normalising_twice_changes_nothing(path):
    normal = normalized_path(path)
    assert normalized_path(normal) == normal
    assert normal.startswith("/")
    assert "//" not in normal


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        pytest.param("images/*.jpg", "/images/a/b.jpg", True, id="a star goes over slashes"),
        pytest.param("/images/*.jpg", "/images/a.jpg", True, id="with a leading slash"),
        pytest.param("images/*.jpg", "/images/a.JPG", False, id="case counts"),
        pytest.param("images/*.jpg", "/x/images/a.jpg", False, id="from the root"),
        pytest.param("a*.jpg", "/abc.jpg", True, id="the root's files that begin with a"),
        pytest.param("*.jpg", "/x/y.jpg", True, id="a leading star"),
        pytest.param("*.jpg", "/x/y.jpg2", False, id="to the end"),
        pytest.param("a?c", "/abc", True, id="a question mark is one character"),
        pytest.param("a?c", "/ac", False, id="and not none"),
        pytest.param("a?c", "/a/c", True, id="and may be a slash"),
        pytest.param("a.c", "/abc", False, id="a dot is a dot"),
        pytest.param("a[b]$", "/a[b]$", True, id="nothing else is special"),
        pytest.param("*", "/", True, id="a star is everything"),
        pytest.param("*/", "/", False, id="a leading star implies a leading slash"),
        pytest.param("a*b*c", "/a-c-b-c", True, id="several stars"),
        pytest.param("a*bc", "/abcbc", True, id="the last part is the path's end"),
        pytest.param("a*b*b", "/ab", False, id="no character counts twice"),
    ],
)
def test_patterns_cover_paths(pattern, path, matches):
    assert matches_path_pattern(pattern, path) is matches


def test_many_stars_do_not_make_matching_slow():
    assert not matches_wildcards("*a" * 20 + "*b", "a" * 8_000)


def _by_definition(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_by_definition(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and _by_definition(pattern[1:], text[1:])


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=6))
@example("*b*ab", "bab")
def test_wildcards_mean_what_they_are_defined_to(pattern, text):
    assert matches_wildcards(pattern, text) is _by_definition(pattern, text)


@given(st.text("ab?*/", max_size=6), paths)
def test_a_leading_slash_is_implied(pattern, path):
    assert matches_path_pattern(pattern, path) is matches_path_pattern(f"/{pattern.removeprefix('/')}", path)


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        pytest.param("a=1&b=2", [("a", "a=1"), ("b", "b=2")], id="pairs as written"),
        pytest.param("&&a", [("a", "a")], id="empty pairs are dropped"),
        pytest.param("a=&a", [("a", "a="), ("a", "a")], id="empty and absent values differ"),
        pytest.param("a=b=c", [("a", "a=b=c")], id="the first equals sign separates"),
        pytest.param("a;b=1", [("a;b", "a;b=1")], id="only & separates pairs"),
        pytest.param("=x", [("", "=x")], id="a nameless value"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_query_strings_are_pairs(query, pairs):
    assert query_pairs(query) == pairs


@given(query_strings)
def test_pairs_put_together_are_the_query_again(query):
    assert "&".join(pair for _, pair in query_pairs(query)) == "&".join(filter(None, query.split("&")))


@pytest.mark.parametrize(
    ("lines", "pairs"),
    [
        pytest.param(("a=1; b=2",), [("a", "a=1"), ("b", "b=2")], id="one line"),
        pytest.param(("a=1", "b=2"), [("a", "a=1"), ("b", "b=2")], id="two lines"),
        pytest.param(("a=1;;  b=2;",), [("a", "a=1"), ("b", "b=2")], id="odd spacing"),
        pytest.param(("a=b=c",), [("a", "a=b=c")], id="an equals sign in the value"),
        pytest.param(("a=",), [("a", "a=")], id="an empty value"),
        pytest.param(("a; =1; b=2",), [("b", "b=2")], id="malformed parts are dropped"),
    ],
)
def test_cookies_are_pairs(lines, pairs):
    assert cookie_pairs(lines) == pairs


@pytest.mark.parametrize(
    ("target", "authority"),
    [
        pytest.param("http://h:80/a", "h:80", id="with a port"),
        pytest.param("HTTPS://u:p@h?x", "h", id="with a user and a query alone"),
        pytest.param("http://[::1]", "[::1]", id="an address"),
        pytest.param("/a?b=http://h/", None, id="a path"),
        pytest.param("*", None, id="no place"),
        pytest.param("http:///a", None, id="empty"),
    ],
)
def test_an_absolute_target_names_a_host(target, authority):
    assert authority_of(target) == authority


def test_an_invalidation_path_beyond_ascii_is_spelt_both_ways():
    assert spellings("/caf%C3%A9/*") == ["/caf%C3%A9/*", "/caf\xc3\xa9/*"]
    assert spellings("/caf\u00e9") == ["/caf\xc3\xa9", "/caf%C3%A9"]
    assert spellings("/a%20b") == ["/a%20b"]
    assert spellings("#a%E9") == ["#a%E9"]
