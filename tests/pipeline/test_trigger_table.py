"""Which functions run in which situation: the table of lambda-cloudfront-trigger-events, row by row.

Left out, since edgesim does not do them: geographic restrictions, WAF, origin groups' failover, gRPC.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgesim.distribution.model import Distribution, Trigger, ViewerProtocolPolicy
from edgesim.errors import OriginTrouble
from edgesim.pipeline.effects import Effect, Fetch, GaveUp, GiveUp, Invoke, Keep, Kept, LookUp, Reply, Resolve, Resolved
from edgesim.pipeline.serve import serve
from edgesim.pipeline.transcript import Transcript
from edgesim.testing.make import a_distribution, a_request, an_arrival, an_entry
from edgesim.values.message import Request
from tests.pipeline.helpers import (
    EVERY_TRIGGER,
    changed,
    echo,
    failed,
    fetched,
    fresh,
    nothing,
    pages,
    returned,
    stale,
    unreachable,
    with_functions,
)

VREQ, OREQ, ORES, VRES = EVERY_TRIGGER
SITE = a_distribution(with_functions(*EVERY_TRIGGER))
SITE_WITH_PAGE = a_distribution(
    with_functions(*EVERY_TRIGGER, path_pattern="/404.html"),
    with_functions(VREQ, VRES),
    error_responses=pages(_404="/404.html"),
)
HTTPS = a_distribution(with_functions(*EVERY_TRIGGER, viewer_protocol_policy=ViewerProtocolPolicy.REDIRECT_TO_HTTPS))
READ_ONLY = a_distribution(with_functions(*EVERY_TRIGGER, allowed_methods=("GET", "HEAD")))
MISS = nothing()

Reaction = Reply | Callable[[Invoke], Reply]


def triggers_run(request: Request, distribution: Distribution, **world: Reaction) -> list[Trigger]:
    """The triggers that ran, in order, in a world that replies so: `look_up`, `fetch`, and triggers by their names
    (`viewer_request`). Functions echo unless told otherwise."""
    steps = serve(an_arrival(request), [distribution], Transcript(an_arrival(request)))
    ran: list[Trigger] = []
    reply: Reply | None = None
    while True:
        try:
            effect = steps.send(reply)
        except StopIteration:
            return ran
        if isinstance(effect, Invoke):
            ran.append(effect.trigger)
        reply = _react(effect, world)


def _react(effect: Effect, world: dict[str, Reaction]) -> Reply:
    match effect:
        case Invoke():
            reaction = world.get(effect.trigger.value.replace("-", "_"), echo)
            return reaction(effect) if callable(reaction) else reaction
        case LookUp():
            reply = world.get("look_up", MISS)
        case Fetch():
            reply = world.get("fetch" if effect.request.path != "/404.html" else "fetch_page", fetched())
        case Keep():
            return Kept(effect.entry.body)
        case GiveUp():
            return GaveUp()
        case Resolve():
            reply = world.get("resolve", Resolved())
        case _:
            raise AssertionError(effect)
    assert not callable(reply)
    return reply


ROWS = [
    pytest.param(SITE, {"look_up": fresh(an_entry())}, [VREQ, VRES], id="fresh hit"),
    pytest.param(SITE, {}, [VREQ, OREQ, ORES, VRES], id="miss, origin below 400"),
    pytest.param(SITE, {"fetch": fetched(404)}, [VREQ, OREQ, ORES], id="miss, origin 404"),
    pytest.param(SITE, {"fetch": fetched(500)}, [VREQ, OREQ, ORES], id="miss, origin 500"),
    pytest.param(SITE, {"look_up": fresh(an_entry(404))}, [VREQ], id="hit on a cached error"),
    pytest.param(
        SITE,
        {"look_up": stale(an_entry(etag='"v1"')), "fetch": fetched(304, body=b"")},
        [VREQ, OREQ, ORES, VRES],
        id="stale, revalidated",
    ),
    pytest.param(SITE, {"viewer_request": returned({"status": "200"})}, [VREQ], id="viewer request generates"),
    pytest.param(SITE, {"viewer_request": returned({"status": "404"})}, [VREQ], id="viewer request generates an error"),
    pytest.param(
        SITE, {"origin_request": returned({"status": "200"})}, [VREQ, OREQ, VRES], id="origin request generates"
    ),
    pytest.param(
        SITE, {"origin_request": returned({"status": "404"})}, [VREQ, OREQ], id="origin request generates an error"
    ),
    pytest.param(
        SITE,
        {"fetch": fetched(404), "origin_response": changed(status="200")},
        [VREQ, OREQ, ORES, VRES],
        id="origin response turns an error into a success",
    ),
    pytest.param(
        SITE, {"origin_response": changed(status="404")}, [VREQ, OREQ, ORES], id="origin response turns a success sour"
    ),
    pytest.param(
        SITE_WITH_PAGE,
        {"fetch": fetched(404)},
        [VREQ, OREQ, ORES],
        id="custom error page: its origin functions, no viewer functions",
    ),
    pytest.param(HTTPS, {}, [], id="redirect to HTTPS"),
    pytest.param(SITE, {"fetch": unreachable(OriginTrouble.CONNECT)}, [VREQ, OREQ], id="origin refuses the connection"),
    pytest.param(SITE, {"fetch": unreachable(OriginTrouble.READ_TIMEOUT)}, [VREQ, OREQ], id="origin times out"),
    pytest.param(SITE, {"resolve": unreachable(OriginTrouble.DNS)}, [VREQ], id="the origin's name is unknown"),
    pytest.param(SITE, {"viewer_request": failed()}, [VREQ], id="viewer request fails"),
    pytest.param(SITE, {"origin_request": failed()}, [VREQ, OREQ], id="origin request fails"),
    pytest.param(SITE, {"origin_response": failed()}, [VREQ, OREQ, ORES], id="origin response fails"),
    pytest.param(SITE, {"viewer_response": failed()}, [VREQ, OREQ, ORES, VRES], id="viewer response fails"),
]


@pytest.mark.parametrize(("distribution", "world", "expected"), ROWS)
def test_these_functions_run(distribution: Distribution, world: dict[str, Reaction], expected: list[Trigger]) -> None:
    assert triggers_run(a_request("/a.css"), distribution, **world) == expected


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(a_request("/a.css", method="POST"), id="a method that is not allowed"),
        pytest.param(a_request("/a.css", body=b"x"), id="GET with a body"),
        pytest.param(a_request("/" + "a" * 8_192), id="a URL that is too long"),
    ],
)
def test_nothing_runs_for_a_request_that_is_refused(request_: Request) -> None:
    assert triggers_run(request_, READ_ONLY) == []
