"""What passed between viewers and a server, as a scenario that tells it again.

Each request becomes a step. Where its answer came from an origin, the origin gives that answer once more; where it
came from the cache, the origin must stay untouched. So a recording passes when it is played, and goes on to pass until
somebody changes what the edge does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from edgesim.distribution import limits
from edgesim.distribution.model import ALL_METHODS
from edgesim.rules.reasons import Outcome
from edgesim.scenario.recording.masking import (
    FRAMING,
    NO_MASKS,
    Masks,
    expected,
    is_noise,
    is_volatile,
    masks_for,
    pattern_of,
)
from edgesim.scenario.recording.recorded_bodies import Bodies, Said, escaped, unpacked
from edgesim.scenario.recording.recorded_cache import (
    HITS,
    Keying,
    Memory,
    Moment,
    Pace,
    Passed,
    keying_of,
    x_cache,
)
from edgesim.scenario.recording.recorded_distribution import fitting_distribution, never_kept
from edgesim.scenario.recording.recorded_origins import FAILS, body_is_told, scripted
from edgesim.scenario.recording.recorded_viewers import host_of, own_settings, settings_of, shared_settings
from edgesim.scenario.recording.told import AskedOrigin, Told
from edgesim.values.body import NO_BODY, length_of
from edgesim.values.headers import list_items, readable
from edgesim.values.instant import Instant, iso_utc
from edgesim.values.message import Request, Response
from edgesim.values.uri import cookie_pairs

DEFAULT_GAP = 5.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it came in and its answer as it went out.

    A body is its bytes, or a Ticket with its length where it was too large to be recorded. `complete`: the answer went
    out to its end. `told` is what the server itself says of it, where it is an edgesim.
    """

    at: Instant
    request: Request
    response: Response
    https: bool = False
    complete: bool = True
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the scenario is to be. `distribution` is a SOURCE by its path from the scenario's folder; without one, an
    inline distribution is made that fits. `keep` are lower-case names of headers, cookies and parameters that are
    neither masked nor left out. `bodies` is the folder for bodies, from the scenario's."""

    title: str = "recorded traffic"
    distribution: str | None = None
    gap: float = DEFAULT_GAP
    all_headers: bool = False
    keep_secrets: bool = False
    keep: frozenset[str] = frozenset()
    bodies: str = "bodies"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A scenario document, the files beside it, and what a person should know: `masked` are the names of secrets,
    `notes` say what was left out, `caveats` what is not as it was."""

    document: dict[str, Any]
    files: Mapping[str, bytes]
    requests: int
    masked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


def recorded(exchanges: Iterable[Exchange], wishes: Wishes = Wishes()) -> Recorded:
    """The scenario of these exchanges."""
    kept, notes = _usable(sorted(exchanges, key=lambda exchange: exchange.at))
    pairs = ((exchange.request, response) for exchange in kept for response in _answers(exchange))
    masks = NO_MASKS if wishes.keep_secrets else masks_for(pairs, wishes.keep)
    passed = [_passed(exchange) for exchange in kept]
    keying = keying_of(passed)
    inline = None if wishes.distribution else fitting_distribution(passed, keying)
    teller = _Teller(
        wishes,
        masks,
        Bodies(masks, wishes.bodies),
        keying,
        never_kept(passed, keying, inline),
        _shared_viewer(kept),
    )
    steps, told = _fitting(teller.steps(kept))
    if told < len(kept):
        notes += (f"{_requests(len(kept) - told)} at the end left out: one scenario can't hold more",)
    return Recorded(
        {**_head(kept, wishes), "distribution": inline or wishes.distribution, "steps": steps},
        teller.bodies.files,
        told,
        masks.named,
        notes,
        tuple(_caveats(kept, wishes, teller.bodies_lost)),
    )


def _answers(exchange: Exchange) -> Iterator[Response]:
    """What the viewer got, and what origins are known to have said."""
    yield exchange.response
    asked = exchange.told.origins if exchange.told is not None else ()
    yield from (one.answer for one in asked if one.answer is not None)


def _caveats(kept: Sequence[Exchange], wishes: Wishes, lost: Iterable[str]) -> Iterator[str]:
    """What of the recording is not as it was on the server."""
    if not wishes.distribution:
        yield from _without_functions(kept)
        return
    if any(exchange.told is None for exchange in kept):
        yield (
            "What the origin answered is told as the viewer got it: where a function of the server changed an answer,"
            " put in what the origin said."
        )
    if names := ", ".join(dict.fromkeys(lost)):
        yield f"A function replaced the body, so that the origin's own is not known, and it has none here: {names}."


def _without_functions(kept: Sequence[Exchange]) -> Iterator[str]:
    made = sum(x_cache(exchange.response) in _BY_FUNCTIONS for exchange in kept)
    changed = sum(exchange.told is not None and exchange.told.changed for exchange in kept)
    if made:
        yield f"{_requests(made)} answered by functions, or failed in one: without yours these steps fail."
    if changed:
        yield (
            f"Functions of the server changed {changed:,} of the answers; here the origin gives them as they went out."
        )
    if made or changed:
        yield "Record with --distribution SOURCE to have your functions played."


def _passed(exchange: Exchange) -> Passed:
    return Passed(exchange.at, exchange.request, exchange.response)


def _head(kept: Sequence[Exchange], wishes: Wishes) -> dict[str, Any]:
    head: dict[str, Any] = {"title": escaped(wishes.title)}
    if kept:
        # Dates in the answers stay as far away as they were
        head["at"] = iso_utc(Instant(float(int(kept[0].at)))).replace(".000Z", "Z")
        if viewer := _shared_viewer(kept):
            head["viewer"] = viewer
    return head


def _shared_viewer(kept: Sequence[Exchange]) -> dict[str, str]:
    return shared_settings([(_viewer(exchange), own_settings(exchange.request.headers)) for exchange in kept])


def _viewer(exchange: Exchange) -> dict[str, str]:
    return settings_of(exchange.request.headers, exchange.told, https=exchange.https)


_MOST_NODES = 100_000


def _fitting(steps: Iterable[tuple[dict[str, Any], bool]]) -> tuple[list[dict[str, Any]], int]:
    """As many steps as a file may have, and how many of them are requests."""
    found: list[dict[str, Any]] = []
    nodes = told = 0
    for step, is_request in steps:
        nodes += _nodes(step)
        if nodes > _MOST_NODES and found:
            break
        found.append(step)
        told += is_request
    return found, told


def _nodes(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(1 + _nodes(inner) for inner in value.values())
    return 1 + sum(map(_nodes, value)) if isinstance(value, list) else 1


# ── what can be told at all ──────────────────────────────────────────────────


def _usable(exchanges: Iterable[Exchange]) -> tuple[list[Exchange], tuple[str, ...]]:
    """What a scenario can tell, readable, and a note on each kind of the rest."""
    kept: list[Exchange] = []
    counts: Counter[str] = Counter()
    for exchange in exchanges:
        if why := _why_not(exchange):
            counts[why] += 1
            continue
        usable = _without_odd_body(exchange)
        counts["without its body: CloudFront takes none with GET"] += usable is not exchange
        kept.append(_readable(usable))
    return kept, tuple(f"{_requests(count)} {why}" for why, count in counts.items() if count)


def _without_odd_body(exchange: Exchange) -> Exchange:
    request = exchange.request
    if request.method != "GET" or length_of(request.body) == 0 or x_cache(exchange.response):
        return exchange
    return replace(exchange, request=replace(request, body=NO_BODY))


def _requests(count: int) -> str:
    return f"{count:,} request{'' if count == 1 else 's'}"


def _why_not(exchange: Exchange) -> str:
    request, response = exchange.request, exchange.response
    size = len(request.target) + request.headers.size
    if not exchange.complete:
        return "left out: the answer broke off"
    if not 200 <= response.status <= 599:
        return f"left out: CloudFront passes no status {response.status} on"
    if request.method not in ALL_METHODS:
        return f"left out: CloudFront takes no {request.method}"
    if len(request.target) > limits.URL_BYTES or size > limits.REQUEST_HEAD_BYTES:
        return "left out: CloudFront takes no request so long"
    return ""


def _readable(exchange: Exchange) -> Exchange:
    """With its answer's body unpacked."""
    response = exchange.response
    headers, body = unpacked(response.headers, response.body)
    if exchange.request.method == "HEAD" or response.status in {204, 304}:
        body = NO_BODY
    return replace(exchange, response=replace(response, headers=headers, body=body))


