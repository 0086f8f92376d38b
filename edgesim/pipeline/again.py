"""The same answer again.

What the cache has at hand and gives to a viewer depends on the request, the viewer, the distributions and the object,
and on nothing else but for three things: its id, its age, and when. So who asks the same once more, while the object is
fresh, gets the answer without another walk along the request path: measured, that takes a third of the time.
`serve` stays what decides: the tests compare the two.
"""

from __future__ import annotations

from weakref import ref

from edgesim.distribution.model import CacheBehavior, Distribution
from edgesim.pipeline.effects import LookedUp
from edgesim.pipeline.journey import Served
from edgesim.pipeline.transcript import Note, Station, Transcript
from edgesim.rules.freshness import is_fresh
from edgesim.rules.reasons import LookUpReason, Outcome
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Response
from edgesim.values.record import record


@record
class Again:
    """An answer that can be given again. `entry` is the object, which the cache may drop meanwhile; `head` is all of
    the response's but X-Amz-Cf-Id and Age; `looked_up` is the position of the cache's note among the `notes`."""

    distribution: Distribution
    key: CacheKey
    entry: ref[Entry]
    head: Headers
    notes: tuple[Note, ...]
    looked_up: int

    def object_at(self, now: Instant) -> Entry | None:
        """The object, where it is still there and may answer."""
        entry = self.entry()
        return entry if entry is not None and is_fresh(entry, now) else None


def again(transcript: Transcript, served: Served, looked: LookedUp) -> Again | None:
    """What was just served, to be given again; None where it depends on more than can be the same: a time, a random
    number, a viewer who is to be warned of another's answer, or on what the cache has not, and may have by then: an
    object that would do better."""
    distribution, entry, notes = transcript.distribution, looked.entry, tuple(transcript.notes)
    if distribution is None or entry is None or looked.key is None or notes[-1].because is not Outcome.HIT:
        return None
    if served.response.body is not entry.body or served.span is not None or entry.shares is not None:
        return None
    headers = served.response.headers
    *_, (one, _), (other, _) = headers.fields
    if not _is_timeless(distribution, notes[0], entry) or (one, other) != ("X-Amz-Cf-Id", "Age"):
        return None
    looked_up = [note.because for note in notes].index(LookUpReason.FRESH)
    if notes[looked_up].facts["key"] != looked.key:
        return None
    return Again(distribution, looked.key, ref(entry), headers.but_last(2).encoded(), notes, looked_up)


def _is_timeless(distribution: Distribution, first: Note, entry: Entry) -> bool:
    """Sessions and signatures expire, Server-Timing tells times, and so does a Date that is not the object's."""
    behavior = first.facts.get("behavior")
    if distribution.continuous_deployment is not None or not isinstance(behavior, CacheBehavior):
        return False
    if behavior.signers is not None or "date" not in entry.headers:
        return False
    policy = behavior.response_headers_policy
    return policy is None or (policy.server_timing is None and "date" not in policy.removed)


def given_again(same: Again, entry: Entry, transcript: Transcript) -> Served:
    """The answer for another arrival, whose transcript is filled."""
    arrival = transcript.arrival
    at, age = arrival.at, entry.age(arrival.at)
    notes = list(same.notes)
    station, because, facts = notes[same.looked_up]
    notes[same.looked_up] = Note(station, because, {**facts, "age": age, "at": at})
    _, outcome, delivered = notes[-1]
    notes[-1] = Note(Station.DELIVERY, outcome, {**delivered, "age": age})
    headers = same.head.adding(("X-Amz-Cf-Id", arrival.id), ("Age", str(age)))
    transcript.distribution, transcript.notes = same.distribution, notes
    transcript.status, transcript.headers, transcript.ended_at = entry.status, headers, at
    return Served(Response(entry.status, headers, entry.body, entry.reason))
