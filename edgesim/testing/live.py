"""An edge for tests in Python: the real request path, cache and functions, scripted origins, a clock that stands still
until it is moved. Nothing listens on a port, and nothing waits.

    with edgesim.testing.edge({"viewer-request": "auth"}, functions={"auth": "auth.mjs:handler"}) as edge:
        edge.origin.answers(headers={"cache-control": "max-age=60"}, body="hello")
        assert edge.get("/a").status == 401
        assert edge.get("/a", headers={"authorization": "Bearer x"}).x_cache == "Miss"
        edge.clock.advance("61s")

In pytest it is the fixture `edge`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from edgesim.distribution.aws_endpoints import check_endpoint
from edgesim.distribution.findings import closest
from edgesim.distribution.limits import Edition
from edgesim.distribution.model import EdgeFunction
from edgesim.errors import ConfigError
from edgesim.scenario.language import durations
from edgesim.scenario.language.load import load_setting
from edgesim.scenario.model import Account, Send, Setting
from edgesim.scenario.playing.background import STAGES, BackgroundStage
from edgesim.scenario.playing.edge import Edge
from edgesim.scenario.playing.met import Run, runs_of
from edgesim.scenario.playing.origins import ANY
from edgesim.scenario.playing.run import host_of, request_of
from edgesim.scenario.playing.seen import Answered
from edgesim.scenario.playing.signing import signed_step
from edgesim.server.viewer_header import parse_settings
from edgesim.testing.live_origins import Origin, Origins
from edgesim.testing.live_parts import Cache, Clock, Function
from edgesim.testing.live_requests import HeaderValues, each_of, send_of
from edgesim.testing.live_signing import Signature, Signing
from edgesim.testing.views import Call, OriginRequest, Response
from edgesim.values.instant import Instant, iso_utc
from edgesim.values.message import Request

T = TypeVar("T")

Source: TypeAlias = str | Path | Mapping[str, Any]
"""A distribution: a path to whatever `edgesim serve` takes, or the short form of scenarios as a dict."""
Functions: TypeAlias = Mapping[str, Any]
"""By name: `PATH[:HANDLER]`, or code with its settings as in a scenario."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a test says of its edge, in the words of a scenario; paths begin in `folder`."""

    distribution: Source | None = None
    functions: Functions = field(default_factory=dict)
    origins: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    at: str | float | datetime | None = None
    viewer: Mapping[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=Path)
    limits: str = Edition.CURRENT.value
    choices: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    aws_endpoints: Mapping[str, str] = field(default_factory=dict)


def edge(
    distribution: Source | None = None,
    *,
    functions: Functions | None = None,
    origins: Mapping[str, Any] | None = None,
    parameters: Mapping[str, str] | None = None,
    at: str | float | datetime | None = None,
    viewer: Mapping[str, str] | None = None,
    limits: str = Edition.CURRENT.value,
    choices: Mapping[str, str] | None = None,
    keys: Mapping[str, str] | None = None,
    aws_endpoints: Mapping[str, str] | None = None,
    folder: str | Path | None = None,
) -> AbstractContextManager[LiveEdge]:
    """An edge location with an empty cache, for a `with` block.

    `distribution` is a path to a template, or to anything else that `edgesim serve` takes, or a dict in the short form
    of scenarios; without one, everything goes to one origin, `site`, with the API's default TTLs.
    `functions` are the code, by name: `"auth.mjs:handler"`, or `{"node": "exports.handler = …"}`; with a template they
    replace that of its own functions.
    `origins` are answers as in a scenario, `parameters` a template's. `at` is when it begins; without it, always the
    same instant. `viewer` has `country`, `device`, `protocol` … for every request. `limits` is `current` or `2023`,
    and `choices` are answers to what AWS does not say (`edgesim choices` lists them). `keys` are who signs, where that
    is not edgesim: files with private keys, by name. `aws_endpoints` are where functions find AWS's services:
    `{"dynamodb": "http://localhost:8000"}`.
    Relative paths begin in `folder`; without it, where the file is that calls this.

    Raises ConfigError, with everything that is wrong.
    """
    if folder is None:
        folder = calling_folder()
    code, answers, values = functions or {}, origins or {}, parameters or {}
    where = Path(folder).absolute()
    words = (viewer or {}, where, limits, choices or {}, keys or {}, aws_endpoints or {})
    return _opened(Said(distribution, code, answers, values, at, *words))


def calling_folder() -> Path:
    """The folder of the file whose code called into this package."""
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith(f"{__package__}."):
        frame = frame.f_back
    file = Path(frame.f_code.co_filename if frame is not None else "")
    return file.parent if file.is_file() else Path()


@contextmanager
def _opened(said: Said) -> Iterator[LiveEdge]:
    with STAGES.borrowed() as background:
        live = LiveEdge(background, said)
        try:
            yield live
        finally:
            live.close()


