"""What the spine asks of the world, and what it hears back: imperative going out, past tense coming in.

Time enters on replies alone. Each effect has an asker, so that the spine is typed as if it were async code.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

from edgesim.distribution.model import EdgeFunction, Origin, Trigger
from edgesim.errors import OriginTrouble
from edgesim.values.body import Body
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.instant import Instant
from edgesim.values.invocation import Invocation
from edgesim.values.message import Request, Response
from edgesim.values.record import record


@record
class LookUp:
    """Find a usable object under one of these keys, the first being the best. Where there is none, the asker becomes
    the one who gets it, and others asking for the last key wait for that (request collapsing)."""

    keys: tuple[CacheKey, ...]
    usable: Callable[[Entry, Instant], bool]


@record
class LookedUp:
    """The usable entry, or else the best stale one, or None. `waited` tells that another request fetched it."""

    entry: Entry | None
    usable: bool
    at: Instant
    waited: bool = False


@record
class Invoke:
    """Run a function. `timeout` is seconds; `region` is where it runs."""

    trigger: Trigger
    function: EdgeFunction
    event: dict[str, Any]
    timeout: float
    region: str


@record
class Invoked:
    invocation: Invocation
    at: Instant


@record
class ReadBody:
    """Read a request body up to a number of bytes, for a function to see."""

    body: Body
    limit: int


@record
class BodyRead:
    """Its first bytes, whether there are more, and the body to send on, which is whole again."""

    head: bytes
    truncated: bool
    body: Body


@record
class Resolve:
    """Look whether the name of an origin can be resolved."""

    origin: Origin
    https: bool


@record
class Resolved:
    pass


@record
class Fetch:
    """Send a request to an origin. `https` tells whether the viewer used it, for match-viewer."""

    request: Request
    origin: Origin
    https: bool


@record
class Fetched:
    """`where` says for a person where the origin really was."""

    response: Response
    at: Instant
    where: str = ""


@record
class FetchFailed:
    trouble: OriginTrouble
    message: str
    at: Instant
    where: str = ""


@record
class Keep:
    """Keep an entry under a key once its body has come in whole."""

    key: CacheKey
    entry: Entry


@record
class Kept:
    """The body to send on: reading it fills the cache. `too_large` tells that nothing will be kept."""

    body: Body
    too_large: bool = False


@record
class GiveUp:
    """Nothing will be kept under this key by this request: whoever waits for it goes for itself."""

    key: CacheKey


@record
class GaveUp:
    pass


Effect: TypeAlias = LookUp | Invoke | ReadBody | Resolve | Fetch | Keep | GiveUp
Reply: TypeAlias = LookedUp | Invoked | BodyRead | Resolved | Fetched | FetchFailed | Kept | GaveUp

T = TypeVar("T")
Steps: TypeAlias = Generator[Effect, Any, T]


def look_up(keys: tuple[CacheKey, ...], usable: Callable[[Entry, Instant], bool]) -> Steps[LookedUp]:
    looked: LookedUp = yield LookUp(keys, usable)
    return looked


def invoke(
    trigger: Trigger, function: EdgeFunction, event: dict[str, Any], timeout: float, region: str
) -> Steps[Invoked]:
    invoked: Invoked = yield Invoke(trigger, function, event, timeout, region)
    return invoked


def read_body(body: Body, limit: int) -> Steps[BodyRead]:
    read: BodyRead = yield ReadBody(body, limit)
    return read


def resolve(origin: Origin, *, https: bool) -> Steps[Resolved | FetchFailed]:
    resolved: Resolved | FetchFailed = yield Resolve(origin, https)
    return resolved


def fetch(request: Request, origin: Origin, *, https: bool) -> Steps[Fetched | FetchFailed]:
    fetched: Fetched | FetchFailed = yield Fetch(request, origin, https)
    return fetched


def keep(key: CacheKey, entry: Entry) -> Steps[Kept]:
    kept: Kept = yield Keep(key, entry)
    return kept


def give_up(key: CacheKey) -> Steps[None]:
    yield GiveUp(key)
