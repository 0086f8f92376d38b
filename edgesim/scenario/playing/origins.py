"""Origins that answer from a script, on a clock: what a scenario says of them, without a socket.

What a real origin would make CloudFront wait for takes as long here, by the clock: an origin's timeouts and attempts
are those of its configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from edgesim.distribution.choices import STANDARD
from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.origins.attempts import tries_again
from edgesim.origins.canned import ScriptedBody, truncated
from edgesim.origins.directories import Directories, as_what
from edgesim.ports import BodyStream, Clock
from edgesim.rules.conditionals import not_modified
from edgesim.scenario.model import Answer, Content, Place, Rule, Script, Scripts, Setting
from edgesim.scenario.playing.seen import Asked
from edgesim.values.body import Body
from edgesim.values.headers import Headers, wire
from edgesim.values.instant import Duration
from edgesim.values.message import Request, Response
from edgesim.values.uri import matches_wildcards

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY = "*"
_PIECE = 64 * 1024


class Given(NamedTuple):
    """Which answer of a scenario was given: where it stands, in which script, and there in which rule at which turn."""

    place: Place
    script: str
    rule: int
    turn: int


class ScriptedOrigins:
    """Implements ports.OriginClient. `asked` has every attempt to reach an origin, in order; `given` the answers that
    were fetched."""

    def __init__(self, clock: Clock, new_id: Callable[[], str]) -> None:
        self._clock, self._new_id = clock, new_id
        self._scripts: dict[str, Script] = {}
        # By identity, since equal rules are not the same; the rule is kept so that its id stays its own
        self._turns: dict[int, tuple[Rule, int]] = {}
        self._step: ContextVar[tuple[object, Scripts]] = ContextVar("step", default=(None, {}))
        self._directories = Directories(clock, new_id)
        self.folders: Mapping[str, str] = {}
        self.asked: list[Asked] = []
        self.given: set[Given] = set()

    def deploy(self, setting: Setting) -> None:
        """Another setting: its directories, and what it says of their buckets."""
        self.folders = setting.folders
        choices = setting.distributions[0].terms.choices if setting.distributions else STANDARD
        missing = choices.missing_object
        self._directories = Directories(self._clock, self._new_id, buckets=setting.buckets, missing=missing)

    def set(self, scripts: Scripts) -> None:
        """From now on these origins answer so; the others stay as they are."""
        self._scripts.update(scripts)

    @contextmanager
    def during(self, step: object, scripts: Scripts) -> Iterator[None]:
        """What this task asks belongs to a step, and these scripts come before those that stand."""
        token = self._step.set((step, scripts))
        try:
            yield
        finally:
            self._step.reset(token)

    def where(self, origin: Origin, *, https: bool) -> str:
        """A script is nowhere; a directory has a place."""
        folder = self._folder_of(origin)
        return f"{folder}{as_what(origin)} (a directory)" if folder else ""

    async def resolve(self, origin: Origin, *, https: bool) -> None:
        """Every name leads somewhere, except where the next answer says otherwise. Raises OriginFault."""
        name, script = self._script(origin)
        for number, rule in enumerate(script.rules if script is not None else ()):
            if self._turn(rule)[1].fails is OriginTrouble.DNS:
                self._give(name, number, rule)
                raise _fault(OriginTrouble.DNS, origin)

    async def fetch(self, request: Request, origin: Origin, *, https: bool) -> Response:
        """The script's answer. Raises OriginFault, after as long as CloudFront would have waited."""
        request = replace(request, body=await _whole(request.body))
        received = replace(request, path=f"{origin.path}{request.path}")
        folder = self._folder_of(origin)
        if folder is not None:
            self._note(received, origin)
            return await self._directories.origin(folder, origin).fetch(request, origin, https=https)
        attempts, patience = 1, _Patience(self._clock, origin)
        while True:
            try:
                return await self._attempt(received, origin, patience)
            except OriginFault as fault:
                if not tries_again(fault.trouble, request.method, attempts, origin):
                    raise
                attempts += 1

    async def aclose(self) -> None:
        """There is nothing to close; for the likeness with other origins."""

    # ── which answer ─────────────────────────────────────────────────────────

    def _note(self, request: Request, origin: Origin) -> None:
        self.asked.append(Asked(origin.id, request, self._step.get()[0]))

    def _script(self, origin: Origin, request: Request | None = None) -> tuple[str, Script | None]:
        """The step's own script before the one that stands, and an origin's own before that for any; with its name."""
        for scripts in (self._step.get()[1], self._scripts):
            for name in (origin.id, ANY):
                script = scripts.get(name)
                if script is not None and (script.folder or request is None or _rule(script, request) is not None):
                    return name, script
        return origin.id, None

    def _answer(self, request: Request, origin: Origin) -> Answer:
        name, script = self._script(origin, request)
        if script is None:
            return default_answer(origin, request, scripted=bool(self._scripts.get(origin.id)))
        found = _rule(script, request)
        assert found is not None  # noqa: S101  _script has looked
        answer = self._give(name, *found)
        turn = self._turns.get(id(found[1]), (found[1], 0))[1]
        self._turns[id(found[1])] = (found[1], turn + 1)
        return answer

    def _give(self, script: str, number: int, rule: Rule) -> Answer:
        turn, answer = self._turn(rule)
        self.given.add(Given(answer.place, script, number, turn))
        return answer

    def _turn(self, rule: Rule) -> tuple[int, Answer]:
        """The answer whose turn it is, and its number."""
        _, turn = self._turns.get(id(rule), (rule, 0))
        turn = min(turn, len(rule.answers) - 1)
        return turn, rule.answers[turn]

    def _folder_of(self, origin: Origin) -> Path | None:
        _, script = self._script(origin)
        if script is not None:
            return script.folder
        return Path(self.folders[origin.id]) if origin.id in self.folders else None

    # ── one attempt ──────────────────────────────────────────────────────────

    async def _attempt(self, request: Request, origin: Origin, patience: _Patience) -> Response:
        self._note(request, origin)
        answer = self._answer(request, origin)
        trouble = OriginTrouble.READ_TIMEOUT if answer.after > origin.read_timeout else answer.fails
        if trouble is None:
            await patience.wait(answer.after)
            return self._response(request, answer, origin, patience)
        shows_after = _SHOWS_AFTER.get(trouble)
        await patience.wait(shows_after(origin) if shows_after else answer.after)
        raise _fault(trouble, origin)

    def _response(self, request: Request, answer: Answer, origin: Origin, patience: _Patience) -> Response:
        headers = Headers((name, wire(value)) for name, value in answer.headers)
        if answer.validates and not_modified(request.headers, headers):
            return Response(304, headers.only(lambda name: not name.startswith("content-")))
        if answer.chunks is not None:
            pieces = tuple(wire(chunk).encode("latin-1") for chunk in answer.chunks)
            framed = headers.having("Transfer-Encoding", "chunked")
            return Response(answer.status, framed, patience.stream(pieces, answer.every))
        data = content_bytes(answer.body)
        if "content-length" not in headers and answer.status not in _BODILESS:
            headers = headers.adding(("Content-Length", str(len(data))))
        if request.method == "HEAD" or answer.status in _BODILESS:
            return Response(answer.status, headers)
        return Response(answer.status, headers, _body(data, answer))