def setting_of(said: Said) -> Setting:
    """What is deployed. Raises ConfigError with everything that is wrong."""
    setting, problems = load_setting(
        said.distribution,
        said.functions,
        parameters=said.parameters,
        folder=said.folder,
        limits=said.limits,
        choices=said.choices,
        keys=said.keys,
    )
    if problems:
        raise ConfigError("\n".join(str(problem).removeprefix("error: ") for problem in problems))
    return setting


def _instant(at: str | float | datetime | None) -> Instant | None:
    if at is None:
        return None
    if isinstance(at, datetime):
        return Instant((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    found = durations.instant(at) if isinstance(at, str) else Instant(float(at))
    if found is None:
        raise ConfigError(f"at is {at!r}, which is no point in time (write '2026-01-01T00:00:00Z')")
    return found


# ── the edge ─────────────────────────────────────────────────────────────────


class LiveEdge:
    """An edge location: send requests to it, look at what came of them, let time pass.

    `origin` is whichever origin is asked, `origins` has them by id; `clock`, `cache` and `functions` are what they say.
    May be used with or without an event loop running; a call returns when all that it causes is done.
    """

    def __init__(self, background: BackgroundStage, said: Said) -> None:
        self._background, self._said = background, said
        setting = setting_of(said)
        self.inner: Edge = self.run(self._begin(setting, _instant(said.at)))
        self._settings = [setting]
        self._signing = Signing(said.folder).with_setting(said.keys, self._settings)
        self.clock = Clock(self)
        self.cache = Cache(self)
        self.origins = Origins(self.inner.origins, self._origin_ids, said.folder)
        self.origin = Origin(self.origins, ANY)
        self.responses: list[Response] = []
        if said.origins:
            self.origins.script(said.origins)

    async def _begin(self, setting: Setting, at: Instant | None) -> Edge:
        parse_settings(self._said.viewer)
        endpoints = self._said.aws_endpoints
        for service, url in endpoints.items():
            check_endpoint(service, url)
        return await self._background.stage.edge(setting, at=at, account=Account(endpoints=tuple(endpoints.items())))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What there is to say of the functions that are deployed, such as a runtime that is not installed."""
        return self._background.stage.remarks

    def close(self) -> None:
        """End what goes on in the background."""
        self.run(self.inner.aclose())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine of the edge's own comes to."""
        try:
            return self._background.call(work)
        except ConfigError as error:
            if error.hint:
                error.add_note(error.hint)
            raise

    def _origin_ids(self) -> Iterable[str]:
        return (name for distribution in self.inner.distributions for name in distribution.origins)

    # ── requests ─────────────────────────────────────────────────────────────

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: HeaderValues | None = None,
        cookies: Mapping[str, str] | None = None,
        body: str | bytes | None = None,
        json: Any = None,
        viewer: Mapping[str, str] | None = None,
        sign: Signature | None = None,
        **more: str,
    ) -> Response:
        """Send a request and wait for the whole answer.

            edge.request("POST", "/cart?x=1", json={"id": 7}, cookies={"session": "a"}, country="DE", protocol="https")

        `Host` is the distribution's alias or domain, unless `headers` has one. `viewer` is who sends it: `country`,
        `device`, `protocol`, `ip`, `pop`, `city` and whatever else `Edgesim-Viewer` takes; each may stand alone.
        `sign` is as in a scenario: `"1h"`, or `{"key": "members", "cookies": True, "resource": "/*"}`.
        """
        said: dict[str, Any] = {"headers": headers, "cookies": cookies, "body": body, "json": json, "viewer": viewer}
        return self._sent([self._send(method, target, sign=sign, **said, **more)])[0]

    def get(self, target: str, **more: Any) -> Response:
        """Send a GET request; `more` is as in `request`."""
        return self.request("GET", target, **more)

    def head(self, target: str, **more: Any) -> Response:
        """Send a HEAD request; `more` is as in `request`."""
        return self.request("HEAD", target, **more)

    def post(self, target: str, **more: Any) -> Response:
        """Send a POST request; `more` is as in `request`."""
        return self.request("POST", target, **more)

    def put(self, target: str, **more: Any) -> Response:
        """Send a PUT request; `more` is as in `request`."""
        return self.request("PUT", target, **more)

    def patch(self, target: str, **more: Any) -> Response:
        """Send a PATCH request; `more` is as in `request`."""
        return self.request("PATCH", target, **more)

    def delete(self, target: str, **more: Any) -> Response:
        """Send a DELETE request; `more` is as in `request`."""
        return self.request("DELETE", target, **more)

    def options(self, target: str, **more: Any) -> Response:
        """Send an OPTIONS request; `more` is as in `request`."""
        return self.request("OPTIONS", target, **more)

    def parallel(self, requests: Iterable[str | Mapping[str, Any]]) -> list[Response]:
        """Requests at once, begun in this order, each as far as it gets before the next begins. Each is a target, or
        the arguments of `request`, whose method is GET unless said.

            first, second = edge.parallel(["/a", {"target": "/a", "headers": {"accept": "text/html"}}])
        """
        return self._sent([self._send(**said) for said in each_of(requests)])

    def _send(self, method: str, target: str, *, sign: Signature | None = None, **more: Any) -> Send:
        return replace(send_of(method, target, **more), sign=self._signing.of(sign))

    def _sent(self, sends: Sequence[Send]) -> list[Response]:
        tokens = [object() for _ in sends]
        before = len(self.inner.origins.asked)
        answers = self.run(self._all(list(zip(sends, tokens, strict=True))))
        asked = self.inner.origins.asked[before:]
        found = [
            Response.of(
                answer,
                tuple(OriginRequest.of(one) for one in asked if one.step is token),
                self.inner.store,
            )
            for answer, token in zip(answers, tokens, strict=True)
        ]
        self.responses += found
        return found

    async def _all(self, sends: Sequence[tuple[Send, object]]) -> list[Answered]:
        tasks: list[asyncio.Task[Answered]] = []
        try:
            for send, token in sends:
                tasks.append(asyncio.ensure_future(self._one(send, token)))
                if len(sends) > 1:
                    await self.inner.quiet()
            await self.inner.until_done(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self.inner.quiet()
        return [task.result() for task in tasks]

    async def _one(self, send: Send, token: object) -> Answered:
        viewer = parse_settings({**self._said.viewer, **send.viewer})
        return await self.inner.send(self._request(send), viewer, step=token)

    def _request(self, send: Send) -> Request:
        protocol, host = send.viewer.get("protocol") or self._said.viewer.get("protocol") or "http", host_of(self.inner)
        return request_of(signed_step(send, protocol, host, self.inner.clock.now()), host)

    def sign(self, target: str, **how: Any) -> str:
        """The target with a signature, as it is in a signed URL of the distribution's own host. `how` is as in `sign:`
        of a scenario; `edge.get("/a", sign="1h")` signs and sends at once, with cookies too.

            edge.get(edge.sign("/a.mp4?x=1", expires="1h", key="members"))
        """
        if how.get("cookies"):
            raise ConfigError("cookies are signed with a request: edge.get('/a', sign={'cookies': True})")
        return self._request(self._send("GET", target, sign=how)).target

    # ── what changes ─────────────────────────────────────────────────────────

    def invalidate(self, *paths: str) -> int:
        """Drop what matches from the cache (`"/a*"`); how many objects that were."""
        for path in paths:
            if not isinstance(path, str):
                raise ConfigError(f"{path!r} can't be invalidated: write edge.invalidate('/a*', '/b')")
        return self.run(self.inner.invalidate(paths))

    def deploy(
        self,
        distribution: Source | None = None,
        *,
        functions: Functions | None = None,
        parameters: Mapping[str, str] | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """Another distribution, other code, parameters or keys from now on; functions, parameters and keys that are not
        named stay. What is cached stays as well."""
        said = replace(
            self._said,
            distribution=self._said.distribution if distribution is None else distribution,
            functions={**self._said.functions, **(functions or {})},
            parameters={**self._said.parameters, **(parameters or {})},
            keys={**self._said.keys, **(keys or {})},
        )
        setting = setting_of(said)
        self.inner.deploy(self.run(self._background.stage.prepare(setting)))
        self._said = said
        self._settings.append(setting)
        self._signing = self._signing.with_setting(said.keys, self._settings)

    # ── what functions did ───────────────────────────────────────────────────

    @property
    def functions(self) -> dict[str, Function]:
        """The distribution's functions by name."""
        return {function.name: Function(self, function.name) for function in self._deployed()}

    def function(self, name: str) -> Function:
        """One of the distribution's functions."""
        known = self.functions
        if name not in known:
            hint = closest(name, known) or f"there is {', '.join(known) or 'none'}"
            raise ConfigError(f"the distribution has no function {name!r} ({hint})")
        return known[name]

    def _deployed(self) -> Iterator[EdgeFunction]:
        for distribution in self.inner.distributions:
            yield from distribution.functions

    @property
    def calls(self) -> list[Call]:
        """Each time that a function ran, in order."""
        runs: dict[str, Run] = {}
        for transcript in self.inner.recorder:
            runs |= {run.invocation.request_id: run for run in runs_of(transcript) if run.invocation}
        return [Call.of(call, runs.get(call.invocation.request_id)) for call in self.inner.functions.calls]

    @property
    def log(self) -> list[str]:
        """What the functions wrote, and Lambda's START, END and REPORT, a line each."""
        return list(self._background.stage.log.tagged)

    def __repr__(self) -> str:
        names = ", ".join(one.name for one in self.inner.distributions) or "nothing"
        return f"<LiveEdge of {names} at {iso_utc(self.inner.clock.now())}, {len(self.cache)} objects>"
