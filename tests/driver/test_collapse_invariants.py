"""Request collapsing, whoever comes and leaves when, whatever the origin does (house-style.md §7.4, number 16)."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import Enum

from hypothesis import event, example, given
from hypothesis import strategies as st

from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.origins.canned import ScriptedBody
from edgesim.testing.clock import VirtualClock
from edgesim.testing.fakes import Answered, FakeEdge
from edgesim.testing.make import a_distribution, a_request, a_response
from edgesim.values.instant import Duration
from edgesim.values.message import Request, Response

SITE = a_distribution()
PIECES = 2
LONG_ENOUGH = 1_000.0


class Kind(Enum):
    """What the origin does with a request: status and headers of its answer, where there is one."""

    KEPT = (200, "max-age=600")
    ERROR = (404, "max-age=600")
    EVERY_TIME = (200, "no-cache")
    PRIVATE = (200, "private")
    NEVER_KEPT = (429, "")
    BREAKS_OFF = (200, "max-age=601")
    CONNECT = (502, "")
    BROKEN_ADAPTER = (0, "")

    @property
    def is_for_everybody(self) -> bool:
        """Can an answer of this kind be given to those who waited for it?"""
        return self in (Kind.KEPT, Kind.ERROR, Kind.CONNECT)

    @property
    def leaves_one_at_a_time(self) -> bool:
        """Is there one request to the origin at a time, as long as all answers are such?"""
        return self.is_for_everybody or self in (Kind.BREAKS_OFF, Kind.BROKEN_ADAPTER)


@dataclass(frozen=True)
class Turn:
    """What the origin does with one request: seconds until the head, and before each piece of the body."""

    kind: Kind
    head: float = 1
    piece: float = 0


@dataclass(frozen=True)
class Viewer:
    """Somebody who comes, and may leave before the answer is there, after so many seconds."""

    path: str = "/a"
    comes: float = 0
    leaves: float | None = None


class Watched(FakeEdge):
    """An edge whose origin answers by turn, and that counts for each path how many requests it is busy with at once."""

    def __init__(self, turns: list[Turn]) -> None:
        super().__init__(self._answer, SITE)
        self.turns = list(turns)
        self.busy: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.begun: dict[str, list[Kind]] = defaultdict(list)

    async def _answer(self, request: Request, origin: Origin) -> Response:
        """The next turn; the last one goes on."""
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        path, kind = request.path, turn.kind
        self.begun[path].append(kind)
        self.busy[path] += 1
        if all(one.leaves_one_at_a_time for one in self.begun[path]):
            self.most[path] = max(self.most[path], self.busy[path])
        ended = self._once(path)
        try:
            await self.clock.sleep(Duration(turn.head))
            _fail(kind)
        except BaseException:
            ended()
            raise
        status, control = kind.value
        body = WatchedBody(self.clock, f"{path} {len(self.begun[path])} ", turn, ended)
        return a_response(status, body=body, cache_control=control or None)

    def _once(self, path: str) -> Callable[[], None]:
        left = [path]

        def end() -> None:
            if left:
                self.busy[left.pop()] -= 1

        return end


def _fail(kind: Kind) -> None:
    if kind is Kind.CONNECT:
        raise OriginFault(OriginTrouble.CONNECT, "refused")
    if kind is Kind.BROKEN_ADAPTER:
        raise RuntimeError("a bug in an adapter")


class WatchedBody(ScriptedBody):
    """One that says when it is over, however that is. Each of its pieces tells whose it is."""

    __slots__ = ("_ended",)

    def __init__(self, clock: VirtualClock, text: str, turn: Turn, ended: Callable[[], None]) -> None:
        fault = OriginFault(OriginTrouble.RESET, "broke off") if turn.kind is Kind.BREAKS_OFF else None
        super().__init__(*[text.encode()] * PIECES, clock=clock, every=turn.piece, fault=fault)
        self._ended = ended

    async def chunks(self) -> AsyncGenerator[bytes]:
        try:
            async for chunk in super().chunks():
                yield chunk
        finally:
            self._ended()

    async def aclose(self) -> None:
        await super().aclose()
        self._ended()


@dataclass
class Story:
    """What came of it: an answer, or how it failed, for each viewer in order; what the origin saw."""

    ends: list[Answered | BaseException]
    edge: Watched
    flights: int


def told(turns: list[Turn], viewers: list[Viewer]) -> Story:
    """All of them, each at its time. Fails where somebody waits for ever."""
    return asyncio.run(_told(turns, viewers))


async def _told(turns: list[Turn], viewers: list[Viewer]) -> Story:
    edge = Watched(turns)
    tasks = [asyncio.create_task(_one(edge, viewer)) for viewer in viewers]
    await edge.clock.advance(LONG_ENOUGH)
    waiting = [viewer for viewer, task in zip(viewers, tasks, strict=True) if not task.done()]
    flights = len(edge.driver.flights)
    await edge.aclose()
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert waiting == []
    return Story(ends, edge, flights)


async def _one(edge: FakeEdge, viewer: Viewer) -> Answered:
    await edge.clock.sleep(Duration(viewer.comes))
    asking = asyncio.create_task(edge.ask(a_request(viewer.path)))
    if viewer.leaves is not None:
        edge.clock.call_later(Duration(viewer.leaves), asking.cancel)
    return await asking


TIMES = st.integers(0, 12).map(lambda halves: halves / 2)
TURNS = st.builds(Turn, st.sampled_from(Kind), TIMES, st.sampled_from([0, 0.5, 8]))
VIEWERS = st.lists(
    st.builds(Viewer, st.sampled_from(["/a", "/a", "/b"]), TIMES, st.none() | TIMES), min_size=1, max_size=12
)
THREE = [Viewer(), Viewer(comes=0.5), Viewer(comes=1)]


@given(st.lists(TURNS, min_size=1, max_size=6), VIEWERS)
@example([Turn(Kind.KEPT)], [Viewer(leaves=0.5), *THREE])
@example([Turn(Kind.BREAKS_OFF), Turn(Kind.KEPT)], THREE)
@example([Turn(Kind.PRIVATE, piece=0.5), Turn(Kind.KEPT)], THREE)
@example([Turn(Kind.BROKEN_ADAPTER), Turn(Kind.CONNECT)], THREE)
def test_everybody_gets_an_answer_and_nobody_asks_for_what_is_on_its_way(
    turns: list[Turn], viewers: list[Viewer]
) -> None:
    story = told(turns, viewers)
    assert story.flights == 0
    assert not +story.edge.busy, "the origin is left with a request that nobody reads"
    asked = {path: len(kinds) for path, kinds in story.edge.begun.items()}
    came = Counter(viewer.path for viewer in viewers)
    for path, number in asked.items():
        assert number <= came[path], "somebody asked the origin twice"
        assert story.edge.most[path] <= 1, "two at a time, though either's answer would have done"
    failed: Counter[type[BaseException]] = Counter()
    for viewer, end in zip(viewers, story.ends, strict=True):
        if isinstance(end, Answered):
            assert end.status in {kind.value[0] for kind in story.edge.begun[viewer.path]}
            assert end.status == 502 or end.body in {f"{viewer.path} {n} ".encode() * PIECES for n in range(1, 13)}
        else:
            assert viewer.leaves is not None or not isinstance(end, asyncio.CancelledError)
            # A body that breaks off does so for all who read it
            assert not isinstance(end, OriginFault) or Kind.BREAKS_OFF in story.edge.begun[viewer.path]
            failed[type(end)] += 1
    done = Counter(kind for kinds in story.edge.begun.values() for kind in kinds)
    assert failed[RuntimeError] <= done[Kind.BROKEN_ADAPTER]
    assert failed.total() == failed[OriginFault] + failed[RuntimeError] + failed[asyncio.CancelledError]
    event(f"{max(asked.values())} to the origin of {max(came.values())} of a path")


@given(st.builds(Turn, st.sampled_from([kind for kind in Kind if kind.is_for_everybody]), TIMES), VIEWERS)
def test_where_nobody_leaves_one_answer_that_may_be_kept_is_for_all(turn: Turn, viewers: list[Viewer]) -> None:
    """An error of the edge's own is kept for ten seconds, all others of these for ten minutes."""
    staying = [Viewer(viewer.path, viewer.comes) for viewer in viewers]
    story = told([turn], staying)
    assert all(kinds == [turn.kind] for kinds in story.edge.begun.values()), "one request was enough"
    for path in story.edge.begun:
        got = [end for viewer, end in zip(staying, story.ends, strict=True) if viewer.path == path]
        assert all(isinstance(end, Answered) for end in got)
        bodies = {end.body for end in got if isinstance(end, Answered)}
        assert len(bodies) == 1, "not all have the same"
