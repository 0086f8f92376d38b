"""Performs what the spine asks for.

One `Run` a request: it holds what must be released at the request's end, whatever that end is. A permit to fetch (a
Flight) is landed when the object is kept, when nothing will be, or when the request ends; a body nobody reads is
closed, or read to its end in the background where the cache wants it. Whoever asks for an object while it comes reads
it along, from its beginning.

No request waits for another while that other may be waiting for it: one that looks a second object up (a custom error
page) first lets go of the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, assert_never

from edgesim.driver.bodies import read_ahead
from edgesim.driver.collapse import Coming, Flight, Flights, Landing
from edgesim.driver.compression import coded
from edgesim.driver.exchange import Exchange, Run
from edgesim.driver.incoming import Finished, Incoming, Reader
from edgesim.errors import OriginFault, ViewerFault, ViewerTrouble
from edgesim.pipeline.again import Again, given_again
from edgesim.pipeline.effects import (
    BodyRead,
    CacheEffect,
    Compress,
    Compressed,
    Effect,
    Fetch,
    Fetched,
    FetchFailed,
    GaveUp,
    GiveUp,
    Invoke,
    Invoked,
    Keep,
    Kept,
    LookedUp,
    LookUp,
    ReadBody,
    Refresh,
    RefreshBegun,
    Reply,
    Resolve,
    Resolved,
    Steps,
    Update,
    Updated,
)
from edgesim.pipeline.journey import Served
from edgesim.pipeline.serve import serve
from edgesim.pipeline.transcript import Transcript
from edgesim.ports import BodyStream, Call, StoredBody
from edgesim.values.entry import Use

if TYPE_CHECKING:
    from edgesim.distribution.model import Distribution
    from edgesim.ports import Clock, OriginClient, Recorder, Runtime, Store
    from edgesim.values.body import Body
    from edgesim.values.entry import CacheKey, Entry
    from edgesim.values.viewer import Arrival
    from edgesim.values.wire import Wire

T = TypeVar("T")
Rest: TypeAlias = Callable[[], Coroutine[Any, Any, Exchange]]
"""What is left of a request that has to wait: to be called once, and awaited"""


_AT_HAND = (Use.FRESH, Use.HELD)

# Why nothing is kept, for a person
_BROKEN_OFF = "its body did not come in whole"
_TOO_LARGE = "its body is larger than the cache takes"
_INVALIDATED = "it was invalidated while it came in"


class Driver:
    """Runs the request path of distributions on real or fake adapters."""

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        origins: OriginClient,
        runtime: Runtime,
        recorder: Recorder,
    ) -> None:
        self.clock, self.store, self.origins, self.runtime, self.recorder = clock, store, origins, runtime, recorder
        self.flights = Flights()
        self._draining: dict[asyncio.Task[None], Reader] = {}
        self._refreshing: dict[asyncio.Task[None], Run] = {}

    async def answer(
        self, arrival: Arrival, distributions: Sequence[Distribution], wire: Wire | None = None
    ) -> Exchange:
        """Take a request along CloudFront's path, through the distribution that its Host names. The caller reads the
        exchange's body and closes it. `wire` goes into the transcript."""
        begun = self.begin(arrival, distributions, wire)
        return begun if isinstance(begun, Exchange) else await begun()

    def begin(
        self, arrival: Arrival, distributions: Sequence[Distribution], wire: Wire | None = None
    ) -> Exchange | Rest:
        """`answer` as far as it goes without waiting: to its end, where the cache has a fresh object. Else what is left
        of it."""
        transcript = Transcript(arrival, wire=wire)
        self.recorder.record(transcript)
        run = Run(transcript)
        steps = serve(arrival, distributions, transcript)
        looked: LookedUp | None = None
        try:
            effect: Effect = next(steps)
            if isinstance(effect, LookUp):
                looked = self._look_in_store(effect, waited=False)
                if looked.use not in _AT_HAND:
                    flight = self.flights.find(effect.keys[-1])
                    return partial(self._go_on, steps, partial(self._collapse, effect, looked, run, flight), run)
                effect = steps.send(looked)
        except StopIteration as done:
            return Exchange(self, run, done.value, looked)
        except BaseException:
            self.recorder.finished(transcript)
            raise
        return partial(self._go_on, steps, partial(self._perform, effect, run), run)

    def begin_again(self, same: Again, arrival: Arrival, wire: Wire | None = None) -> Exchange | None:
        """`begin` for a request that is the same as one that was answered so, of the same viewer, to the same
        distributions. None where the object is gone, or fresh no longer: then nothing has happened."""
        entry = same.object_at(arrival.at)
        if entry is None or self.store.get(same.key) is not entry:
            return None
        transcript = Transcript(arrival, wire=wire)
        self.recorder.record(transcript)
        return Exchange(self, Run(transcript), given_again(same, entry, transcript))

    async def _go_on(self, steps: Steps[Served], first: Callable[[], Awaitable[Reply]], run: Run) -> Exchange:
        """`first` is what becomes of an effect that the steps have yielded already."""
        try:
            served = await self._perform_all(steps, run, await first())
        except BaseException as error:
            if isinstance(error, ViewerFault):
                run.transcript.interrupted = ViewerTrouble.HUNG_UP
            try:
                await self.release(run, b"")
            finally:
                self.recorder.finished(run.transcript)
            raise
        return Exchange(self, run, served)

    async def _perform_all(self, steps: Steps[T], run: Run, reply: Reply | None = None) -> T:
        while True:
            try:
                effect: Effect = steps.send(reply)
            except StopIteration as done:
                result: T = done.value
                return result
            reply = await self._perform(effect, run)

    async def _perform(self, effect: Effect, run: Run) -> Reply:
        match effect:
            case LookUp():
                return await self._look_up(effect, run)
            case Invoke():
                return await self._invoke(effect, run.transcript.arrival)
            case ReadBody():
                return await self._read(effect, run)
            case Resolve():
                return await self._resolve(effect)
            case Fetch():
                return await self._fetch(effect, run)
            case Compress():
                return self._compress(effect, run)
            case _:
                return await self._perform_in_cache(effect, run)

    async def _perform_in_cache(self, effect: CacheEffect, run: Run) -> Reply:
        match effect:
            case Keep():
                return await self._keep(effect.key, effect.entry, run)
            case Update():
                return await self._update(effect, run)
            case Refresh():
                return self._refresh(effect, run)
            case GiveUp():
                self._land(run, Landing.NOTHING_KEPT)
                return GaveUp()
            case _:
                assert_never(effect)

    # ── look up and collapse ─────────────────────────────────────────────────

    async def _look_up(self, effect: LookUp, run: Run) -> LookedUp:
        if run.bodies:
            await self._let_go(run.bodies, b"")
        looked = self._look_in_store(effect, waited=False)
        return looked if looked.use in _AT_HAND else await self._collapse(effect, looked, run)

    async def _collapse(self, effect: LookUp, looked: LookedUp, run: Run, flight: Flight | None = None) -> LookedUp:
        """What a request that finds no fresh object goes on with: it becomes the one to get it, or waits for that.
        `flight` was there when it looked, and may have landed since."""
        if looked.use is Use.WHILE_REVALIDATED:
            return self._to_be_refreshed(looked, effect, run)
        while looked.use is Use.STALE:
            flight = flight or self.flights.find(effect.keys[-1])
            if flight is None:
                run.flight = self.flights.lead(effect.keys[-1])
                break
            if (coming := await flight.coming()) is not None:
                along = self._read_along(effect, coming, run)
                if along is not None:
                    flight.others += 1
                    return along
                self.flights.forget(flight)
                flight = None
                continue
            looked = self._look_in_store(effect, waited=True)
            if flight.landing is not Landing.FAILED:
                # Usable now, or of a kind that answers one request only: then each goes for itself (documented)
                break
            flight = None
        run.since = self.store.invalidations
        return looked

    def _read_along(self, effect: LookUp, coming: Coming, run: Run) -> LookedUp | None:
        """The object that is coming in, with a body of this request's own; None where it has expired or was invalidated
        since somebody went for it. inferred: where its body breaks off, it does so for all who read it."""
        entry, now = coming.entry, self.clock.now()
        use = effect.use_of(entry, now)
        if use not in _AT_HAND or self.store.invalidated(coming.key, entry, coming.since):
            return None
        reader = coming.body.reader()
        run.bodies.append(reader)
        return LookedUp(replace(entry, body=reader), use, now, waited=True, key=coming.key)

    def _look_in_store(self, effect: LookUp, *, waited: bool) -> LookedUp:
        now, stale, stale_key = self.clock.now(), None, None
        for key in effect.keys:
            entry = self.store.get(key)
            if entry is None:
                continue
            use = effect.use_of(entry, now)
            if use is not Use.STALE:
                return LookedUp(entry, use, now, waited, key=key)
            if stale is None:
                stale, stale_key = entry, key
        if effect.covers is not None:
            for key, entry in self.store.parts(effect.keys[0]):
                if not effect.covers(entry):
                    continue
                use = effect.use_of(entry, now)
                if use is not Use.STALE:
                    self.store.get(key)  # counts as use of it
                    return LookedUp(entry, use, now, waited, key=key)
                if stale is None:
                    stale, stale_key = entry, key
        return LookedUp(stale, Use.STALE, now, waited, key=stale_key)

    def _to_be_refreshed(self, looked: LookedUp, effect: LookUp, run: Run) -> LookedUp:
        """The one who finds nobody at it is to have the object fetched anew, and holds the flight for that."""
        key = looked.key or effect.keys[-1]
        if self.flights.find(key) is not None:
            return looked
        run.flight = self.flights.lead(key)
        return replace(looked, refreshes=True)

    def _land(self, run: Run, landing: Landing) -> None:
        flight, run.flight = run.flight, None
        if flight is not None:
            self.flights.land(flight, landing)

    # ── functions and origins ────────────────────────────────────────────────

    async def _invoke(self, effect: Invoke, arrival: Arrival) -> Invoked:
        pop, arrived = arrival.viewer.pop, arrival.at
        call = Call(effect.function, effect.trigger, effect.event, effect.timeout, effect.region, pop, arrived)
        return Invoked(await self.runtime.invoke(call), self.clock.now())

    async def _read(self, effect: ReadBody, run: Run) -> BodyRead:
        head, truncated, body = await read_ahead(effect.body, effect.limit)
        if isinstance(body, BodyStream):
            run.upload = body
        return BodyRead(head, truncated, body)

    async def _resolve(self, effect: Resolve) -> Resolved | FetchFailed:
        try:
            await self.origins.resolve(effect.origin, https=effect.https)
        except OriginFault as fault:
            where = self.origins.where(effect.origin, https=effect.https)
            return FetchFailed(fault.trouble, str(fault), self.clock.now(), where)
        return Resolved()

    async def _fetch(self, effect: Fetch, run: Run) -> Fetched | FetchFailed:
        where = self.origins.where(effect.origin, https=effect.https)
        try:
            response = await self.origins.fetch(effect.request, effect.origin, https=effect.https)
        except OriginFault as fault:
            return FetchFailed(fault.trouble, str(fault), self.clock.now(), where)
        if isinstance(response.body, BodyStream):
            run.bodies.append(response.body)
        return Fetched(response, self.clock.now(), where)

    def _compress(self, effect: Compress, run: Run) -> Compressed:
        body = coded(effect.body, effect.coding)
        if isinstance(body, BodyStream):
            run.wraps(effect.body, body)
        return Compressed(body)

    # ── keep ─────────────────────────────────────────────────────────────────

    async def _keep(self, key: CacheKey, entry: Entry, run: Run) -> Kept:
        body = entry.body
        if not isinstance(body, BodyStream):
            unkept = await self._put(key, entry.with_body(body), run.since)
            self._land(run, Landing.NOTHING_KEPT if unkept else Landing.KEPT)
            if unkept == _INVALIDATED:
                run.transcript.unkept[key] = unkept
            return Kept(body, too_large=unkept == _TOO_LARGE)
        if entry.ttl <= 0 or entry.for_outages:
            # It answers nobody else, so nobody is to wait for its body (documented), which may never end
            self._land(run, Landing.NOTHING_KEPT)
        recorder = self.store.recorder(body.length)
        if recorder is None:
            self._land(run, Landing.NOTHING_KEPT)
            return Kept(body, too_large=True)
        flight, run.flight = run.flight, None
        incoming = Incoming(body, recorder, self._finisher(key, entry, run, flight))
        reader = incoming.reader(keeps=True)
        run.wraps(body, reader)
        if flight is not None:
            flight.bring(Coming(key, entry.with_body(incoming), incoming, run.since))
        return Kept(reader)

    def _finisher(self, key: CacheKey, entry: Entry, run: Run, flight: Flight | None) -> Finished:
        """Lands the flight when the body has come in, which may be after the run."""
        since = run.since

        async def finished(body: StoredBody | None, landing: Landing) -> None:
            outcome, unkept = Landing.FAILED, _BROKEN_OFF
            try:
                if body is None:
                    outcome, unkept = landing, _TOO_LARGE if landing is Landing.NOTHING_KEPT else _BROKEN_OFF
                else:
                    unkept = await self._put(key, entry.with_body(body), since)
                    outcome = Landing.NOTHING_KEPT if unkept else Landing.KEPT
                    for _ in range(flight.others if flight is not None else 0):
                        self.store.get(key)  # each of them was a use of it
            finally:
                if unkept:
                    run.transcript.unkept[key] = unkept
                if flight is not None:
                    self.flights.land(flight, outcome)

        return finished

    async def _put(self, key: CacheKey, entry: Entry, since: int) -> str:
        """Why it is not kept; empty where it is. documented: after an invalidation the next request goes to the
        origin (Invalidation); inferred: so what one had gone for before it answers nobody else"""
        if self.store.invalidated(key, entry, since):
            return _INVALIDATED
        return "" if await self.store.put(key, entry) else _TOO_LARGE

    async def _update(self, effect: Update, run: Run) -> Updated:
        """What was invalidated meanwhile does not come back."""
        stays = self.store.get(effect.key) is not None
        kept = stays and not await self._put(effect.key, effect.entry, run.since)
        self._land(run, Landing.KEPT if kept else Landing.NOTHING_KEPT)
        return Updated()

    # ── refresh ──────────────────────────────────────────────────────────────

    def _refresh(self, effect: Refresh, run: Run) -> RefreshBegun:
        behind = Run(effect.transcript, run.flight, since=self.store.invalidations)
        run.flight = None
        task = asyncio.create_task(self._perform_behind(effect.steps, behind))
        self._refreshing[task] = behind
        task.add_done_callback(self._refreshing.pop)
        return RefreshBegun()

    async def _perform_behind(self, steps: Steps[object], run: Run) -> None:
        try:
            await self._perform_all(steps, run)
        finally:
            await self.release(run, b"")

    # ── the end ──────────────────────────────────────────────────────────────

    async def release(self, run: Run, delivered: Body) -> None:
        """Let go of everything a request holds. `delivered` is the body that went to the viewer."""
        self._land(run, Landing.FAILED)
        if run.upload is not None:
            run.bodies.append(run.upload)
            run.upload = None
        if run.bodies:
            await self._let_go(run.bodies, delivered)

    async def _let_go(self, bodies: list[BodyStream], delivered: Body) -> None:
        """What was being sent to the viewer is closed, so that an aborted download is not kept (documented); what only
        the cache wants is read to its end in the background. Empties the list."""
        async with AsyncExitStack() as closing:
            while bodies:
                body = bodies.pop()
                if isinstance(body, Reader) and body.keeps and body is not delivered:
                    self._drain(body)
                else:
                    closing.push_async_callback(body.aclose)

    def _drain(self, body: Reader) -> None:
        task = asyncio.create_task(body.drain())
        self._draining[task] = body
        task.add_done_callback(self._draining.pop)

    @property
    def busy_behind(self) -> bool:
        """Does something go on just now for the cache alone: an object fetched anew, a body read to its end?"""
        return bool(self._draining or self._refreshing)

    async def aclose(self) -> None:
        """End what goes on in the background."""
        refreshing = dict(self._refreshing)
        for refresh in refreshing:
            refresh.cancel()
        await asyncio.gather(*refreshing, return_exceptions=True)
        for run in refreshing.values():
            # One that never came to run could not do this itself
            await self.release(run, b"")
        draining = dict(self._draining)
        for task in draining:
            task.cancel()
        await asyncio.gather(*draining, return_exceptions=True)
        for body in draining.values():
            # One that never came to run could not do this itself
            await body.aclose()
