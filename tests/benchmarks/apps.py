"""The two plain servers that edgesim is measured beside: bare uvicorn, and an origin. `apps.py NAME PORT`."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

BODY = b"x" * 1024

# What a hit through edgesim answers with, so that both send the same bytes
HIT_HEADERS = [
    (b"content-type", b"text/plain"),
    (b"content-length", b"1024"),
    (b"cache-control", b"max-age=3600"),
    (b"date", b"Mon, 23 Nov 2026 20:00:00 GMT"),
    (b"server", b"CloudFront"),
    (b"x-cache", b"Hit from cloudfront"),
    (b"via", b"1.1 d4ed35b050f96493c9fa7a9260681a04.cloudfront.net (CloudFront)"),
    (b"x-amz-cf-pop", b"FRA56-P3"),
    (b"x-amz-cf-id", b"A" * 54 + b"=="),
    (b"age", b"1"),
]


async def bare(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HIT_HEADERS})
    await send({"type": "http.response.body", "body": BODY})


async def origin(scope: Any, receive: Any, send: Any) -> None:
    control = b"no-store" if scope["path"].startswith("/miss") else b"max-age=3600"
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"1024"), (b"cache-control", control)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    app = {"bare": bare, "origin": origin}[sys.argv[1]]
    uvicorn.run(app, port=int(sys.argv[2]), log_level="error", access_log=False, server_header=False, date_header=False)
