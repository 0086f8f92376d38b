"""Keeps the latest transcripts, for `edgesim explain` and whoever else asks."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from edgesim.values.uri import authority_of, split_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgesim.pipeline.transcript import Transcript


class TranscriptRing:
    """The last transcripts, newest first, found by request id or URL (ports.Recorder)."""

    def __init__(self, capacity: int = 512, on_finished: Callable[[Transcript], None] | None = None) -> None:
        self._capacity = capacity
        self._on_finished = on_finished
        self._by_id: OrderedDict[str, Transcript] = OrderedDict()

    def record(self, transcript: Transcript) -> None:
        self._by_id[transcript.arrival.id] = transcript
        if len(self._by_id) > self._capacity:
            self._by_id.popitem(last=False)

    def finished(self, transcript: Transcript) -> None:
        if self._on_finished is not None:
            self._on_finished(transcript)

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Transcript]:
        return reversed(self._by_id.values())

    def find(self, wanted: str) -> Transcript | None:
        """The transcript of a request id, the newest one of a URL or a path, or the newest of all for `last`.

        A URL's host counts where it has one (the scheme may be left out); a path matches whatever host was asked, and
        where no request has that query string, whatever query string.
        """
        if wanted == "last":
            return next(iter(self), None)
        if wanted in self._by_id:
            return self._by_id[wanted]
        host, (path, query) = _host_and_target(wanted)
        same = [t for t in self if _is_of(t, host, path)]
        exact = (t for t in same if t.arrival.request.query == query)
        return next(exact, None) or (same[0] if same and not query else None)

    def like(self, wanted: str) -> Transcript | None:
        """Where nothing is found: the newest of that path whatever host was asked, with that query string if there is
        one."""
        _, (path, query) = _host_and_target(wanted)
        same = [t for t in self if _is_of(t, "", path)]
        return next((t for t in same if t.arrival.request.query == query), None) or next(iter(same), None)


def _host_and_target(wanted: str) -> tuple[str, tuple[str, str]]:
    if "://" not in wanted and not wanted.startswith("/"):
        wanted = f"http://{wanted}"
    return authority_of(wanted) or "", split_target(wanted)


def _is_of(transcript: Transcript, host: str, path: str) -> bool:
    request = transcript.arrival.request
    return request.path == path and (not host or (request.headers.get("host") or "").lower() == host.lower())
