"""`edgesim sign`: what comes out lets a viewer in, and what is wrong is said in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from edgesim.cli import main
from edgesim.distribution.signers import Signers
from edgesim.rules.reasons import SignatureReason
from edgesim.rules.signed import Judged, judged
from edgesim.signatures.keys import public_half
from edgesim.testing.make import a_request, an_arrival
from edgesim.values.instant import Instant

KEY = Path(__file__).parents[1] / "signatures" / "rsa.pem"
URL = "http://localhost:8080/film.mp4?q=hd"
SIGN = ("--key-pair-id", "K1", "--private-key", str(KEY))
AT = 1_893_456_000


def run(*args: str) -> Result:
    result = CliRunner().invoke(main, ["sign", *args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def signed(*args: str) -> str:
    result = run(URL, *SIGN, *args)
    assert result.exit_code == 0, result.output
    return result.stdout.removesuffix("\n")


@pytest.fixture
def port_of() -> Iterator[Callable[[str], int]]:
    """Servers in a control port's place, by what they answer."""
    with ExitStack() as stack:

        def port(answer: str) -> int:
            class Says(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(answer.encode())

                def log_message(self, *_: object) -> None: ...

            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Says))
            Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            return server.server_port

        yield port


def verdict(target: str, cookie: str = "", at: float = AT - 1) -> Judged:
    request = a_request(target, host="localhost:8080", **({"cookie": cookie} if cookie else {}))
    return judged(an_arrival(request, at=Instant(at), ip="192.0.2.7"), Signers({"K1": public_half(KEY.read_text())}))


def target(url: str) -> str:
    return url.removeprefix("http://localhost:8080")


@pytest.mark.parametrize(
    "args",
    [
        ("--expires", str(AT)),
        ("--expires", "2030-01-01T00:00:00Z"),
        ("--expires", "2030-01-01"),
        ("--expires", str(AT), "--hash", "sha256"),
        ("--expires", str(AT), "--ip", "192.0.2.0/24"),
        ("--expires", str(AT), "--starts", "2026-01-01", "--resource", "http://localhost:8080/*"),
    ],
)
def test_the_url_that_is_printed_lets_a_viewer_in(args: tuple[str, ...]) -> None:
    url = signed(*args)
    assert url.startswith(f"{URL}&")
    assert verdict(target(url)).because is SignatureReason.SIGNED_URL
    assert verdict(target(url), at=AT).because is SignatureReason.EXPIRED


def test_an_hour_is_the_default_and_a_span_begins_now() -> None:
    first, second = (int(re.findall(r"Expires=(\d+)", signed(*args))[0]) for args in ((), ("--expires", "2h")))
    assert second - first in (3_600, 3_601)


def test_a_span_is_in_seconds_and_what_is_over_is_said(port_of: Callable[[str], int]) -> None:
    port = str(port_of('{"now": "2030-01-01T00:00:00.500Z"}'))
    soon = run(URL, *SIGN, "--control-port", port, "--expires", "3600")
    assert (f"Expires={AT + 3600}&" in soon.stdout, soon.stderr) == (True, "")
    over = run(URL, *SIGN, "--control-port", port, "--expires", "0")
    assert over.exit_code == 0
    assert "expires at 2030-01-01T00:00:00.000Z, and that is over: it is 2030-01-01T00:00:00.000Z" in over.stderr


@pytest.mark.parametrize("answer", ["{}", "[1]", "no JSON", '{"now": "noon"}'])
def test_what_is_no_edgesim_has_no_time(port_of: Callable[[str], int], answer: str) -> None:
    port = port_of(answer)
    told = run(URL, *SIGN, "--control-port", str(port))
    assert (told.exit_code, f"no edgesim answers on control port {port}" in told.stderr) == (2, True)


def test_the_time_is_that_of_the_server_of_edgesim_toml(
    port_of: Callable[[str], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = port_of('{"now": "2030-01-01T00:00:00.000Z"}')
    (tmp_path / "edgesim.toml").write_text(f"control-port = {port}\n")
    monkeypatch.chdir(tmp_path)
    assert f"Expires={AT + 1800}&" in signed("--expires", "30m")


def test_cookies_are_a_header_for_curl() -> None:
    line = signed("--expires", str(AT), "--cookies")
    assert line.startswith("Cookie: CloudFront-Expires=")
    assert verdict("/film.mp4?q=hd", line.removeprefix("Cookie: ")).because is SignatureReason.SIGNED_COOKIES


def test_set_cookies_are_those_of_an_application() -> None:
    lines = signed("--set-cookies").splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        "Set-Cookie: CloudFront-Expires",
        "Set-Cookie: CloudFront-Signature",
        "Set-Cookie: CloudFront-Key-Pair-Id",
    ]
    assert all(line.endswith("; Path=/; HttpOnly") for line in lines)


@pytest.mark.parametrize("more", [(), ("--ecdsa",)])
def test_a_new_key_pair_signs(tmp_path: Path, more: tuple[str, ...]) -> None:
    key = tmp_path / "key.pem"
    made = run("--new-key", str(key), *more)
    assert made.exit_code == 0
    assert f"--public-key MyKey={tmp_path / 'key.pub.pem'}" in made.output
    assert key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "key.pub.pem").read_text() == public_half(key.read_text())
    assert run(URL, "--key-pair-id", "MyKey", "--private-key", str(key)).exit_code == 0
    again = run("--new-key", str(key))
    assert (again.exit_code, "exists already" in again.output) == (2, True)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "give a URL, --key-pair-id and --private-key"),
        ((URL,), "give --key-pair-id and --private-key; --new-key FILE makes a key pair"),
        ((URL, "--key-pair-id", "K1"), "give --private-key; "),
        (("film.mp4", *SIGN), "film.mp4 is no http or https URL"),
        (("http://localhost:8080", *SIGN), "has no path"),
        ((URL, *SIGN, "--expires", "soon"), "--expires can't be 'soon'"),
        ((URL, *SIGN, "--ip", "::1"), "--ip can't be '::1'"),
        ((URL, *SIGN, "--resource", "/film*"), "it begins with http://, https:// or *"),
        ((URL, "--key-pair-id", "K1", "--private-key", "nowhere.pem"), "nowhere.pem can't be read"),
        ((URL, "--key-pair-id", "K1", "--private-key", __file__), "this is no private key in PEM form"),
        ((URL, "--new-key", "x.pem"), "--new-key goes without a URL"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(args: tuple[str, ...], message: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
