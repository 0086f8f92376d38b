"""What a scenario says, as values. load.py makes them, run.py plays them.

Every text of a step and of its expectations may hold `${name}`, which stands for what an earlier step captured;
`$${` is a plain `${`. Times are seconds, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from edgesim.distribution.buckets import Bucket
from edgesim.distribution.limits import ACCOUNT_CONCURRENCY, Limit, PackageLimits
from edgesim.distribution.model import Distribution, Trigger
from edgesim.errors import OriginTrouble
from edgesim.scenario.fill import PATTERN
from edgesim.signatures.signing import Signer
from edgesim.values.instant import Instant


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the user's file; `line` counts from 1, 0 where there is no file."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Place()

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values in the order written: header fields, cookies."""


# ── time ─────────────────────────────────────────────────────────────────────

LAST_YEAR = 9998
LAST_INSTANT = Instant(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp())
"""Where a scenario's time ends: HTTP's dates have four digits for the year, and a TTL's end may lie a year further."""


# ── bodies ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Content:
    """A body to send. One of: `text`; `file`, whose bytes are read when it is sent; `size`, that many bytes of filler;
    `data`, the bytes themselves (`base64:` in the file, and `json:`, which is encoded when it is read)."""

    text: str | None = None
    file: Path | None = None
    size: int | None = None
    data: bytes | None = None


# ── origins ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a scripted origin.

    `after`: seconds until its head comes. `chunks`: the body in these pieces, `every` seconds before each, without a
    Content-Length. `truncate`: the body breaks off after that many bytes, though all of it was announced. `fails`:
    no answer at all, but this trouble. `validates`: where the request has If-None-Match or If-Modified-Since that fits
    this answer's ETag or Last-Modified, it is a 304 without a body.
    """

    status: int = 200
    headers: Pairs = ()
    body: Content | None = None
    after: float = 0
    chunks: tuple[str, ...] | None = None
    every: float = 0
    truncate: int | None = None
    fails: OriginTrouble | None = None
    validates: bool = False
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Rule:
    """The answers to requests for a path: the first to the first such request, and so on; the last one goes on for
    ever. `path` is a pattern with `*` and `?`, matched against path and query string where it has a `?` in it that
    is escaped, else against the path alone. `method` is None for any."""

    path: str
    answers: tuple[Answer, ...]
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """What an origin does: the first rule that fits answers. Or it is a `folder` that plays an S3 bucket."""

    rules: tuple[Rule, ...] = ()
    folder: Path | None = None


Scripts: TypeAlias = Mapping[str, Script]
"""By origin id; `*` is every origin that has no script of its own. An origin without a script says 200."""


# ── expectations ─────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Match:
    """What a text must be: everything that is given must hold. `contains` and `matches` (regular expressions, found
    anywhere) must all be in it. `present` False means that there is none. `lines`: a header's lines, in order; the
    other tests look at them joined by `, `."""

    equals: str | None = None
    contains: tuple[str, ...] = ()
    matches: tuple[str, ...] = field(default=(), metadata=PATTERN)
    one_of: tuple[str, ...] = ()
    present: bool | None = None
    lines: tuple[str, ...] | None = None
    but_not: Match | None = None
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    name: str
    match: Match


class Unset:
    """Nothing is expected; None is JSON's null."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset()