class _Patience:
    """How long CloudFront waits for a whole response, over all attempts: the ResponseCompletionTimeout."""

    def __init__(self, clock: Clock, origin: Origin) -> None:
        self._clock, self._origin = clock, origin
        self._until = clock.now() + origin.completion_timeout if origin.completion_timeout else inf

    async def wait(self, seconds: float) -> None:
        """Wait so long for the origin. Raises OriginFault where that is too long."""
        left = max(0.0, self._until - self._clock.now())
        if min(seconds, left) > 0:
            await self._clock.sleep(Duration(min(seconds, left)))
        if seconds > left:
            raise _fault(OriginTrouble.COMPLETION_TIMEOUT, self._origin)

    def stream(self, pieces: tuple[bytes, ...], every: float) -> ScriptedBody:
        """Pieces without a length. One that takes longer than the origin's read timeout never comes."""
        if every > self._origin.read_timeout:
            return ScriptedBody(clock=self._clock, fault=_fault(OriginTrouble.READ_TIMEOUT, self._origin))
        in_time = int((self._until - self._clock.now()) / every) if every and self._until < inf else len(pieces)
        late = _fault(OriginTrouble.COMPLETION_TIMEOUT, self._origin) if in_time < len(pieces) else None
        return ScriptedBody(*pieces[:in_time], clock=self._clock, every=every, fault=late)


