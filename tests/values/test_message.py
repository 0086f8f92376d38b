import pytest

from edgesim.testing.make import a_request, a_response
from edgesim.values.message import standard_reason


def test_the_target_is_path_and_query():
    assert a_request("/a?x=1").target == "/a?x=1"
    assert a_request("/a").target == "/a"


@pytest.mark.parametrize(("status", "reason"), [(200, "OK"), (404, "Not Found"), (494, ""), (299, "")])
def test_the_standard_reason_is_empty_for_statuses_without_one(status, reason):
    assert standard_reason(status) == reason


def test_messages_show_what_matters():
    assert repr(a_request("/a?x=1", method="POST")) == "<Request POST /a?x=1>"
    assert repr(a_response(404, body=b"gone")) == "<Response 404 b'gone'>"
