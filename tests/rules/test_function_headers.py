import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.distribution.choices import STANDARD, Choices, HeaderKey, HeaderNameTwice
from edgesim.distribution.model import Trigger
from edgesim.rules.function_event import header_map
from edgesim.rules.function_headers import Line, Rejected, applied, forbidden, read_headers, shown
from edgesim.rules.hooks import Hook
from edgesim.rules.reasons import Rejection
from edgesim.testing.make import some_headers
from edgesim.testing.strategies import headers, json_values
from edgesim.values.headers import NO_HEADERS, Headers

VREQ, OREQ, ORES, VRES = Trigger
R = Rejection


@pytest.mark.parametrize(
    ("given_headers", "lines"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"x-a": [{"key": "X-a", "value": "1"}]}, [("x-a", "X-a", "1")], id="key and value"),
        pytest.param(
            {"x-aBC": [{"value": "1"}]}, [("x-abc", "X-Abc", "1")], id="without a key each part is capitalised"
        ),
        pytest.param({"X-A": [{"value": "1"}]}, [("x-a", "X-A", "1")], id="a map name in another case"),
        pytest.param(
            {"last-modified": [{"key": "x-amz-meta-last-modified", "value": "1"}]},
            [("last-modified", "Last-Modified", "1")],
            id="the map name beats another key (documented example)",
        ),
        pytest.param({"x-a": [{"key": 5, "value": "1"}]}, [("x-a", "X-A", "1")], id="a key that is no text"),
        pytest.param(
            {"k": [{"key": "\u212a", "value": "1"}]}, [("k", "K", "1")], id="a key that only lower-cases to it"
        ),
        pytest.param({"x-a": []}, [], id="an empty array is no header"),
        pytest.param({"x-a": [{"value": ""}]}, [("x-a", "X-A", "")], id="an empty value is one"),
        pytest.param(
            {"x-a": [{"value": ["1", "2"]}]}, [("x-a", "X-A", "1"), ("x-a", "X-A", "2")], id="an array of values"
        ),
        pytest.param({"x-a": [{"value": []}]}, [], id="an empty array of values"),
        pytest.param(
            {"x-a": [{"value": "1"}, {"value": "2"}]}, [("x-a", "X-A", "1"), ("x-a", "X-A", "2")], id="several entries"
        ),
        pytest.param({"x-a": [{"value": "\ta\t"}]}, [("x-a", "X-A", "\ta\t")], id="tabs are legal"),
    ],
)
def test_headers_are_read(given_headers, lines):
    assert read_headers(given_headers, "headers", STANDARD) == [Line(*line) for line in lines]


@pytest.mark.parametrize(
    ("given_headers", "code", "at"),
    [
        pytest.param([], R.HEADERS_NOT_AN_OBJECT, "headers", id="an array"),
        pytest.param("x", R.HEADERS_NOT_AN_OBJECT, "headers", id="text"),
        pytest.param({"x-a": "1"}, R.HEADERS_ENTRY_NOT_AN_ARRAY, "headers['x-a']", id="an entry that is text"),
        pytest.param({"x-a": None}, R.HEADERS_ENTRY_NOT_AN_ARRAY, "headers['x-a']", id="an entry that is null"),
        pytest.param(
            {"x-a": {"value": "1"}}, R.HEADERS_ENTRY_NOT_AN_ARRAY, "headers['x-a']", id="an entry that is an object"
        ),
        pytest.param({"x-a": ["1"]}, R.HEADER_VALUE, "headers['x-a'][0]", id="a line that is text"),
        pytest.param({"x-a": [{"value": "1"}, None]}, R.HEADER_VALUE, "headers['x-a'][1]", id="a line that is null"),
        pytest.param(
            {"x-a": [{"key": "X-A"}]}, R.HEADER_VALUE, "headers['x-a'][0].value", id="a value that is missing"
        ),
        pytest.param({"x-a": [{"value": None}]}, R.HEADER_VALUE, "headers['x-a'][0].value", id="a value that is null"),
        pytest.param({"x-a": [{"value": 1}]}, R.HEADER_VALUE, "headers['x-a'][0].value", id="a value that is a number"),
        pytest.param(
            {"x-a": [{"value": True}]}, R.HEADER_VALUE, "headers['x-a'][0].value", id="a value that is a boolean"
        ),
        pytest.param(
            {"x-a": [{"value": {}}]}, R.HEADER_VALUE, "headers['x-a'][0].value", id="a value that is an object"
        ),
        pytest.param(
            {"x-a": [{"value": ["1", 2]}]}, R.HEADER_VALUE, "headers['x-a'][0].value", id="an array with a number"
        ),
        pytest.param({"x-a": [{"value": [["1"]]}]}, R.HEADER_VALUE, "headers['x-a'][0].value", id="an array of arrays"),
        pytest.param(
            {"x-a": [{"value": "1\r\nx: y"}]}, R.HEADER_CHARACTERS, "headers['x-a'][0].value", id="a line break"
        ),
        pytest.param({"x-a": [{"value": "\x00"}]}, R.HEADER_CHARACTERS, "headers['x-a'][0].value", id="a NUL"),
        pytest.param({"x-a": [{"value": "\x7f"}]}, R.HEADER_CHARACTERS, "headers['x-a'][0].value", id="a DEL"),
        pytest.param({"x a": [{"value": "1"}]}, R.HEADER_CHARACTERS, "headers", id="a space in the name"),
        pytest.param({"x:a": []}, R.HEADER_CHARACTERS, "headers", id="a colon in the name"),
        pytest.param({"": [{"value": "1"}]}, R.HEADER_CHARACTERS, "headers", id="an empty name"),
        pytest.param({"\u00e9": [{"value": "1"}]}, R.HEADER_CHARACTERS, "headers", id="a name beyond ASCII"),
    ],
)
def test_headers_of_an_odd_shape_are_refused(given_headers, code, at):
    refused = read_headers(given_headers, "headers", STANDARD)
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.at) == (code, at)


