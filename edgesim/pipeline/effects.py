"""What the spine asks of the world, and what it hears back: imperative going out, past tense coming in.

Time enters on replies alone. Each effect has an asker, so that the spine is typed as if it were async code.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from edgesim.distribution.model import EdgeFunction, Origin, Trigger
from edgesim.errors import OriginTrouble
from edgesim.values.body import Body, Coding
from edgesim.values.entry import CacheKey, Entry, Use
from edgesim.values.instant import Instant
from edgesim.values.invocation import Invocation
from edgesim.values.message import Request, Response
from edgesim.values.record import record

if TYPE_CHECKING:
    from edgesim.pipeline.transcript import Transcript


@record
class LookUp:
    """Find an object that may answer under one of these keys, the first being the best. Where there is none, the asker
    becomes the one who gets it, and others asking for the last key wait for that (request collapsing). Where it answers
    while it is revalidated, the first asker becomes the one who does that. `covers` tells of a stored part of the first
    key's object whether it does as well, fresh or stale."""

    keys: tuple[CacheKey, ...]
    use_of: Callable[[Entry, Instant], Use]
    covers: Callable[[Entry], bool] | None = None


@record
class LookedUp:
    """The entry that may answer, or else the best stale one, or None; what it is good for, and the key it was under.
    `waited` tells that another request fetched it, `refreshes` that the asker is the one to have it fetched anew."""

    entry: Entry | None
    use: Use
    at: Instant
    waited: bool = False
    refreshes: bool = False
    key: CacheKey | None = None

    @property
    def usable(self) -> bool:
        return self.use is not Use.STALE


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
class Compress:
    """Apply a content coding to a body as it passes."""

    body: Body
    coding: Coding


@record
class Compressed:
    """The body under its coding."""

    body: Body


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
class Update:
    """Put an entry whose body is in the cache already in its own place, where it still is there."""

    key: CacheKey
    entry: Entry


@record
class Updated:
    pass


@record
class Refresh:
    """Take these steps in the background, for the cache alone, and tell of them in this transcript. They hold from now
    on what the asker held as the one to fetch the object."""

    steps: Steps[object]
    transcript: Transcript


@record
class RefreshBegun:
    pass


@record
class GiveUp:
    """Nothing will be kept under this key by this request: whoever waits for it goes for itself."""

    key: CacheKey


@record
class GaveUp:
    pass


CacheEffect: TypeAlias = Keep | Update | Refresh | GiveUp
"""What becomes of a permit to fetch an object: each uses it up."""

Effect: TypeAlias = LookUp | Invoke | ReadBody | Resolve | Fetch | Compress | CacheEffect
Reply: TypeAlias = (
    LookedUp
    | Invoked
    | BodyRead
    | Resolved
    | Fetched
    | FetchFailed
    | Compressed
    | Kept
    | Updated
    | RefreshBegun
    | GaveUp
)

T = TypeVar("T")
Steps: TypeAlias = Generator[Effect, Any, T]


def look_up(
    keys: tuple[CacheKey, ...],
    use_of: Callable[[Entry, Instant], Use],
    covers: Callable[[Entry], bool] | None = None,
) -> Steps[LookedUp]:
    looked: LookedUp = yield LookUp(keys, use_of, covers)
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


def compress(body: Body, coding: Coding) -> Steps[Body]:
    compressed: Compressed = yield Compress(body, coding)
    return compressed.body


def keep(key: CacheKey, entry: Entry) -> Steps[Kept]:
    kept: Kept = yield Keep(key, entry)
    return kept


def update(key: CacheKey, entry: Entry) -> Steps[None]:
    yield Update(key, entry)


def refresh(steps: Steps[object], transcript: Transcript) -> Steps[None]:
    yield Refresh(steps, transcript)


def give_up(key: CacheKey) -> Steps[None]:
    yield GiveUp(key)
