"""Host names that can be resolved."""

from __future__ import annotations

import asyncio
import socket

_SECONDS = 10.0
"""How long an answer counts: as long as the connection pool keeps addresses."""


class Names:
    """Asks the system's resolver, and remembers its answers for a little while."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[float, bool]] = {}

    async def has(self, host: str, port: int) -> bool:
        """Does this name have an address?"""
        loop = asyncio.get_running_loop()
        until, found = self._known.get((host, port), (0.0, False))
        if until < loop.time():
            found = await _found(host, port)
            self._known[host, port] = (loop.time() + _SECONDS, found)
        return found


async def _found(host: str, port: int) -> bool:
    try:
        await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: no possible host name
        return False
    return True
