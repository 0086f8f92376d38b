"""What the terminal says once, and a scenario of each step: an answer that was one viewer's has gone to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgesim.distribution.problems import Problem, Severity
from edgesim.rules.reasons import SharingReason
from edgesim.values.headers import readable
from edgesim.values.text import printable

if TYPE_CHECKING:
    from edgesim.pipeline.transcript import Transcript

_TOLD = {
    SharingReason.GIVEN_DESPITE_VARY: (
        "it was stored for a request with another {names}, which its Vary names and the cache key does not have",
        "put {names} into the cache policy, if the answer depends on it",
    ),
    SharingReason.COOKIES_GIVEN: (
        "it was stored with its Set-Cookie, and every viewer gets the cookie {names}",
        'let the origin say Cache-Control: no-cache="Set-Cookie" or private, or no cookies be forwarded',
    ),
}


class Cautions:
    """Remembers what has been told: once for each distribution, cause and name."""

    def __init__(self) -> None:
        self._told: set[tuple[str, SharingReason, tuple[str, ...]]] = set()

    def news(self, transcript: Transcript) -> Iterator[Problem]:
        """What there is to be said of a request, as warnings."""
        distribution = transcript.distribution.id if transcript.distribution is not None else ""
        for note in transcript.notes:
            if not isinstance(note.because, SharingReason) or note.because not in _TOLD:
                continue
            gist = (distribution, note.because, note.facts["named"])
            if gist not in self._told:
                self._told.add(gist)
                message, hint = (
                    text.format(names=printable(readable(", ".join(note.facts["named"]))))
                    for text in _TOLD[note.because]
                )
                request = transcript.arrival.request
                what = f"{request.method} {printable(readable(request.target))}, from the cache"
                yield Problem(
                    f"{what}: {message}", "", f"{hint}; edgesim explain {transcript.arrival.id}", Severity.WARNING
                )
