"""The control listener: what `edgesim explain`, `cache`, `invalidate`, `clock` and `stats` talk to, and Prometheus.

Loopback only. A request must name this machine in its Host header, and one that changes something must be JSON: so no
web page that a developer happens to open can reach it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgesim import __version__
from edgesim.distribution.findings import there_are
from edgesim.distribution.versions import Refused
from edgesim.logs.alike import paths_alike, what_counts
from edgesim.logs.cached import MOST, Overview, wanted
from edgesim.logs.explain import as_data, url_of
from edgesim.logs.prometheus import CONTENT_TYPE, exposition
from edgesim.logs.stats import as_data as as_stats
from edgesim.values.cache_tags import MARK
from edgesim.values.headers import readable
from edgesim.values.instant import iso_utc
from edgesim.values.text import printable
from edgesim.values.uri import invalid_path

if TYPE_CHECKING:
    from starlette.requests import Request

    from edgesim.distribution.model import Distribution
    from edgesim.driver.recorder import TranscriptRing
    from edgesim.logs.metrics import Snapshot
    from edgesim.ports import Store
    from edgesim.values.instant import Duration, Instant, Pace

_MOST_ALIKE = 3
LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"]


class Steerable(Protocol):
    """A clock that can be moved from outside. Its moves raise ValueError where they are not possible."""

    @property
    def pace(self) -> Pace: ...

    @property
    def offset(self) -> Duration: ...

    def now(self) -> Instant: ...

    def advance(self, seconds: float) -> Awaitable[None] | None: ...

    def freeze(self) -> None: ...

    def resume(self) -> None: ...

    def reset(self) -> None: ...


class Control:
    """The control API's handlers. `status` gives what `GET /` shows beside the version, `functions` all functions or
    those that a name means; `recycle` ends the environments of named functions; `figures`, where somebody counts, gives
    what was counted."""

    def __init__(
        self,
        *,
        store: Store,
        recorder: TranscriptRing,
        clock: Steerable,
        distributions: Callable[[], Sequence[Distribution]],
        status: Callable[[], dict[str, Any]],
        functions: Callable[[str], list[dict[str, Any]] | Refused],
        recycle: Callable[[Sequence[str]], dict[str, int]] | None = None,
        figures: Callable[[], Snapshot] | None = None,
    ) -> None:
        self._store, self._recorder, self._clock = store, recorder, clock
        self._distributions, self._status, self._functions = distributions, status, functions
        self._figures, self._recycle = figures, recycle

    async def overview(self, request: Request) -> JSONResponse:
        del request
        return JSONResponse({"edgesim": __version__, **self._status()})

    async def functions(self, request: Request) -> JSONResponse:
        """What runs: versions, aliases, environments. `?of=` takes a name, a logical id or an ARN, with or without a
        qualifier."""
        found = self._functions(request.query_params.get("of", ""))
        if isinstance(found, Refused):
            return _refusal(404, f"{found.code}: {found.message}")
        return JSONResponse(found)

    async def recycle(self, request: Request) -> JSONResponse:
        """`{"of": "auth"}` ends the environments of a function, or of all: how many, by function name."""
        if not _is_json(request):
            return _refusal(415, "send application/json")
        wanted = _read_name(await request.body())
        if wanted is None:
            return _refusal(400, 'say {"of": "NAME"}, or {} for all functions')
        found = self._functions(wanted)
        if isinstance(found, Refused):
            return _refusal(404, f"{found.code}: {found.message}")
        names = [function["name"] for function in found]
        return JSONResponse(self._recycle(names) if self._recycle is not None else dict.fromkeys(names, 0))

    async def transcript(self, request: Request) -> JSONResponse:
        """`?of=last`, a request id, a URL or a path."""
        wanted = request.query_params.get("of", "last")
        found = self._recorder.find(wanted)
        if found is None:
            return _refusal(404, self._not_found(wanted))
        return JSONResponse(as_data(found, self._store))

    def _not_found(self, wanted: str) -> str:
        kept = len(self._recorder)
        if not kept:
            return "no request came in yet"
        like = self._recorder.like(wanted)
        instead = f"; there is {printable(url_of(like))}" if like is not None else ""
        return f"no request {wanted!r} among the last {kept}{instead}"

    async def transcripts(self, request: Request) -> JSONResponse:
        """The latest requests, newest first, one line each."""
        limit = _whole_number(request.query_params.get("limit"), 20)
        heads = [as_data(transcript) for transcript, _ in zip(self._recorder, range(limit), strict=False)]
        return JSONResponse([{key: head[key] for key in head if key != "sections"} for head in heads])

    async def metrics(self, request: Request) -> Response:
        """What was counted, for Prometheus."""
        del request
        if self._figures is None:
            return _refusal(404, _NOTHING_COUNTED)
        return Response(exposition(self._figures()), headers={"Content-Type": CONTENT_TYPE})

    async def stats(self, request: Request) -> JSONResponse:
        """What was counted, by function, and what it would cost."""
        del request
        return _refusal(404, _NOTHING_COUNTED) if self._figures is None else JSONResponse(as_stats(self._figures()))

    async def invalidate(self, request: Request) -> JSONResponse:
        """`{"paths": ["/a*", "#tag"], "distribution": "Web"}`; without a distribution, all of them. `untagged` names
        those whose objects have no tags, where tags were asked for; `alike` has sentences on what is stored that is
        written like a path of which nothing was dropped."""
        if not _is_json(request):
            return _refusal(415, "send application/json")
        asked = _read_invalidation(await request.body())
        if isinstance(asked, str):
            return _refusal(400, asked)
        paths, name = asked
        chosen = self._named(name)
        if not chosen:
            return self._no_distribution(name)
        dropped = [sum([await self._store.invalidate(d.id, path) for d in chosen]) for path in paths]
        answer = {"paths": paths, "distributions": [d.name for d in chosen], "invalidated": sum(dropped)}
        in_vain = [path for path, count in zip(paths, dropped, strict=True) if not count]
        if alike := [sentence for path in in_vain for sentence in self._alike(path, chosen)]:
            answer["alike"] = alike
        if any(path.startswith(MARK) for path in paths):
            answer["untagged"] = [d.name for d in chosen if not d.cache_tag_header]
        return JSONResponse(answer)

    def _alike(self, path: str, distributions: Sequence[Distribution]) -> Iterator[str]:
        """What people may have meant by a path, and why it is another object. A tag, or a wildcard, is like no path."""
        if path.startswith(MARK) or path.endswith("*"):
            return
        for one in distributions:
            root = one.default_root_object
            for other in sorted(paths_alike(path, self._store.paths(one.id), root))[:_MOST_ALIKE]:
                is_root = path == "/" and other == f"/{root}"
                why = "that is the default root object" if is_root else what_counts(path, other, root)
                yield f"{path}: nothing is stored of it, but of {printable(readable(other))}: {why}"

    async def cache(self, request: Request) -> JSONResponse:
        """What is stored: `?of=` a path, with or without a method before and a query string behind it, has the stored
        headers, too, one that ends in `*` everything that begins so; `?distribution=` a name or an id; `?limit=` how
        many objects."""
        query = request.query_params
        name, of = query.get("distribution"), query.get("of", "")
        chosen = self._named(name)
        if not chosen:
            return self._no_distribution(name)
        names = {distribution.id: distribution.name for distribution in chosen}
        overview = Overview(names, _whole_number(query.get("limit"), MOST))
        what = wanted(of)
        if of and not what.wildcard:
            found = (one for each in names for one in self._store.variants(each, what.path))
            kept = [one for one in found if what.is_met_by(one[0])]
            if not kept:
                return _refusal(404, f"nothing is stored of {of!r}")
            overview.add(kept)
        else:
            async for part in self._store.slices():
                here = (one for one in part if one[0].distribution in names)
                overview.add([one for one in here if not of or what.is_met_by(one[0])])
            if of and not overview.stored:
                return _refusal(404, f"nothing is stored of {of!r}")
        whole = bool(of) and not what.wildcard
        return JSONResponse(overview.data(self._clock.now(), self._store.finds, whole=whole))

    def _named(self, name: str | None) -> list[Distribution]:
        """The distributions that a name or an id means; without one all of them."""
        return [d for d in self._distributions() if name in {None, d.name, d.id}]

    def _no_distribution(self, name: str | None) -> JSONResponse:
        return _refusal(404, f"no distribution {name!r}; {there_are(d.name for d in self._distributions())}")

    async def clock(self, request: Request) -> JSONResponse:
        """What time it is at this edge, and how many seconds that is ahead of the machine's clock."""
        del request
        clock = self._clock
        return JSONResponse(
            {"now": iso_utc(clock.now()), "offset": round(clock.offset, 3), "pace": clock.pace.name.lower()}
        )

    async def steer(self, request: Request) -> JSONResponse:
        """`{"advance": 3600}`, `{"freeze": true}`, `{"resume": true}` or `{"reset": true}`."""
        if not _is_json(request):
            return _refusal(415, "send application/json")
        asked = _read_move(await request.body())
        if isinstance(asked, str):
            return _refusal(400, asked)
        try:
            await self._move(*asked)
        except ValueError as error:
            return _refusal(409, str(error))
        return await self.clock(request)

    async def _move(self, move: str, seconds: float) -> None:
        match move:
            case "advance":
                moving = self._clock.advance(seconds)
                if moving is not None:
                    await moving
            case "freeze":
                self._clock.freeze()
            case "resume":
                self._clock.resume()
            case "reset":
                self._clock.reset()


