from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.errors import ViewerFault
from edgesim.server.request_lines import Blocks, Written, is_one_plain_head, readable_line


@pytest.mark.parametrize(
    ("line", "read", "written"),
    [
        pytest.param(b"GET /a HTTP/1.1\r\n", b"GET /a HTTP/1.1\r\n", None, id="one that the parser reads"),
        pytest.param(b"\r\n", b"\r\n", None, id="an empty line"),
        pytest.param(
            b"GET /\xc3\xa9 HTTP/1.1\r\n",
            b"POST /__ HTTP/1.1\r\n",
            Written(b"GET", b"/\xc3\xa9"),
            id="bytes outside ASCII",
        ),
        pytest.param(b"FROB /a HTTP/1.0\r\n", b"POST /a HTTP/1.0\r\n", Written(b"FROB", b"/a"), id="an unknown method"),
    ],
)
def test_a_line_goes_to_the_parser_as_it_can_read_it(line, read, written):
    assert readable_line(line) == (read, written)


@pytest.mark.parametrize("line", [b"hello\r\n", b"GET /\r\n", b"GET /a RTSP/1.0\r\n", b"GET /a\x7f HTTP/1.1\r\n"])
def test_what_is_no_request_line_is_refused(line):
    with pytest.raises(ViewerFault):
        readable_line(line)


def test_a_whole_plain_head_needs_no_cutting():
    head = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    assert is_one_plain_head(head)
    assert not is_one_plain_head(head + head)
    assert not is_one_plain_head(head[:-1])
    assert not is_one_plain_head(head.replace(b"/a", b"/\xe9"))


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n\r\n", b"bc"]), max_size=12), st.lists(st.integers(0, 30)))
def test_blocks_are_all_of_the_bytes_and_end_at_empty_lines_however_they_come(parts, cuts):
    data = b"".join(parts)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    blocks, read, ends = Blocks(), b"", set()
    for start, stop in pairwise(places):
        piece, at = data[start:stop], 0
        while at < len(piece):
            block, at = blocks.block(piece, at)
            assert block
            read += block
            ends.add(len(read))
    assert read == data
    at, expected = 0, set()
    while (found := data.find(b"\r\n\r\n", at)) >= 0:
        at = found + 4
        expected.add(at)
    assert expected <= ends


def test_a_line_is_kept_until_its_end():
    blocks = Blocks()
    assert blocks.line(b"xGET /a", 1) == (b"", 7)
    assert blocks.held == 6
    assert blocks.line(b" HTTP/1.1\r\nHost", 0) == (b"GET /a HTTP/1.1\r\n", 11)
    assert blocks.held == 0


def test_what_can_not_begin_a_request_is_not_waited_for():
    assert Blocks().line(b"\x16\x03\x01", 0) == (b"\x16\x03\x01", 3)