@dataclass(frozen=True, slots=True)
class BodyMatch:
    """What a body must be. `json` is compared as a value; `json_contains` must be part of it: every member and, in
    order, every item. `sha256` is lower-case hex."""

    text: Match | None = None
    json: Any = UNSET
    json_contains: Any = UNSET
    file: Path | None = None
    size: int | None = None
    sha256: str | None = None
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """What an origin must have received. `path` is without, `target` with the query string."""

    method: Match | None = None
    path: Match | None = None
    query: Match | None = None
    target: Match | None = None
    headers: tuple[HeaderMatch, ...] = ()
    body: BodyMatch | None = None
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class OriginExpectation:
    """How often an origin (`*`: any of them) must have been asked, and what for: `receives` are the first requests, in
    order. Without `times`, at least as often as `receives` has entries."""

    id: str
    times: int | None = None
    receives: tuple[RequestMatch, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class FunctionExpectation:
    """What must have come of a trigger. `outcome` is one of OUTCOMES; `start` is `cold` or `warm`; each of `log` must
    be in one line of what the function wrote."""

    trigger: Trigger
    outcome: str | None = None
    function: str | None = None
    start: str | None = None
    log: tuple[Match, ...] = ()
    place: Place = NOWHERE


OUTCOMES = ("ran", "not run", "passed", "changed", "generated", "failed", "rejected")
"""`ran` is any of the last five, which are those of rules/reasons.py's HookReason."""


class CacheState(StrEnum):
    FRESH = "fresh"
    STALE = "stale"
    STORED = "stored"
    """fresh or stale"""
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class CacheExpectation:
    """What the cache must hold for a target: any object stored for this path and, where the target has one, this query
    string; `where` narrows it to keys that have all these parts in them, as `explain` prints them. `ttl` and `age` are
    seconds; `objects` is how many there are."""

    target: str
    state: CacheState | None = None
    ttl: float | None = None
    age: float | None = None
    because: str | None = None
    status: int | None = None
    objects: int | None = None
    where: tuple[str, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class LogGroupExpectation:
    """What must be in some event of the log groups of this name; `*` in it stands for anything."""

    group: str
    events: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """Everything that must hold after a step. `because` must be among the transcript's reasons in this order,
    `not_because` must not be; they are names by reasons.py (see loading). `ran` are the triggers whose functions ran,
    all of them, in order. `log` must each be in some line of the functions' output, `cloudwatch` in some event of all
    that CloudWatch Logs gets: Lambda's own lines too, and what CloudFront refuses; `log_groups` say where. `access_log`
    are fields of the line in the access log by name, `logged` is whether there is one. `complete` False: the body broke
    off. `takes` is how far the clock moved by itself while the step ran. `entries` is the number of objects in the
    whole cache."""

    status: tuple[int, ...] = ()
    headers: tuple[HeaderMatch, ...] = ()
    body: BodyMatch | None = None
    x_cache: Match | None = None
    complete: bool | None = None
    because: tuple[str, ...] = ()
    not_because: tuple[str, ...] = ()
    origins: tuple[OriginExpectation, ...] = ()
    functions: tuple[FunctionExpectation, ...] = ()
    ran: tuple[Trigger, ...] | None = None
    log: tuple[Match, ...] = ()
    access_log: tuple[HeaderMatch, ...] = ()
    logged: bool | None = None
    cloudwatch: tuple[Match, ...] = ()
    log_groups: tuple[LogGroupExpectation, ...] = ()
    cache: tuple[CacheExpectation, ...] = ()
    entries: int | None = None
    takes: float | None = None
    place: Place = NOWHERE


NOTHING = Expectation()


@dataclass(frozen=True, slots=True)
class Capture:
    """A value for later steps: `source` is `header`, `cookie` (of Set-Cookie), `json` (a path such as `a.b[0]`),
    `body` or `status`; `key` says which; `matches` picks the first group, or all, of a regular expression."""

    name: str
    source: str
    key: str = ""
    matches: str | None = field(default=None, metadata=PATTERN)
    place: Place = NOWHERE


# ── steps ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: `at`, seconds since 1970, or `after`, seconds from when the step is played."""

    at: Instant | None = None
    after: float = 0


@dataclass(frozen=True, slots=True)
class Sign:
    """How a request is signed: by whom, until and from when, for which viewers and URLs. `target` is what is signed
    where that is not the request's own; a `resource` may leave protocol and host to the request (`/films/*`).
    `cookies`: it goes into cookies rather than the URL. `made`: it is trusted here, and edgesim made the key pair."""

    signer: Signer
    expires: Moment = Moment(after=3600)
    starts: Moment | None = None
    ip: str | None = None
    resource: str | None = None
    target: str | None = None
    cookies: bool = False
    made: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """A viewer's request. `times`: it is sent that often, and the expectations hold each time. `origins` answer this
    step's requests in the place of the scripts that stand. `viewer` has settings by the names of `Edgesim-Viewer`. The
    viewer `leaves` after so many seconds, with what it has by then; None: it waits."""

    method: str
    target: str
    headers: Pairs = ()
    cookies: Pairs = ()
    body: Content | None = None
    viewer: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    origins: Scripts = field(default_factory=lambda: MappingProxyType({}))
    expect: Expectation = NOTHING
    capture: tuple[Capture, ...] = ()
    times: int = 1
    name: str = ""
    place: Place = NOWHERE
    sign: Sign | None = None
    leaves: float | None = None

    @property
    def title(self) -> str:
        """`GET /a.css`, or its name."""
        return self.name or f"{self.method} {self.target}"


@dataclass(frozen=True, slots=True)
class Advance:
    """Time passes."""

    seconds: float
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Invalidate:
    paths: tuple[str, ...]
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Deploy:
    """Another configuration, or other code, from now on; what is cached stays. Each edge location has it at an instant
    of its own within `propagation` seconds. Where AWS must refuse it, all of `refused` is in what AWS says; `refusals`
    are what was said when it was read, empty where it has to be tried."""

    setting: Setting
    propagation: float = 0
    refused: tuple[Match, ...] = ()
    refusals: tuple[str, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class SetOrigins:
    """These origins answer so from now on."""

    origins: Scripts
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Check:
    """Expectations about the state of things, without a request."""

    expect: Expectation
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Barrier:
    """Within Parallel: what stands before it is begun, and then: `waiting`: all of that waits for an origin or for
    each other, or is done; `done`: all of it is done; or `seconds` pass."""

    until: str = "waiting"
    seconds: float = 0
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Parallel:
    """Requests at once, begun in the order written; an invalidation is made where it stands. `expect` is about all of
    them together: `origins`, `cache`, `entries`, `takes`, and `because`, which holds if one of them has it."""

    items: tuple[Send | Barrier | Invalidate, ...]
    expect: Expectation = NOTHING
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Repeat:
    times: int
    steps: tuple[Step, ...]
    place: Place = NOWHERE


Step: TypeAlias = Send | Advance | Invalidate | Deploy | SetOrigins | Check | Parallel | Repeat


# ── scenarios ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Setting:
    """What is deployed. `folders` are directories that play buckets, by origin id; `files` is what it was read from;
    `buckets` is what is known of S3 buckets, by name."""

    distributions: tuple[Distribution, ...] = ()
    folders: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[str, ...] = ()
    buckets: Mapping[str, Bucket] = field(default_factory=lambda: MappingProxyType({}))


class Evidence(StrEnum):
    """How sure it is that CloudFront does what a scenario says."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    INFERRED = "inferred"


_AS_AT_AWS = PackageLimits()


@dataclass(frozen=True, slots=True)
class Account:
    """The AWS account that functions run in. `concurrency`: invocations at once; `package`: how large a function may
    be; `relaxed`: limits that are not enforced; `endpoints`: where functions find AWS's services, service and URL."""

    concurrency: int = ACCOUNT_CONCURRENCY
    package: PackageLimits = _AS_AT_AWS
    relaxed: frozenset[Limit] = frozenset()
    endpoints: tuple[tuple[str, str], ...] = ()


class Need(StrEnum):
    """What a scenario can't be played without, and not every machine has."""

    SANDBOX = "sandbox"
    """user namespaces that ordinary users may make"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story. `at` is when it begins; None: always the same instant. `fresh`: its functions begin without an
    environment, so that its first invocations are cold; chosen where an expectation speaks of cold and warm. `own` are
    the origins whose answers are for this scenario, and not for all of its file; `own_functions` are those that it
    declares itself, by the names that it has for them. Where one of its `needs` is not to be
    had it is left out, and the reason told."""

    title: str
    steps: tuple[Step, ...]
    setting: Setting = Setting()
    origins: Scripts = field(default_factory=lambda: MappingProxyType({}))
    viewer: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    evidence: Evidence | None = None
    source: str = ""
    at: Instant | None = None
    fresh: bool = False
    account: Account = Account()
    needs: frozenset[Need] = frozenset()
    place: Place = NOWHERE
    own: frozenset[str] = frozenset()
    own_functions: frozenset[str] = frozenset()

    @property
    def own_origins(self) -> Scripts:
        """What its own origins answer."""
        return {name: script for name, script in self.origins.items() if name in self.own}