def test_the_log_names_the_character_and_the_header():
    refused = read_headers({"x-a": [{"value": "1\r\n"}]}, "headers", STANDARD)
    assert refused.detail == "the value of header x-a has the invalid character '%0D'"


@given(json_values)
def test_25_any_value_is_read_or_refused(value):
    read = read_headers(value, "headers", STANDARD)
    assert isinstance(read, Rejected) or all(isinstance(line, Line) for line in read)


# ── what may not be touched ──────────────────────────────────────────────────


def judged(trigger, returned, seen=NO_HEADERS):
    lines = read_headers({name: [{"value": value}] for name, value in returned.items()}, "headers", STANDARD)
    return forbidden(Hook(trigger), lines, seen, "headers")


@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize("name", ["connection", "X-Edge-Foo", "x-amz-cf-id", "X-CACHE", "x-real-ip"])
def test_24_a_disallowed_header_may_not_be_added(trigger, name):
    assert judged(trigger, {name: "x"}).code is R.DISALLOWED_HEADER


READ_ONLY = [(trigger, name) for trigger in Trigger for name in sorted(Hook(trigger).rules.read_only)]


@pytest.mark.parametrize(("trigger", "name"), READ_ONLY)
def test_24_a_read_only_header_may_not_be_added_changed_or_deleted(trigger, name):
    seen = Headers([(name, "1")])
    shown_name = "-".join(part.capitalize() for part in name.split("-"))
    for before, after, did in ((NO_HEADERS, {name: "1"}, "add"), (seen, {name: "2"}, "change"), (seen, {}, "delete")):
        refused = judged(trigger, after, before)
        assert refused.code is R.READ_ONLY_HEADER
        assert refused.detail == f"tried to {did} read-only header, headerName : {shown_name}"
    assert judged(trigger, {name.upper(): "1"}, seen) is None
    assert judged(trigger, {}, NO_HEADERS) is None


def test_host_is_writable_at_origin_request_alone():
    seen = some_headers(host="a")
    assert judged(OREQ, {"host": "b"}, seen) is None
    assert judged(VREQ, {"host": "b"}, seen).code is R.READ_ONLY_HEADER


def test_the_viewers_country_may_not_be_added_at_viewer_request():
    assert judged(VREQ, {"cloudfront-viewer-country": "AT"}).code is R.READ_ONLY_HEADER
    assert judged(VREQ, {"cloudfront-viewer-city": "Wien"}) is None
    assert judged(OREQ, {"cloudfront-viewer-country": "AT"}) is None
    assert judged(OREQ, {}, some_headers(cloudfront_viewer_country="AT")) is None


# ── what becomes of them ─────────────────────────────────────────────────────


def returned(mapping):
    lines = read_headers(mapping, "headers", STANDARD)
    assert not isinstance(lines, Rejected)
    return lines


@given(headers)
@example(Headers([("X-Amz-Cf-Id", "hidden"), ("x-LOWER", "caf\xe9"), ("X-Lower", "\xc3\xa9"), ("A", "")]))
def test_23_headers_that_a_function_leaves_alone_stay_byte_for_byte(sent):
    same = applied(returned(header_map(sent)), sent)
    assert same.fields == sent.fields


def test_hidden_headers_stay_and_omitted_ones_go():
    sent = some_headers(x_amz_cf_id="hidden", x_a="1", x_b="2")
    assert applied(returned({"x-b": [{"key": "X-B", "value": "2"}]}), sent).fields == (
        ("X-Amz-Cf-Id", "hidden"),
        ("X-B", "2"),
    )


