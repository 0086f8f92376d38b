"""WebSockets: which request asks for one, and what the handshake's answer is to the viewer.

documented: distribution-working-with.websockets, over HTTP/1.1 alone, with any distribution, where a policy forwards
the headers that the origin needs (Sec-WebSocket-Key and others); CloudFront itself passes Upgrade on only here
(RequestAndResponseBehaviorCustomOrigin). inferred: GET, Upgrade and Connection make a handshake; the origin judges the
rest of it.
"""

from __future__ import annotations

from edgesim.values.headers import Headers, list_items
from edgesim.values.message import SWITCHING_PROTOCOLS, Request, Response


def is_handshake(request: Request) -> bool:
    """Does the request ask for a WebSocket?"""
    index = request.headers.index
    if "upgrade" not in index or request.method != "GET":
        return False
    return "websocket" in _lower(index["upgrade"]) and "upgrade" in _lower(index.get("connection", ()))


def _lower(values: tuple[str, ...]) -> set[str]:
    return {item.lower() for item in list_items(values)}


def without_old_upgrades(headers: Headers, http_version: str) -> Headers:
    """documented: CloudFront has WebSockets over HTTP/1.1 only; elsewhere Upgrade means nothing (RFC 9110 §7.8)"""
    return headers if http_version == "1.1" else headers.without("upgrade")


def switched(response: Response) -> Response:
    """The origin's 101 as it goes on: what follows is no body, so nothing says how long it is."""
    if response.status != SWITCHING_PROTOCOLS:
        return response
    headers = response.headers.without("content-length", "transfer-encoding").having("Upgrade", "websocket")
    return Response(response.status, headers, response.body, response.reason)