_NOTHING_COUNTED = "nothing is counted here: ask an edgesim serve"


def _whole_number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


_MOVES = ("advance", "freeze", "resume", "reset")


def _read_move(body: bytes) -> tuple[str, float] | str:
    """How the clock is to be moved, and by how many seconds; or what is wrong with the request."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return "the body is not JSON"
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in _MOVES:
        return 'say one of {"advance": seconds}, {"freeze": true}, {"resume": true}, {"reset": true}'
    [(move, amount)] = value.items()
    if move != "advance":
        return (move, 0.0) if amount is True else f"{move} takes true"
    is_number = isinstance(amount, int | float) and not isinstance(amount, bool)
    return (move, float(amount)) if is_number and abs(amount) < 1e12 else "advance takes a number of seconds"


def _read_name(body: bytes) -> str | None:
    """What `of` says, empty where it is not there; None where the request is no such thing."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    wanted = value.get("of", "") if isinstance(value, dict) and value.keys() <= {"of"} else None
    return wanted if isinstance(wanted, str) else None


def _read_invalidation(body: bytes) -> tuple[list[str], str | None] | str:
    """The paths and the distribution of a request, or what is wrong with it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return "the body is not JSON"
    paths = value.get("paths") if isinstance(value, dict) else None
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
        return "paths must be a list of paths such as /images/*, or of tags such as #product:tv"
    name = value.get("distribution")
    if not isinstance(name, str | None):
        return "distribution must be a name or an id"
    problem = next((why for path in paths if (why := invalid_path(path)) is not None), None)
    return problem if problem is not None else (paths, name)


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)


def control_app(control: Control) -> Starlette:
    """The ASGI application behind the control port."""
    return Starlette(
        routes=[
            Route("/", control.overview),
            Route("/functions", control.functions),
            Route("/functions/recycle", control.recycle, methods=["POST"]),
            Route("/transcript", control.transcript),
            Route("/transcripts", control.transcripts),
            Route("/metrics", control.metrics),
            Route("/stats", control.stats),
            Route("/invalidations", control.invalidate, methods=["POST"]),
            Route("/cache", control.cache),
            Route("/clock", control.clock, methods=["GET"]),
            Route("/clock", control.steer, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=LOCAL_NAMES, www_redirect=False)],
    )