_BODILESS = frozenset({204, 304})

# How long it takes until a failure shows, where the origin's configuration says so
_SHOWS_AFTER: dict[OriginTrouble, Callable[[Origin], float]] = {
    OriginTrouble.DNS: lambda _: 0.0,
    OriginTrouble.CONNECT: lambda _: 0.0,
    OriginTrouble.CONNECT_TIMEOUT: lambda origin: origin.connection_timeout,
    OriginTrouble.READ_TIMEOUT: lambda origin: origin.read_timeout,
}

_TEXTS = {
    OriginTrouble.DNS: "the name {domain} of the origin {id} can't be resolved, as the script says",
    OriginTrouble.CONNECT: "the origin {id} can't be connected to, as the script says",
    OriginTrouble.CONNECT_TIMEOUT: "the origin {id} took no connection within {connect:g} s",
    OriginTrouble.READ_TIMEOUT: "the origin {id} sent nothing for {read:g} s",
    OriginTrouble.COMPLETION_TIMEOUT: "the origin {id} did not complete its response within {whole:g} s",
    OriginTrouble.RESET: "the origin {id} closed the connection before its response was complete, as the script says",
    OriginTrouble.WRITE: "the origin {id} closed the connection before it had the request's body, as the script says",
    OriginTrouble.INVALID_RESPONSE: "the origin {id} sent no valid response, as the script says",
    OriginTrouble.HEADERS_TOO_BIG: "the origin {id} sent too large a head, as the script says",
}


def _fault(trouble: OriginTrouble, origin: Origin) -> OriginFault:
    text = _TEXTS[trouble].format(
        id=origin.id,
        domain=origin.domain_name,
        connect=origin.connection_timeout,
        read=origin.read_timeout,
        whole=origin.completion_timeout,
    )
    return OriginFault(trouble, text[0].upper() + text[1:])


def default_answer(origin: Origin, request: Request, *, scripted: bool) -> Answer:
    """What an origin says for which nothing is written; one with a script that has no rule for a path says 404."""
    text = f"origin {origin.id}: {request.method} {request.target}"
    headers = (("Content-Type", "text/plain"),)
    return Answer(404 if scripted else 200, headers, Content(text=f"no rule for {text}" if scripted else text))


def _rule(script: Script, request: Request) -> tuple[int, Rule] | None:
    """The rule that answers, and its number."""
    return next(((number, rule) for number, rule in enumerate(script.rules) if _fits(rule, request)), None)


def _fits(rule: Rule, request: Request) -> bool:
    return rule.method in (None, request.method) and matches_wildcards(rule.path, request.path)


# ── bodies ───────────────────────────────────────────────────────────────────


def content_bytes(content: Content | None) -> bytes:
    """The bytes of a body. Raises OSError for a file that can't be read."""
    if content is None:
        return b""
    if content.data is not None:
        return content.data
    if content.file is not None:
        return content.file.read_bytes()
    if content.size is not None:
        return (_FILLER * (content.size // len(_FILLER) + 1))[: content.size]
    return (content.text or "").encode("utf-8", "surrogatepass")


_FILLER = b"edgesim."  # no spaces: captured, it may stand in a URL


def _body(data: bytes, answer: Answer) -> Body:
    if answer.truncate is None or answer.truncate >= len(data):
        return data
    return truncated(data[: answer.truncate], len(data))


async def _whole(body: Body) -> bytes:
    if isinstance(body, BodyStream):
        return b"".join([chunk async for chunk in body.chunks()])
    return body if isinstance(body, bytes) else b""
