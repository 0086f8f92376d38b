"""What passed between viewers and a server, as a scenario that tells it again.

Each request becomes a step. Where its answer came from an origin, the origin gives that answer once more; where it
came from the cache, the origin must stay untouched. So a recording passes when it is played, and goes on to pass until
somebody changes what the edge does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from edgesim.distribution import limits
from edgesim.distribution.model import ALL_METHODS
from edgesim.errors import ConfigError
from edgesim.rules.reasons import Outcome
from edgesim.scenario.recording.masking import FRAMING, NO_MASKS, Masks, expected, is_noise, is_volatile, masks_for
from edgesim.scenario.recording.recorded_bodies import Bodies, Said, escaped, unpacked
from edgesim.scenario.recording.recorded_cache import (
    HITS,
    Keying,
    Memory,
    Moment,
    Pace,
    Passed,
    is_plain_path,
    keying_of,
    uncached_paths,
    x_cache,
)
from edgesim.server.viewer_header import parse_settings
from edgesim.values.body import NO_BODY, length_of
from edgesim.values.headers import Headers, list_items, readable
from edgesim.values.instant import Instant, iso_utc
from edgesim.values.message import Request, Response
from edgesim.values.uri import cookie_pairs

DEFAULT_GAP = 5.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it came in and its answer as it went out.

    A body is its bytes, or a Ticket with its length where it was too large to be recorded. `complete`: the answer went
    out to its end. `ran` are the triggers whose functions ran, where that is known.
    """

    at: Instant
    request: Request
    response: Response
    https: bool = False
    complete: bool = True
    ran: tuple[str, ...] | None = None


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
    `notes` say what was left out."""

    document: dict[str, Any]
    files: Mapping[str, bytes]
    requests: int
    masked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def recorded(exchanges: Iterable[Exchange], wishes: Wishes = Wishes()) -> Recorded:
    """The scenario of these exchanges."""
    kept, notes = _usable(sorted(exchanges, key=lambda exchange: exchange.at))
    pairs = ((exchange.request, exchange.response) for exchange in kept)
    masks = NO_MASKS if wishes.keep_secrets else masks_for(pairs, wishes.keep)
    passed = [_passed(exchange) for exchange in kept]
    keying = keying_of(passed)
    inline = None if wishes.distribution else _inline(passed, keying)
    teller = _Teller(wishes, masks, Bodies(masks, wishes.bodies), keying, _never_kept(passed, keying, inline))
    steps, told = _fitting(teller.steps(kept))
    if told < len(kept):
        notes += (f"{_requests(len(kept) - told)} at the end left out: one scenario can't hold more",)
    return Recorded(
        {**_head(kept, wishes), "distribution": inline or wishes.distribution, "steps": steps},
        teller.bodies.files,
        told,
        masks.named,
        notes,
    )


def _passed(exchange: Exchange) -> Passed:
    return Passed(exchange.at, exchange.request, exchange.response)


def _head(kept: Sequence[Exchange], wishes: Wishes) -> dict[str, Any]:
    head: dict[str, Any] = {"title": escaped(wishes.title)}
    if kept:
        # Dates in the answers stay as far away as they were
        head["at"] = iso_utc(Instant(float(int(kept[0].at)))).replace(".000Z", "Z")
        if all(exchange.https for exchange in kept):
            head["viewer"] = {"protocol": "https"}
    return head


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


# ── the distribution ─────────────────────────────────────────────────────────

_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
# documented: CustomErrorResponse, ErrorCode
_CONFIGURABLE_ERRORS = frozenset({400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504})


def _inline(passed: Sequence[Passed], keying: Keying) -> dict[str, Any]:
    """A distribution that does what was seen: it caches if the server did."""
    caches = any(x_cache(one.response) for one in passed)
    errors = sorted({one.response.status for one in passed} & _CONFIGURABLE_ERRORS)
    methods = {} if {one.request.method for one in passed} <= {"GET", "HEAD"} else {"methods": _METHODS}
    settings: dict[str, Any] = {
        "cache-policy": keying.policy() if caches else "CachingDisabled",
        "origin-request-policy": _WITHOUT_COOKIES if _refreshes(passed) else _EVERYTHING,
        **methods,
        # Each error that was seen is told by the origin again, however soon it came
        "error-responses": {status: {"min-ttl": 0} for status in errors} if caches else {},
        "behaviors": [{**behavior, **methods} for behavior in _behaviors(passed, keying)],
    }
    return {name: value for name, value in settings.items() if name == "cache-policy" or value not in ([], {})}


# Everything goes to the origin, as it does without a CDN; so Set-Cookie and Vary come back, too
_EVERYTHING = "AllViewer"
_WITHOUT_COOKIES = {"headers": "all-viewer", "query-strings": "all"}


def _refreshes(passed: Iterable[Passed]) -> bool:
    """Was an object revalidated? Then no cookies are forwarded. documented: Expiration, "HTTP conditional requests" """
    return any(x_cache(one.response) == "RefreshHit" for one in passed)


def _behaviors(passed: Sequence[Passed], keying: Keying) -> list[dict[str, Any]]:
    """Behaviors for the paths that the default one is not right for."""
    never = uncached_paths(passed, keying)
    found = [_behavior(path, "CachingDisabled") for path in never]
    if _refreshes(passed):
        setting = dict.fromkeys(one.request.path for one in passed if "set-cookie" in one.response.headers)
        found += [_behavior(path, keying.policy()) for path in setting if path not in never and is_plain_path(path)]
    return found[:_MOST_BEHAVIORS]


_MOST_BEHAVIORS = 20


def _behavior(path: str, cache_policy: Any) -> dict[str, Any]:
    return {"path": path, "cache-policy": cache_policy, "origin-request-policy": _EVERYTHING}


def _never_kept(passed: Sequence[Passed], keying: Keying, inline: Mapping[str, Any] | None) -> frozenset[str]:
    return frozenset(uncached_paths(passed, keying)) if inline is not None else frozenset()


# ── steps ────────────────────────────────────────────────────────────────────

# The edge answered by itself: no origin was asked
_MADE_AT_THE_EDGE = frozenset({"LambdaGeneratedResponse", "FunctionGeneratedResponse", "Redirect"})
_FUNCTION_FAILED = ("LambdaExecutionError", "LambdaValidationError", "LambdaLimitExceeded")
_RESULTS = frozenset(outcome.value for outcome in Outcome)
"""Those that edgesim knows; Origin Shield and CloudFront Functions have more."""
_SHORT_FORMS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class _Teller:
    """Makes steps of exchanges."""

    wishes: Wishes
    masks: Masks
    bodies: Bodies
    keying: Keying
    never_kept: frozenset[str]

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
            "headers": self._sent_headers(request),
            "cookies": self._cookies(request),
            **self.bodies.sent(request.headers, request.body, request.path),
            "viewer": _viewer(request.headers),
            "origin": self._origin(request, response, was_there=was_there),
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

    # ── what the origin does ─────────────────────────────────────────────────

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
        failed = result in _FUNCTION_FAILED
        headers = {} if failed else self._expected_headers(response)
        expect: dict[str, Any] = {
            "status": response.status,
            **({"headers": headers} if headers else {}),
            **(self._expected_body(request, response) if not failed else {}),
        }
        if result in _RESULTS and not was_there:
            expect["x-cache"] = result
        if exchange.ran is not None and self.wishes.distribution:
            expect["ran"] = list(exchange.ran)
        return expect

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


# A request line has neither spaces nor anything that does not print
_UNWRITABLE = re.compile(r"[\s\x00-\x20\x7f-\xa0\xad]|[^\x00-\xff]")
_MAY_BE_EMPTY = frozenset({"body"})
_NOT_EXPECTED = frozenset({"keep-alive", "x-edge-location"})


def _survives(vary: tuple[str, ...]) -> bool:
    """Does CloudFront pass Vary on as it is, whatever it forwards? documented:
    RequestAndResponseBehaviorCustomOrigin, "Vary" """
    return {name.lower() for name in list_items(vary)} <= {"accept-encoding", "cookie"} and bool(list_items(vary))


def _viewer(headers: Headers) -> dict[str, str]:
    """What an Edgesim-Viewer header tells; nothing where the server could not read it either."""
    pairs = (item.partition("=") for item in list_items(headers.all("edgesim-viewer")))
    told = {name.strip().lower().replace("_", "-"): _text(value.strip()) for name, _, value in pairs}
    try:
        parse_settings(told)
    except ConfigError:
        return {}
    return told


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
