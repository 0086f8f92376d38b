"""What the stations of one request share."""

from __future__ import annotations

from dataclasses import replace

from edgesim.distribution.model import CacheBehavior, Distribution
from edgesim.errors import OriginTrouble
from edgesim.pipeline.transcript import Transcript
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import DeliveryReason, Outcome
from edgesim.rules.result_types import Trouble
from edgesim.rules.ttl import Ttl
from edgesim.values.body import NO_BODY, Cut
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.instant import Instant
from edgesim.values.message import Request, Response
from edgesim.values.record import record
from edgesim.values.viewer import Arrival


@record
class Journey:
    """One request on its way through one behavior. `page_life` is how long its object is fresh, where that is a custom
    error page and another object's error decides."""

    arrival: Arrival
    distribution: Distribution
    behavior: CacheBehavior
    transcript: Transcript
    page_life: Ttl | None = None


@record
class Answer:
    """A response on its way back: who made it, its X-Cache result, and its age in seconds where the cache had it.
    `span` is the part of the body that the viewer asked for, None for all of it; `because` says why that part.
    `trouble` is what was in the way where CloudFront itself made the error; `origins_status` is the status before
    origin-response, where that ran. `unsent` are CloudFront's own headers, in lower case, that are not to be sent."""

    response: Response
    outcome: Outcome
    made_by: MadeBy
    at: Instant
    age: int | None = None
    span: Cut | None = None
    because: DeliveryReason = DeliveryReason.WHOLE
    trouble: Trouble | None = None
    origins_status: int | None = None
    unsent: frozenset[str] = frozenset()


@record
class Stored:
    """An object in the cache, and the key it is under."""

    key: CacheKey
    entry: Entry


@record
class Reached:
    """What came of asking one origin. `came` is the status of the origin's own response, or how it failed; None where
    a function answered in its place."""

    answer: Answer
    came: int | OriginTrouble | None = None


@record
class Served:
    """What goes to the viewer. `closes` ends its connection afterwards."""

    response: Response
    span: Cut | None = None
    closes: bool = False


def head_of(request: Request) -> Request:
    """The request without its body, for the transcript."""
    return replace(request, body=NO_BODY)


def response_head(response: Response) -> Response:
    """The response without its body, for the transcript."""
    return replace(response, body=NO_BODY)