# ── steps ────────────────────────────────────────────────────────────────────

# The edge answered by itself: no origin was asked
_MADE_AT_THE_EDGE = frozenset({"LambdaGeneratedResponse", "FunctionGeneratedResponse", "Redirect"})
_FUNCTION_FAILED = ("LambdaExecutionError", "LambdaValidationError", "LambdaLimitExceeded")
_BY_FUNCTIONS = frozenset({*_FUNCTION_FAILED, "LambdaGeneratedResponse", "FunctionGeneratedResponse"})
_RESULTS = frozenset(outcome.value for outcome in Outcome)
"""Those that edgesim knows; Origin Shield and CloudFront Functions have more."""
_SHORT_FORMS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class _Teller:
    """Makes steps of exchanges. `bodies_lost` grows: the requests whose origin's body is not known."""

    wishes: Wishes
    masks: Masks
    bodies: Bodies
    keying: Keying
    never_kept: frozenset[str]
    shared_viewer: Mapping[str, str]
    bodies_lost: list[str] = field(default_factory=list)

    def steps(self, exchanges: Sequence[Exchange]) -> Iterator[tuple[dict[str, Any], bool]]:
        """The steps, and whether each is a request."""
        if not exchanges:
            return
        pace = Pace(Memory(self.keying), self.wishes.gap, exchanges[0].at, self.never_kept)
        for exchange in exchanges:
            moment = pace.before(_passed(exchange))
            if moment.advance:
                yield {"advance": span(moment.advance)}, False
            if moment.gone:
                yield {"invalidate": self._target(exchange.request)}, False
            yield self._step(exchange, moment), True

    def _step(self, exchange: Exchange, moment: Moment) -> dict[str, Any]:
        request, response = exchange.request, exchange.response
        was_there = x_cache(response) in HITS and not moment.known
        name = f"{request.method} {self._target(request)} (in the cache before the recording began)"
        parts = {
            **self._line(request),
            "name": name if was_there else "",
            "host": host_of(request.headers) if self.wishes.distribution else "",
            "headers": self._sent_headers(request),
            "cookies": self._cookies(request),
            **self.bodies.sent(request.headers, request.body, request.path),
            "viewer": self._viewer(exchange),
            **self._origins(exchange, was_there=was_there),
            "expect": self._expect(exchange, was_there=was_there),
        }
        return {key: value for key, value in parts.items() if value not in ("", {}, None) or key in _MAY_BE_EMPTY}

    def _line(self, request: Request) -> dict[str, Any]:
        target = self._target(request)
        if request.method in _SHORT_FORMS:
            return {request.method.lower(): target}
        return {"request": {"method": request.method, "target": target}}

    def _target(self, request: Request) -> str:
        query = f"?{self.masks.query(request.query)}" if request.query else ""
        return _UNWRITABLE.sub(lambda match: quote(match[0]), _text(self.masks.text(request.path) + query))

    # ── what the viewer sends ────────────────────────────────────────────────

    def _sent_headers(self, request: Request) -> dict[str, Any]:
        as_cookies = bool(self._cookies(request))
        return {
            name: _lines([self._value(name, value) for value in values])
            for name, values in request.headers.index.items()
            if is_header_name(name) and not (name == "cookie" and as_cookies) and self._is_told(name, values)
        }

    def _is_told(self, name: str, values: tuple[str, ...]) -> bool:
        if name in FRAMING or name == "edgesim-viewer":
            return False
        if name == "accept-encoding" and self.keying.encoding:
            return True
        return self.wishes.all_headers or name in self.wishes.keep or not is_noise(name, ",".join(values))

    def _cookies(self, request: Request) -> dict[str, str]:
        """Cookies by name, where that says all that the header says."""
        line = "; ".join(request.headers.all("cookie"))
        pairs = [(name, pair.partition("=")[2]) for name, pair in cookie_pairs((line,))]
        named = dict(pairs)
        if len(named) < len(pairs) or "; ".join(f"{name}={value}" for name, value in pairs) != line:
            return {}
        if any("${" in name or not value for name, value in pairs):
            return {}
        return {readable(name): _text(self.masks.value(value)) for name, value in pairs}

    def _value(self, name: str, value: str) -> str:
        return _text(self.masks.header(name, value))

    def _viewer(self, exchange: Exchange) -> dict[str, str]:
        known = {**_viewer(exchange), **own_settings(exchange.request.headers)}
        return {name: value for name, value in known.items() if self.shared_viewer.get(name) != value}

    # ── what the origin does ─────────────────────────────────────────────────

    def _origins(self, exchange: Exchange, *, was_there: bool) -> dict[str, Any]:
        """As the server tells it, where functions make something of it once more; else as the viewer got it."""
        told, request, response = exchange.told, exchange.request, exchange.response
        if told is None or not self.wishes.distribution or was_there:
            return {"origin": self._origin(request, response, was_there=was_there)}
        if _is_body_lost(told, request, response):
            self.bodies_lost.append(f"{request.method} {self._target(request)}")
        return scripted(told.origins, lambda one: self._told_answer(one, request, response))

    def _told_answer(self, one: AskedOrigin, request: Request, response: Response) -> dict[str, Any]:
        if one.answer is None:
            return {"fails": FAILS[one.trouble]} if one.trouble is not None else {}
        has_body = body_is_told(one, request.method, response)
        # The viewer's body was unpacked
        head = replace(one.answer, headers=one.answer.headers.without(*(("content-encoding",) if has_body else ())))
        headers = self._answer_headers(head)
        body = self.bodies.sent(response.headers, response.body, one.path) if has_body else {}
        return {"answers": head.status, **({"headers": headers} if headers else {}), **body}

    def _origin(self, request: Request, response: Response, *, was_there: bool) -> Any:
        result = x_cache(response)
        if result in _MADE_AT_THE_EDGE or (result == "Hit" and not was_there):
            return "untouched"
        if result in _FUNCTION_FAILED:
            return None
        answer: dict[str, Any] = {"answers": response.status}
        if headers := self._answer_headers(response):
            answer["headers"] = headers
        answer |= self.bodies.sent(response.headers, response.body, request.path)
        return answer | ({"validates": True} if result == "RefreshHit" and not was_there else {})

    def _answer_headers(self, response: Response) -> dict[str, Any]:
        return {name: _lines([self._value(name, value) for value in values]) for name, values in self._steady(response)}

    def _steady(self, response: Response) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The answer's headers that are the origin's own, and not about the one exchange."""
        headers = response.headers
        of_the_connection = {name.lower() for name in list_items(headers.all("connection"))}
        for name, values in headers.index.items():
            if is_volatile(name) and name not in self.wishes.keep - FRAMING:
                continue
            if is_header_name(name) and name not in of_the_connection:
                yield name, values

    # ── what the viewer gets ─────────────────────────────────────────────────

    def _expect(self, exchange: Exchange, *, was_there: bool) -> dict[str, Any]:
        request, response = exchange.request, exchange.response
        result = x_cache(response)
        failed = result in _FUNCTION_FAILED or self._is_cloudfronts_own(exchange)
        headers = {} if failed else self._expected_headers(response)
        expect: dict[str, Any] = {
            "status": response.status,
            **({"headers": headers} if headers else {}),
            **(self._expected_body(request, response) if not failed else {}),
        }
        if result == Outcome.REDIRECT and isinstance(headers.get("location"), str):
            headers["location"] = _anywhere_over_https(headers["location"])
        if result in _RESULTS and not was_there:
            expect["x-cache"] = result
        if exchange.told is not None and self.wishes.distribution:
            expect["ran"] = list(exchange.told.ran)
        return expect

    def _is_cloudfronts_own(self, exchange: Exchange) -> bool:
        """Does the page that CloudFront makes for an origin's failure, with the request's id, come from it again?"""
        if exchange.told is None or not self.wishes.distribution:
            return False
        return bool(exchange.told.origins) and exchange.told.origins[-1].answer is None

    def _expected_headers(self, response: Response) -> dict[str, Any]:
        wanted: dict[str, Any] = {}
        for name, values in self._steady(response):
            if name in _NOT_EXPECTED or (name == "vary" and not _survives(values)):
                continue
            if name == "vary":
                values = (", ".join(list_items(values)),)  # noqa: PLW2901
            told = [self._value(name, value) for value in values]
            wanted[name] = expected(name, told[0]) if len(told) == 1 else told
        return wanted

    def _expected_body(self, request: Request, response: Response) -> Said:
        if request.method == "HEAD" or response.status in {204, 304}:
            return {}
        return self.bodies.expected(response.headers, response.body)


def _anywhere_over_https(location: str) -> str | dict[str, str]:
    """CloudFront's redirect leads to the host and port that the viewer asked, which are others when it is played."""
    found = _OVER_HTTPS.fullmatch(location)
    return {"matches": f"^https://[^/]+{pattern_of(found[1])}$"} if found else location


_OVER_HTTPS = re.compile(r"https://[^/?#]+(/.*)")


def _is_body_lost(told: Told, request: Request, response: Response) -> bool:
    """Did a function replace a body that an origin gave?"""
    if request.method == "HEAD" or x_cache(response) in _FUNCTION_FAILED:
        return False
    gave = [one for one in told.origins if one.answer is not None and one.answer.status not in {204, 304}]
    return bool(gave) and not any(one.is_body for one in gave)


# A request line has neither spaces nor anything that does not print
_UNWRITABLE = re.compile(r"[\s\x00-\x20\x7f-\xa0\xad]|[^\x00-\xff]")
_MAY_BE_EMPTY = frozenset({"body"})
_NOT_EXPECTED = frozenset({"keep-alive", "x-edge-location"})


def _survives(vary: tuple[str, ...]) -> bool:
    """Does CloudFront pass Vary on as it is, whatever it forwards? documented:
    RequestAndResponseBehaviorCustomOrigin, "Vary" """
    return {name.lower() for name in list_items(vary)} <= {"accept-encoding", "cookie"} and bool(list_items(vary))


def _text(wire_text: str) -> str:
    text: str = escaped(readable(wire_text))
    return text


def _lines(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


def is_header_name(name: str) -> bool:
    """Is a lower-case name one that a header can have?"""
    return bool(name) and _TOKEN.issuperset(name)


def span(seconds: int) -> str:
    """`61s`, `5m`, `1h30m`."""
    if seconds < 120:
        return f"{seconds}s"
    parts, left = [], seconds
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)
