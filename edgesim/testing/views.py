"""What tests look at: responses, what origins were asked, what is cached, what functions did. All of it is read only.

Text is text here: what is UTF-8 on the wire is decoded, anything else is taken as ISO-8859-1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgesim.logs.explain import as_data
from edgesim.logs.explain_text import as_text
from edgesim.logs.nearest import Stored
from edgesim.pipeline.transcript import Transcript
from edgesim.ports import StoredBody
from edgesim.rules.freshness import is_fresh
from edgesim.scenario.decoding import decoded
from edgesim.scenario.language.reasons import canonical
from edgesim.scenario.playing.edge import FunctionCall
from edgesim.scenario.playing.met import Run, reasons_met, runs_of, text_of
from edgesim.scenario.playing.seen import Answered, Asked
from edgesim.scenario.playing.why import told_key
from edgesim.values.body import length_of
from edgesim.values.durations import plain
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import Headers, readable
from edgesim.values.instant import Instant
from edgesim.values.invocation import Returned

_SHOWN = 200
"""Characters of a body, in a message."""


class HeaderMap(Mapping[str, str]):
    """Header fields by name, in capitals or not. A header of several lines is their values joined by `, `; `all` has
    each of them."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        value = self._headers.joined(name)
        if value is None:
            raise KeyError(name)
        return readable(value)

    def all(self, name: str) -> list[str]:
        """The values of all lines of a header, in order."""
        return [readable(value) for value in self._headers.all(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers.index)

    def __len__(self) -> int:
        return len(self._headers.index)

    def __repr__(self) -> str:
        return repr(dict(self))


class _Message:
    """What requests and responses have in common."""

    __slots__ = ()
    headers: HeaderMap
    content: bytes

    @property
    def text(self) -> str:
        """The body as text, without its content coding: UTF-8, with a replacement character for what is not."""
        return self._readable.decode("utf-8", "replace")

    @property
    def body(self) -> str:
        """The same as `text`: what scenarios call the body."""
        return self.text

    def json(self) -> Any:
        """The body as the value that its JSON stands for. Raises ValueError where it is none."""
        try:
            return json.loads(self._readable)
        except ValueError as error:
            raise ValueError(f"the body is no JSON ({error}): {self.text[:_SHOWN]!r}") from None

    @property
    def _readable(self) -> bytes:
        unpacked = decoded(self.headers.get("content-encoding", ""), self.content)
        return self.content if unpacked is None else unpacked


@dataclass(frozen=True, slots=True, repr=False)
class OriginRequest(_Message):
    """A request as an origin received it."""

    origin: str
    """The id of the origin."""
    method: str
    path: str
    query: str
    """What stands behind the `?`, or nothing."""
    headers: HeaderMap
    content: bytes
    """The body."""

    @classmethod
    def of(cls, asked: Asked) -> OriginRequest:
        """What a scripted origin remembers, for a test to look at."""
        request = asked.request
        content = request.body if isinstance(request.body, bytes) else b""
        path, query = readable(request.path), readable(request.query)
        return cls(asked.origin, request.method, path, query, HeaderMap(request.headers), content)

    @property
    def target(self) -> str:
        """The path, with the query string where there is one."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def __repr__(self) -> str:
        return f"<OriginRequest {self.method} {self.target} at {self.origin}>"


@dataclass(frozen=True, slots=True, repr=False)
class Response(_Message):
    """What a viewer got, and why."""

    status: int
    headers: HeaderMap
    content: bytes
    """The body as it was sent, under its content coding where it has one."""
    complete: bool
    """False where the body broke off before its end."""
    origin_requests: tuple[OriginRequest, ...]
    """What origins were asked for the sake of this response; empty for a hit."""
    transcript: Transcript = field(compare=False)
    """Every decision, as edgesim has it: not part of the stable interface."""
    stored: Stored | None = field(default=None, compare=False)
    """What the cache holds: no part of it either."""

    @classmethod
    def of(cls, answered: Answered, asked: tuple[OriginRequest, ...], stored: Stored | None = None) -> Response:
        """A viewer's answer, for a test to look at."""
        headers = HeaderMap(answered.headers)
        return cls(answered.status, headers, answered.body, answered.complete, asked, answered.transcript, stored)

    @property
    def x_cache(self) -> str:
        """What X-Cache says, without ` from cloudfront`: `Hit`, `Miss`, `RefreshHit`, `Error`,
        `LambdaGeneratedResponse` …"""
        return self.headers.get("x-cache", "").removesuffix(" from cloudfront")

    @property
    def cookies(self) -> dict[str, str]:
        """The values of the cookies that Set-Cookie sets, without their attributes."""
        pairs = (line.partition(";")[0].partition("=") for line in self.headers.all("set-cookie"))
        return {name.strip(): value.strip() for name, _, value in pairs}

    @property
    def because(self) -> Reasons:
        """Every reason that the request met, in order: `not in the cache`, `s-maxage`, `stored` … They are those that
        `because:` of a scenario names, and `edgesim explain` prints; `in` takes whatever it takes."""
        return Reasons(reasons_met(self.transcript))

    @property
    def ran(self) -> list[str]:
        """The triggers whose functions ran, in order: `viewer-request`, `origin-response` …"""
        return [run.trigger.value for run in runs_of(self.transcript) if run.outcome != "not run"]

    @property
    def outcomes(self) -> dict[str, str]:
        """What came of each trigger that has a function: `passed`, `changed`, `generated`, `failed`, `rejected`, or
        `not run`."""
        return {run.trigger.value: run.outcome for run in runs_of(self.transcript)}

    @property
    def outcome(self) -> str:
        """How it ended, in a word of X-Cache or the reason for which there is none."""
        return self.x_cache or str(as_data(self.transcript)["outcome"])

    def explain(self) -> str:
        """Every station of the request with its decision and the reason, as `edgesim explain` prints it; for a miss
        also the nearest key that is stored by now."""
        return as_text(as_data(self.transcript, self.stored))

    def __repr__(self) -> str:
        request = self.transcript.arrival.request
        method = "" if request.method == "GET" else f"{request.method} "
        broken = "" if self.complete else ", broken off"
        return f"<Response {self.status} {self.outcome} {method}{readable(request.target)}{broken}>"


class Reasons(list[str]):
    """Reasons, as people read them. `in` looks for one by its text or by its name, as scenarios do: `refused: the
    policy has expired`, `expired`, `SignatureReason.EXPIRED`."""

    def __init__(self, met: Iterable[str]) -> None:
        names = tuple(met)
        super().__init__(map(text_of, names))
        self._names = frozenset(names)

    def __contains__(self, words: object) -> bool:
        if not isinstance(words, str) or super().__contains__(words):
            return isinstance(words, str)
        return not self._names.isdisjoint(canonical(words).split("|"))


@dataclass(frozen=True, slots=True, repr=False)
class CachedObject(_Message):
    """One object in the cache, as it was when it was looked at."""

    key: str
    """All that it is kept under, as `edgesim explain` prints it."""
    path: str
    query: str
    """The part of the query string that is in the key."""
    status: int
    headers: HeaderMap
    content: bytes
    state: str
    """`fresh` or `stale`"""
    ttl: float
    """Seconds, from when it was fetched or last revalidated."""
    age: int
    """Whole seconds since then."""
    because: str
    """What decided the TTL: `s-maxage`, `max-age`, `the default TTL` …"""

    @classmethod
    def of(cls, key: CacheKey, entry: Entry, now: Instant) -> CachedObject:
        """What the store holds, for a test to look at."""
        return cls(
            key=told_key(key),
            path=readable(key.path),
            query=readable(key.query),
            status=entry.status,
            headers=HeaderMap(entry.headers),
            content=_stored(entry),
            state="fresh" if is_fresh(entry, now) else "stale",
            ttl=float(entry.ttl),
            age=entry.age(now),
            because=entry.because.value,
        )

    def __repr__(self) -> str:
        ttl = f"{plain(self.ttl)} s ({self.because})"
        return f"<CachedObject {self.key}: {self.status} {self.state}, {self.age} s of {ttl}>"


def _stored(entry: Entry) -> bytes:
    if isinstance(entry.body, StoredBody):
        return entry.body.read(0, length_of(entry.body) or 0)
    return entry.body if isinstance(entry.body, bytes) else b""


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One run of a function."""

    function: str
    trigger: str
    """`viewer-request`, `origin-request`, `origin-response` or `viewer-response`"""
    event: dict[str, Any]
    """What the function was given."""
    outcome: str
    """`passed`, `changed`, `generated`, `failed` or `rejected`; empty where nobody waited for it any more"""
    result: Any
    """What it returned; None where it failed."""
    error: str
    """Why it failed, or why CloudFront refuses what it returned; empty where all is well."""
    cold: bool
    """Whether its environment was new."""
    log: list[str]
    """The lines that it wrote."""
    duration_ms: float

    @classmethod
    def of(cls, call: FunctionCall, run: Run | None) -> Call:
        """A run as the edge remembers it; `run` is what the request's transcript says of it."""
        result = call.invocation.result
        returned = isinstance(result, Returned)
        return cls(
            function=call.function.name,
            trigger=call.trigger.value,
            event=call.event,
            outcome=run.outcome if run else "",
            result=_value(result.payload) if isinstance(result, Returned) else None,
            error=run.error if run else "" if returned else "it failed",
            cold=call.invocation.cold,
            log=list(call.invocation.log),
            duration_ms=call.invocation.duration_ms,
        )

    @property
    def request(self) -> dict[str, Any]:
        """The event's `Records[0].cf.request`."""
        request: dict[str, Any] = self.event["Records"][0]["cf"]["request"]
        return request

    @property
    def response(self) -> dict[str, Any] | None:
        """The event's `Records[0].cf.response`, at the response's triggers."""
        response: dict[str, Any] | None = self.event["Records"][0]["cf"].get("response")
        return response

    def __repr__(self) -> str:
        start = "cold" if self.cold else "warm"
        return f"<Call of {self.function} at {self.trigger}: {self.outcome or 'left'}, {start}>"


def _value(payload: str) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload
