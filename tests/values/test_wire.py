"""What a request costs on the wire."""

from hypothesis import given
from hypothesis import strategies as st

from edgesim.values.headers import Headers
from edgesim.values.message import Request
from edgesim.values.wire import head_size

_text = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


@given(_text, _text, _text, st.lists(st.tuples(_text, _text)))
def test_a_heads_size_is_that_of_its_bytes(method, path, query, fields):
    target = f"/{path}?{query}" if query else f"/{path}"
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
    assert head_size(Request(method, f"/{path}", query, Headers(fields))) == len("\r\n".join(lines))