def test_changed_and_new_headers_follow_in_the_functions_order():
    sent = some_headers(x_a="1", x_b="2", x_c="3")
    told = {"x-new": [{"value": "n"}], "x-a": [{"value": "9"}], "x-b": [{"key": "x-B", "value": "2"}]}
    assert applied(returned(told), sent).fields == (("x-B", "2"), ("X-New", "n"), ("X-A", "9"))


def test_a_line_that_was_there_keeps_its_bytes_when_another_is_added():
    told = {"cookie": [{"value": "a=\xe9"}, {"value": "b=\xe9"}]}
    after = applied(returned(told), Headers([("Cookie", "a=\xe9")]))
    assert after.all("cookie") == ("a=\xe9", "b=\xc3\xa9")


def test_new_headers_go_out_as_utf_8():
    assert applied(returned({"x-a": [{"value": "\u20ac"}]}), NO_HEADERS).raw == [(b"X-A", "\u20ac".encode())]


@given(json_values, headers)
@example({"k": [{"key": "\u212a", "value": "x"}]}, NO_HEADERS)  # once sent a name that is no ISO-8859-1
@example({"x": [{"value": "\ud800"}]}, NO_HEADERS)
def test_what_is_read_can_be_sent(value, sent):
    lines = read_headers(value, "headers", STANDARD)
    if not isinstance(lines, Rejected):
        assert isinstance(applied(lines, sent).raw, list)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (5, "5"),
        ("a\nb", r"'a\nb'"),
        ("\ud800", r"'\ud800'"),
        ([[]], "an array"),
        ({}, "an object"),
    ],
)
def test_values_are_shown_on_one_line(value, text):
    assert shown(value) == text


@given(json_values | st.text(min_size=200))
def test_values_are_shown_in_a_line(value):
    assert len(shown(value)) <= 120
    assert shown(value).isprintable()


# ── by choice ────────────────────────────────────────────────────────────────

UNDER_ANOTHER = {"last-modified": [{"key": "X-Amz-Meta-Last-Modified", "value": "1"}]}
BY_KEY, KEY_REFUSED = Choices(header_key=HeaderKey.KEY), Choices(header_key=HeaderKey.REFUSED)


def test_a_key_that_is_not_its_name_counts_by_choice():
    assert read_headers(UNDER_ANOTHER, "headers", STANDARD) == [Line("last-modified", "Last-Modified", "1")]
    by_key = read_headers(UNDER_ANOTHER, "headers", BY_KEY)
    assert by_key == [Line("x-amz-meta-last-modified", "X-Amz-Meta-Last-Modified", "1")]
    refused = read_headers(UNDER_ANOTHER, "headers", KEY_REFUSED)
    assert (refused.code, refused.at) == (Rejection.HEADER_NAME, "headers['last-modified'][0].key")


@pytest.mark.parametrize("choices", [STANDARD, BY_KEY, KEY_REFUSED])
@pytest.mark.parametrize("key", ["X-aBc", None, 5, ...])
def test_a_key_that_differs_in_case_alone_or_is_none_is_no_other_name(choices, key):
    entry = {"value": "1"} if key is ... else {"key": key, "value": "1"}
    read = read_headers({"x-abc": [entry]}, "headers", choices)
    assert read == [Line("x-abc", key if isinstance(key, str) else "X-Abc", "1")]


def test_a_key_that_counts_has_to_be_a_name_and_may_be_forbidden():
    assert read_headers({"x-a": [{"key": "a b", "value": "1"}]}, "headers", BY_KEY).code is Rejection.HEADER_CHARACTERS
    lines = read_headers({"x-a": [{"key": "Connection", "value": "1"}]}, "headers", BY_KEY)
    assert forbidden(Hook(Trigger.VIEWER_REQUEST), lines, Headers(), "headers").code is Rejection.DISALLOWED_HEADER


TWICE = {"X-A": [{"value": "1"}], "x-b": [{"value": "2"}], "x-a": [{"value": "3"}]}


@pytest.mark.parametrize(
    ("choice", "values"),
    [(HeaderNameTwice.MERGED, ["1", "3", "2"]), (HeaderNameTwice.LAST, ["3", "2"])],
)
def test_names_that_differ_in_case_alone_are_merged_or_the_last_counts_by_choice(choice, values):
    read = read_headers(TWICE, "headers", Choices(header_name_twice=choice))
    assert [line.value for line in read] == values


def test_names_that_differ_in_case_alone_are_refused_by_choice():
    refused = read_headers(TWICE, "headers", Choices(header_name_twice=HeaderNameTwice.REFUSED))
    assert (refused.code, refused.at) == (Rejection.HEADER_NAME, "headers['x-a']")
