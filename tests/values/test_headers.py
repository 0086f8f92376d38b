import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.testing.strategies import header_fields, header_names, header_values, headers
from edgesim.values.headers import NO_HEADERS, Headers, list_items, readable, wire

THREE = Headers((("Set-Cookie", "a=1"), ("ETag", "x"), ("set-cookie", "b=2")))


def test_look_ups_ignore_case():
    assert THREE.get("SET-COOKIE") == "a=1"
    assert "etag" in THREE
    assert THREE.get("nothing") is None
    assert 5 not in THREE


def test_repeated_names_keep_their_order():
    assert THREE.all("set-cookie") == ("a=1", "b=2")
    assert THREE.all("nothing") == ()
    assert THREE.joined("Set-Cookie") == "a=1, b=2"
    assert THREE.joined("Set-Cookie", ",") == "a=1,b=2"
    assert THREE.joined("nothing") is None


def test_lines_are_what_functions_see_by_name():
    some = Headers((("X-Name", "Gr\xc3\xb6\xc3\x9fe"), ("A", "1"), ("x-name", "")))
    assert some.lines == {
        "x-name": [{"key": "X-Name", "value": "Größe"}, {"key": "x-name", "value": ""}],
        "a": [{"key": "A", "value": "1"}],
    }


def test_having_replaces_all_in_the_place_of_the_first():
    assert THREE.having("Set-Cookie", "c").fields == (("Set-Cookie", "c"), ("ETag", "x"))
    assert THREE.having("X", "y").fields[-1] == ("X", "y")


def test_others_that_follow_are_found_and_encoded_like_the_first():
    head, tail = Headers([("A", "1"), ("B", "2")]).encoded(), Headers([("C", "3"), ("c", "4")])
    both = head.followed_by(tail)
    assert both == Headers([("A", "1"), ("B", "2"), ("C", "3"), ("c", "4")])
    assert (both.all("c"), both.get("a")) == (("3", "4"), "1")
    assert both.raw == [(b"A", b"1"), (b"B", b"2"), (b"C", b"3"), (b"c", b"4")]
    assert Headers([("A", "1")]).followed_by(tail).raw == [(b"A", b"1"), (b"C", b"3"), (b"c", b"4")]


def test_the_last_fields_may_be_left_out():
    assert THREE.but_last(1).fields == THREE.fields[:-1]
    assert THREE.encoded().but_last(2).raw == THREE.raw[:-2]


def test_adding_repeats():
    assert THREE.adding(("ETag", "y")).all("etag") == ("x", "y")


def test_without_takes_every_line_and_is_itself_where_there_is_none():
    assert THREE.without("SET-cookie").fields == (("ETag", "x"),)
    assert THREE.without("nothing") is THREE


def test_only_keeps_what_passes_and_is_itself_where_all_do():
    assert THREE.only(lambda name: name == "etag").fields == (("ETag", "x"),)
    assert THREE.only(lambda name: True) is THREE


def test_raw_is_the_way_back():
    assert Headers.from_raw([(b"A", b"\xe9")]).raw == [(b"A", b"\xe9")]
    assert THREE.raw is THREE.raw


def test_equality_ignores_the_case_of_names_alone():
    assert Headers([("A", "x")]) == Headers([("a", "x")])
    assert hash(Headers([("A", "x")])) == hash(Headers([("a", "x")]))
    assert Headers([("A", "x")]) != Headers([("A", "X")])
    assert Headers([("A", "x")]) != (("A", "x"),)


def test_headers_show_their_fields():
    assert repr(Headers([("A", "x"), ("B", "y")])) == "Headers(A: x, B: y)"
    assert list(NO_HEADERS) == []


def test_list_items_come_from_all_lines_without_empty_ones():
    assert list_items(["a, b,,", " c "]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param(b"plain", "plain", id="ASCII"),
        pytest.param("é€".encode(), "é€", id="UTF-8"),
        pytest.param(b"caf\xe9", "café", id="ISO-8859-1"),
        pytest.param(b"\xc3\xa9\xe9", "\xc3\xa9\xe9", id="neither, read as ISO-8859-1"),
    ],
)
def test_wire_text_is_read_as_utf_8_where_it_is(octets, text):
    assert readable(octets.decode("latin-1")) == text


@given(st.text())
@example("\ud800")
def test_any_text_can_go_over_the_wire(text):
    assert wire(text).encode("latin-1") == text.encode("utf-8", "surrogatepass")


@given(st.text(st.characters(codec="utf-8")))
def test_written_text_is_read_back(text):
    assert readable(wire(text)) == text


@given(st.lists(header_fields).map(Headers))
def test_bytes_survive_the_way_in_and_out(fields):
    assert Headers.from_raw(fields.raw).fields == fields.fields


@given(headers, header_names, header_values)
def test_after_having_there_is_exactly_one(some, name, value):
    after = some.having(name, value)
    assert after.all(name) == (value,)
    assert after.without(name) == some.without(name)
