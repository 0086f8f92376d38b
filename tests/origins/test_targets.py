from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.distribution.model import Origin, OriginProtocolPolicy, S3Access
from edgesim.errors import ConfigError
from edgesim.origins.targets import Directory, Url, is_loopback, own_address, parse_target


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://localhost:3000", Url("http", "localhost", 3000, "", verify=False)),
        ("http://localhost", Url("http", "localhost", 80, "", verify=False)),
        ("https://API.Example.com/v1/", Url("https", "api.example.com", 443, "/v1")),
        ("HTTP://127.0.0.1:8000/", Url("http", "127.0.0.1", 8000, "", verify=False)),
        ("https://[::1]:8443/a//b", Url("https", "::1", 8443, "/a//b", verify=False)),
        ("http://10.0.0.7:8080", Url("http", "10.0.0.7", 8080)),
    ],
)
def test_a_url_is_read(text: str, url: Url) -> None:
    assert parse_target(text) == url


@pytest.mark.parametrize("text", ["http://localhost:3000", "https://[::1]:8443/a", "http://x:80/a/b"])
def test_a_url_reads_as_it_was_written(text: str) -> None:
    assert str(parse_target(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ftp://localhost", "no http or https URL"),
        ("://localhost", "no http or https URL"),
        ("http://", "names no host"),
        ("http://:80", "names no host"),
        ("http://localhost:99999", "no valid URL"),
        ("http://localhost:web", "no valid URL"),
        ("http://[::1", "no valid URL"),
        ("http://me:secret@localhost", "no user"),
        ("http://localhost/?a=b", "no user, query"),
        ("http://localhost/#a", "fragment"),
        ("./no-such-directory", "neither a URL nor a directory"),
        ("", "neither a URL nor a directory"),
        ("localhost:3000", "neither a URL nor a directory"),
    ],
)
def test_what_is_no_target_says_so(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_target(text)


def test_a_directory_is_relative_to_where_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "file").touch()
    assert parse_target("public", tmp_path) == parse_target("./public/", tmp_path) == Directory(tmp_path / "public")
    assert parse_target(str(tmp_path / "public")) == Directory(tmp_path / "public")
    with pytest.raises(ConfigError, match="is a file"):
        parse_target("file", tmp_path)


@pytest.mark.parametrize(
    ("fields", "viewer_https", "url"),
    [
        ({"protocol_policy": OriginProtocolPolicy.HTTP_ONLY}, True, "http://o.test:80"),
        ({"protocol_policy": OriginProtocolPolicy.HTTPS_ONLY}, False, "https://o.test:443"),
        ({"protocol_policy": OriginProtocolPolicy.MATCH_VIEWER}, False, "http://o.test:80"),
        ({"protocol_policy": OriginProtocolPolicy.MATCH_VIEWER}, True, "https://o.test:443"),
        ({"http_port": 8080, "https_port": 8443}, False, "http://o.test:8080"),
        ({"http_port": 8080, "https_port": 8443}, True, "https://o.test:8443"),
        ({"s3": S3Access(), "protocol_policy": OriginProtocolPolicy.HTTP_ONLY}, True, "https://o.test:443"),
        ({"s3": S3Access(), "https_port": 1}, False, "http://o.test:80"),
    ],
)
def test_the_origins_own_address_follows_its_protocol_policy(fields, viewer_https, url) -> None:
    address = own_address(Origin("web", "o.test", **fields), https=viewer_https)
    assert str(address) == url
    assert address.verify


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("app.localhost", True), ("127.3.2.1", True), ("::1", True), ("10.0.0.1", False),
     ("localhost.example.com", False), ("example.com", False)],
)  # fmt: skip
def test_loopback_names(host: str, local: bool) -> None:
    assert is_loopback(host) is local
