"""`edgesim demo`: a small origin, the sample distribution, and requests to try."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx

from edgesim.samples import samples_folder
from edgesim.server.listeners import Listener, bind, serve_all
from edgesim.settings import Settings
from edgesim.terminal import Terminal

TEMPLATE = "demo.template.yaml"


@dataclass(frozen=True, slots=True)
class Try:
    """One request worth trying: what it shows, its path and its headers."""

    shows: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()

    def curl(self, base: str) -> str:
        """The command line for it."""
        flags = "".join(f" -H '{name}: {value}'" for name, value in self.headers)
        return f"curl -i{flags} '{base}{self.path}'"


TRIES = (
    Try("a miss; ask again for a hit. A Python function added the security headers", "/"),
    Try("a Node.js function picks a variant of the page by cookie", "/landing", (("Cookie", "variant=b"),)),
    Try("a page that a Python function makes up at the edge; cached for a minute", "/hello"),
    Try("a Node.js function sends visitors without a session to the sign-in page", "/members/area"),
    Try("a viewer in Germany is sent to the German shop", "/shop/", (("Edgesim-Viewer", "country=DE"),)),
    Try("a Python function sends this to the blue release's origin", "/app/", (("X-Release", "blue"),)),
    Try("the origin says 404; a Node.js function swaps in a friendly page", "/old/missing"),
)


async def origin(scope: Any, receive: Any, send: Any) -> None:
    """The built-in origin: says what it was asked, so that one sees what arrives behind the edge."""
    del receive
    if scope["type"] != "http":
        return
    path = scope["path"]
    found = not path.startswith("/old/")
    headers = "".join(f"  {n.decode('latin-1')}: {v.decode('latin-1')}\n" for n, v in scope["headers"])
    text = f"{'the demo origin' if found else 'the demo origin has no such page'}\n{scope['method']} {path}\n{headers}"
    body = text.encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200 if found else 404,
            "headers": [
                (b"Content-Type", b"text/plain; charset=utf-8"),
                (b"Content-Length", str(len(body)).encode()),
                (b"Cache-Control", b"max-age=60" if found else b"no-store"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def origin_running() -> AsyncIterator[str]:
    """The built-in origin on a free port of this machine; gives its URL."""
    socket = bind("127.0.0.1", 0, "--port")
    listener = Listener(socket, origin)
    started, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(serve_all([listener], started=started, stop=stop))
    await started.wait()
    try:
        yield f"http://127.0.0.1:{listener.port}"
    finally:
        stop.set()
        await task


def demo_settings(settings: Settings, origin_url: str) -> Settings:
    """The settings that serve the sample distribution in front of the built-in origin."""
    template = samples_folder() / "scenarios" / TEMPLATE
    return replace(settings, source=str(template), origins={"site": origin_url, "blue": origin_url})


def tell(terminal: Terminal, base: str) -> None:
    """The requests to try."""
    terminal.say("Try, in another terminal:")
    for one in TRIES:
        terminal.say(f"\n  # {one.shows}\n  {terminal.paint(one.curl(base), fg='cyan')}")
    terminal.say("\n  # why the last answer was what it was\n  " + terminal.paint("edgesim explain last", fg="cyan"))
    terminal.say("")


async def try_all(terminal: Terminal, base: str) -> None:
    """Send the requests, the first one twice, and show the answers."""
    async with httpx.AsyncClient(base_url=base, follow_redirects=False, trust_env=False) as client:
        for one in (TRIES[0], *TRIES):
            response = await client.get(one.path, headers=dict(one.headers))
            terminal.say(f"\n# {one.shows}\n{one.curl(base)}")
            terminal.say(f"{response.status_code} {response.reason_phrase}")
            for name in ("x-cache", "age", "location", "strict-transport-security", "set-cookie"):
                if name in response.headers:
                    terminal.say(f"{name}: {response.headers[name]}")
            terminal.say(response.text.strip()[:300])
    terminal.flush()
