"""A dev origin for the tests of the whole program: raw bytes, so that it can misbehave."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator

BIG = 64 * 1024 * 1024
PIECE = b"x" * 65536


class _Handler(socketserver.StreamRequestHandler):
    """Answers by path; `hits` of the server counts what came, as `METHOD path`."""

    server: Origin

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, target, _ = line.decode("latin-1").split(" ", 2)
            headers = self._headers()
            body = self.rfile.read(int(headers.get("content-length", 0)))
            self.server.hits.append(f"{method} {target}")
            if not self._answer(target, headers, body):
                return

    def _headers(self) -> dict[str, str]:
        headers = {}
        while (line := self.rfile.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _answer(self, target: str, headers: dict[str, str], body: bytes) -> bool:
        """Answer one request; False ends the connection."""
        path = target.partition("?")[0]
        if path == "/reset":
            self._send(b"200 OK", {"Content-Length": "1000", "Cache-Control": "max-age=60"}, b"only this")
            return False
        if path == "/big":
            self._send(b"200 OK", {"Content-Length": str(BIG), "Cache-Control": "no-store"}, b"")
            with contextlib.suppress(OSError):
                for _ in range(BIG // len(PIECE)):
                    self.wfile.write(PIECE)
                return True
            return False
        if path == "/drip":
            return self._drip()
        if path in {"/moved", "/secure"}:
            place = {"/moved": f"http://localhost:{self.server.server_address[1]}", "/secure": "https://localhost:8443"}
            self._send(b"302 Found", {"Content-Length": "0", "Location": f"{place[path]}/a?x=1"}, b"")
            return True
        status = b"404 Not Found" if path.startswith("/missing") else b"200 OK"
        control = "no-store" if path.startswith("/dynamic") else "max-age=60"
        text = f"{target}\n{headers.get('host', '')}\n".encode() + body
        self._send(status, {"Content-Length": str(len(text)), "Cache-Control": control, "ETag": '"v1"'}, text)
        return True

    def _drip(self) -> bool:
        """The first byte at once, the rest when the test says so."""
        self._send(b"200 OK", {"Content-Length": "2", "Cache-Control": "no-store"}, b"a")
        self.server.go_on.wait(20)
        self.wfile.write(b"b")
        return True

    def _send(self, status: bytes, headers: dict[str, str], body: bytes) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
        self.wfile.write(b"HTTP/1.1 %b\r\n%b\r\n%b" % (status, head, body))


class Origin(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hits: list[str] = []
        self.go_on = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def running() -> Iterator[Origin]:
    """The origin on a free port."""
    with Origin() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.go_on.set()
            server.shutdown()
            thread.join()
