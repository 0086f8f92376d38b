import pytest

from edgesim.rules.websocket import is_handshake, switched, without_old_upgrades
from edgesim.testing.make import a_request, a_response
from edgesim.values.headers import Headers


@pytest.mark.parametrize(
    ("headers", "asks"),
    [
        pytest.param({"connection": "Upgrade", "upgrade": "websocket"}, True, id="as RFC 6455 has it"),
        pytest.param({"connection": "keep-alive, upgrade", "upgrade": "WebSocket"}, True, id="as Firefox has it"),
        pytest.param(
            {"connection": ("keep-alive", "Upgrade"), "upgrade": "h2c, websocket"}, True, id="on several lines"
        ),
        pytest.param({"connection": "Upgrade", "upgrade": "h2c"}, False, id="another protocol"),
        pytest.param({"connection": "keep-alive", "upgrade": "websocket"}, False, id="Connection does not name it"),
        pytest.param({"upgrade": "websocket"}, False, id="no Connection"),
        pytest.param({"connection": "Upgrade"}, False, id="no Upgrade"),
        pytest.param({"connection": "Upgrade", "upgrade": "websocketx"}, False, id="nearly"),
    ],
)
def test_what_asks_for_a_websocket(headers, asks):
    assert is_handshake(a_request("/", **headers)) is asks
    assert not is_handshake(a_request("/", method="POST", **headers))


def test_over_http_1_0_upgrade_means_nothing():
    headers = Headers((("Upgrade", "websocket"), ("A", "b")))
    assert without_old_upgrades(headers, "1.1") is headers
    assert without_old_upgrades(headers, "1.0") == Headers((("A", "b"),))


def test_a_101_says_what_it_switches_to_and_no_length():
    response = switched(a_response(101, content_length="5", transfer_encoding="chunked", a="b"))
    assert list(response.headers) == [("A", "b"), ("Upgrade", "websocket")]


def test_any_other_status_stays_as_it_is():
    response = a_response(200, content_length="5")
    assert switched(response) is response
