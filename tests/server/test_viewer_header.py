"""Who the viewer is: settings by name, and the header of a single request."""

from __future__ import annotations

import pytest

from edgesim.errors import ConfigError
from edgesim.server.viewer_header import KEYS, ViewerDefaults, is_loopback, parse_header, parse_settings, viewer_of
from edgesim.values.viewer import Device

NONE = ViewerDefaults()


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        pytest.param("ip=198.51.100.7", "ip", "198.51.100.7", id="an IPv4 address"),
        pytest.param("ip=2001:DB8::1", "ip", "2001:db8::1", id="an IPv6 address in its usual form"),
        pytest.param("pop=nrt12-p9", "pop", "NRT12-P9", id="an edge location"),
        pytest.param("device=Mobile", "device", Device.MOBILE, id="a device"),
        pytest.param("device=smart-tv", "device", Device.SMART_TV, id="a device with a hyphen"),
        pytest.param("protocol=HTTPS", "protocol", "https", id="a protocol"),
        pytest.param("http-version=2.0", "http_version", "2.0", id="an HTTP version"),
        pytest.param("http_version=1.0", "http_version", "1.0", id="an underscore is a hyphen"),
        pytest.param("country=de", "place", {"country": "DE"}, id="a country in capitals"),
        pytest.param("region=BY", "place", {"country-region": "BY"}, id="a region by the header's own name"),
        pytest.param("City = Bad Tölz ", "place", {"city": "Bad Tölz"}, id="spaces around a value"),
        pytest.param("country=DE,,time-zone=Europe/Berlin", "place", {"country": "DE", "time-zone": "Europe/Berlin"},
                     id="several, and an empty item"),
    ],
)  # fmt: skip
def test_a_setting_is_understood(text: str, field: str, expected: object) -> None:
    assert getattr(parse_header(text, NONE), field) == expected


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        pytest.param("planet=mars", "no setting 'planet'", "known: ip, pop", id="an unknown name"),
        pytest.param("country", "'country' without a value", "name=value", id="no value"),
        pytest.param("ip=localhost", "ip is 'localhost'", "IPv4 or IPv6", id="a name for an address"),
        pytest.param("pop=12", "pop is '12'", "FRA56-P3", id="no edge location"),
        pytest.param("pop=FRA 56", "pop is 'FRA 56'", "FRA56-P3", id="a space in an edge location"),
        pytest.param("device=fridge", "device is 'fridge'", "desktop, mobile", id="an unknown device"),
        pytest.param("protocol=gopher", "protocol is 'gopher'", "http, https", id="an unknown protocol"),
        pytest.param("http-version=4", "http-version is '4'", "1.0, 1.1", id="an unknown version"),
    ],
)
def test_what_is_not_understood_is_told_with_a_way_out(text: str, says: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=says) as problem:
        parse_header(text, NONE)
    assert hint in problem.value.hint


def test_a_header_changes_the_defaults_and_keeps_the_rest() -> None:
    base = parse_settings({"country": "DE", "city": "Berlin", "pop": "TXL50-P1"})
    changed = parse_header("country=FR", base)
    assert dict(changed.place) == {"country": "FR", "city": "Berlin"}
    assert changed.pop == "TXL50-P1"
    assert dict(base.place) == {"country": "DE", "city": "Berlin"}


@pytest.mark.parametrize("pair", [("country", "Germany"), ("country", "D1"), ("pop", "XX"), ("pop", "FRAX-P3")])
def test_a_country_and_an_edge_location_have_a_form(pair: tuple[str, str]) -> None:
    with pytest.raises(ConfigError):
        parse_settings(dict([pair]))


def test_every_known_name_is_known() -> None:
    values = {"ip": "127.0.0.1", "pop": "FRA56-P3", "device": "ios", "protocol": "http", "http-version": "1.1"}
    values["country"] = "de"
    parse_settings({key: values.get(key, "x") for key in KEYS})


def test_what_nobody_says_is_the_connections() -> None:
    viewer = viewer_of(NONE, ("192.0.2.9", 4711), "https", "1.0")
    assert (viewer.ip, viewer.port, viewer.protocol, viewer.http_version) == ("192.0.2.9", 4711, "https", "1.0")
    told = viewer_of(parse_settings({"ip": "198.51.100.7", "protocol": "http"}), ("192.0.2.9", 4711), "https", "1.1")
    assert (told.ip, told.port, told.protocol) == ("198.51.100.7", 4711, "http")


@pytest.mark.parametrize(
    ("address", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.9", False),
     ("::ffff:192.0.2.9", False), ("", False), ("localhost", False)],
)  # fmt: skip
def test_what_belongs_to_this_machine(address: str, local: bool) -> None:
    assert is_loopback(address) is local
