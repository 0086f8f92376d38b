"""One request that is being served: what it holds, and its answer on the way to the viewer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgesim.driver.bodies import body_chunks
from edgesim.errors import ViewerTrouble
from edgesim.pipeline.again import Again, again
from edgesim.ports import BodyStream, StoredBody
from edgesim.values.body import Pieces

if TYPE_CHECKING:
    from edgesim.driver.collapse import Flight
    from edgesim.driver.driver import Driver
    from edgesim.errors import OriginTrouble
    from edgesim.pipeline.effects import LookedUp
    from edgesim.pipeline.journey import Served
    from edgesim.pipeline.transcript import Transcript
    from edgesim.values.body import Body
    from edgesim.values.message import Response

_SMALL = 64 * 1024


@dataclass(slots=True)
class Run:
    """What one request holds: the flight it must land, if it leads one, the bodies that origins sent for it, and its
    own body where a function has read into it. `since` tells how many invalidations the store had had when the request
    went for the object."""

    transcript: Transcript
    flight: Flight | None = None
    bodies: list[BodyStream] = field(default_factory=list)
    upload: BodyStream | None = None
    since: int = 0

    def wraps(self, body: Body, outer: BodyStream) -> None:
        """`outer` reads the body, and closes it: it is what is to be released."""
        self.bodies = [outer, *(other for other in self.bodies if other is not body)]


class Exchange:
    """A request that has its answer: the head is here, the body is to be read once, then `aclose` is due."""

    __slots__ = ("_driver", "_looked", "_run", "_served", "transcript")

    def __init__(self, driver: Driver, run: Run, served: Served, looked: LookedUp | None = None) -> None:
        self._driver, self._run, self._served, self._looked = driver, run, served, looked
        self.transcript = run.transcript

    @property
    def response(self) -> Response:
        return self._served.response

    @property
    def closes(self) -> bool:
        """Does the viewer's connection end with this answer?"""
        return self._served.closes

    @property
    def small_body(self) -> bytes | None:
        """The body where it is at hand in one piece, so that it can be sent without streaming."""
        body, cut = self._served.response.body, self._served.span
        if isinstance(cut, Pieces):
            return None
        if isinstance(body, bytes):
            return body if cut is None else body[cut.start : cut.stop]
        if isinstance(body, StoredBody) and (body.length or 0) <= _SMALL:
            return body.read(cut.start, cut.stop) if cut else body.read(0, body.length or 0)
        return None

    def chunks(self) -> AsyncGenerator[bytes]:
        """The bytes for the viewer. Raises OriginFault where the origin broke off."""
        return body_chunks(self._served.response.body, self._served.span)

    @property
    def again(self) -> Again | None:
        """How to give the same answer again; None for one that was not at hand, or depends on more than the request."""
        return again(self.transcript, self._served, self._looked) if self._looked is not None else None

    @property
    def holds_nothing(self) -> bool:
        """Is there nothing to let go of, so that `close` does?"""
        run = self._run
        return not run.bodies and run.flight is None and run.upload is None

    def close(self, *, sent: int) -> None:
        """The end of one that holds nothing and whose viewer got everything."""
        self.transcript.sent, self.transcript.complete = sent, True
        self._driver.recorder.finished(self.transcript)

    async def aclose(self, *, sent: int = 0, complete: bool = True, broken_off: OriginTrouble | None = None) -> None:
        """The end: `complete` tells whether the viewer got everything, `sent` how many bytes of body. Where it did not,
        it had left, unless the origin had `broken_off`."""
        self.transcript.sent, self.transcript.complete = sent, complete
        if not complete:
            self.transcript.interrupted = broken_off or ViewerTrouble.LEFT
        try:
            await self._driver.release(self._run, self._served.response.body)
        finally:
            self._driver.recorder.finished(self.transcript)
