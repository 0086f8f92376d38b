"""One invocation without a server: its event is given or made, the function runs, the result is judged.

An event is made by sending a request along the real request path, with no function but the one at the wanted trigger,
an empty cache, and an origin that answers as it is told. A given event goes to the function as it is; what it shows
is what the result is judged by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgesim.commands.here import templates_here
from edgesim.distribution.aws_endpoints import NO_ENDPOINTS, Endpoints, endpoint_variables
from edgesim.distribution.findings import closest, there_are
from edgesim.distribution.limits import FUNCTION_TIMEOUT_SECONDS, Limit
from edgesim.distribution.model import (
    Association,
    CacheBehavior,
    Distribution,
    EdgeFunction,
    Trigger,
    ViewerProtocolPolicy,
)
from edgesim.distribution.policies import CachePolicy
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.terms import STANDARD_TERMS, Terms
from edgesim.driver.clock import SystemClock
from edgesim.driver.driver import Driver
from edgesim.driver.identity import invocation_id, request_id
from edgesim.driver.recorder import TranscriptRing
from edgesim.emulator import ProblemsFoundError
from edgesim.errors import ConfigError
from edgesim.loaders import Loaded, load_quick
from edgesim.loaders.code import existing, split_spec
from edgesim.logs.lambda_edge import function_notes
from edgesim.origins.canned import canned_origin
from edgesim.pipeline.effects import Invoke, Invoked, Steps
from edgesim.pipeline.functions import STATIONS, run_request_hook, run_response_hook
from edgesim.pipeline.journey import Answer, Journey
from edgesim.pipeline.transcript import Note, Station, Transcript
from edgesim.ports import Call, Runtime
from edgesim.rules.behavior import behavior_for, distribution_for
from edgesim.rules.edge import region_of
from edgesim.rules.given_event import GivenEvent
from edgesim.rules.hooks import Hook, MadeBy
from edgesim.rules.reasons import Outcome
from edgesim.runtimes import LambdaService
from edgesim.runtimes import Settings as RuntimeSettings
from edgesim.stores.memory import MemoryStore
from edgesim.values.headers import Field, Headers
from edgesim.values.instant import http_date
from edgesim.values.invocation import Failed, FailureKind, Invocation
from edgesim.values.message import Request, Response
from edgesim.values.viewer import Arrival, Viewer

STAND_IN_ORIGIN = "http://origin.example.com"
"""The origin of a function that no distribution is given for."""


# ── which function ───────────────────────────────────────────────────────────


def functions_of(loaded: Loaded) -> list[EdgeFunction]:
    """Every function of a source that can be run, each once."""
    alone = [loaded.function] if loaded.function is not None else []
    return list(dict.fromkeys([*(function for d in loaded.distributions for function in d.functions), *alone]))


def find_function(name: str, loaded: Loaded) -> EdgeFunction:
    """The function that a name, a logical id or a `PATH[:HANDLER]` means. Raises ConfigError."""
    known = functions_of(loaded)
    wanted = {name, loaded.logical_ids.get(name, name)}
    found = next((function for function in known if function.name in wanted), None)
    if found is not None:
        return found
    if existing(Path(), split_spec(name)[0]) is not None:
        return _quick(Trigger.ORIGIN_REQUEST, name).functions[0]
    names = dict.fromkeys([*(function.name for function in known), *loaded.logical_ids])
    source = " ".join(["--source", " or ".join(templates_here())]).strip()
    hint = closest(name, names) or there_are(names) or f"name a function of {source}, or a PATH[:HANDLER]"
    if _LOOKS_LIKE_A_PATH.search(name):
        raise ConfigError(f"there is no file {split_spec(name)[0]}", hint)
    raise ConfigError(f"there is no function {name}", hint)


# No function's name has a slash, or the suffix of a file
_LOOKS_LIKE_A_PATH = re.compile(r"[/\\]|\.(js|mjs|cjs|ts|py|zip)(:|$)")


def triggers_of(function: EdgeFunction, distributions: Iterable[Distribution]) -> list[Trigger]:
    """Where distributions run a function, in the order of a request's way."""
    found = {t for d in distributions for b in d.behaviors for t, a in b.associations.items() if a.function == function}
    return [trigger for trigger in Trigger if trigger in found]


def _quick(trigger: Trigger | None, spec: str) -> Distribution:
    loaded = load_quick(STAND_IN_ORIGIN, {trigger: spec} if trigger else {})
    if loaded.errors:
        raise ConfigError(loaded.errors[0].message, loaded.errors[0].hint)
    return loaded.distributions[0]


# ── the request that makes an event ──────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Asked:
    """A viewer's request, and what the origin would answer. `host` is empty where any of the distribution's does."""

    method: str
    host: str
    path: str
    query: str
    viewer: Viewer
    headers: tuple[Field, ...] = ()
    body: bytes = b""
    status: int = 200
    response_headers: tuple[Field, ...] = ()
    include_body: bool = False


def chosen_distribution(
    distributions: Iterable[Distribution], asked: Asked, trigger: Trigger, function: EdgeFunction | None
) -> Distribution:
    """The distribution that a request goes to: by its host, else the first that runs the function at this trigger, else
    the first. Raises ConfigError where the host is nobody's."""
    known = tuple(distributions)
    if not known:
        return _quick(None, "")
    if asked.host:
        found = distribution_for(known, asked.host)
        if found is None:
            names = (name for d in known for name in (*d.aliases, d.domain_name))
            raise ConfigError(f"no distribution has the host {asked.host}", there_are(names))
        return found
    return next((d for d in known if any(_runs(b, trigger, function) for b in d.behaviors)), known[0])


def _runs(behavior: CacheBehavior, trigger: Trigger, function: EdgeFunction | None) -> bool:
    association = behavior.associations.get(trigger)
    return association is not None and function in (None, association.function)


def runs_there(distribution: Distribution, asked: Asked, trigger: Trigger, function: EdgeFunction) -> bool:
    """Does the behavior of this request run the function at this trigger?"""
    return _runs(behavior_for(distribution, asked.path)[0], trigger, function)


def wants_https(distribution: Distribution, asked: Asked) -> bool:
    """Is this request, as it is asked, one that its behavior takes over HTTPS only?"""
    policy = behavior_for(distribution, asked.path)[0].viewer_protocol_policy
    return asked.viewer.protocol == "http" and policy is not ViewerProtocolPolicy.ALLOW_ALL


def over_https(asked: Asked) -> Asked:
    """The same request over HTTPS."""
    return replace(asked, viewer=replace(asked.viewer, protocol="https"))


def _alone(distribution: Distribution, trigger: Trigger, function: EdgeFunction, *, include_body: bool) -> Distribution:
    """The distribution with no function but one, and without error pages, for which it would run once more."""
    sees_body = not Hook(trigger).rules.sees_response

    def behavior(before: CacheBehavior) -> CacheBehavior:
        there = before.associations.get(trigger)
        included = sees_body and (include_body or (there is not None and there.include_body))
        association = Association(trigger, function, included)
        return replace(before, associations=MappingProxyType({trigger: association}))

    return replace(
        distribution,
        behaviors=tuple(map(behavior, distribution.behaviors)),
        error_responses=MappingProxyType({}),
        enabled=True,
    )


async def send(
    asked: Asked, distribution: Distribution, trigger: Trigger, function: EdgeFunction, runtime: Runtime
) -> Transcript:
    """A request's way with the function at one trigger alone; the transcript of it."""
    clock, origin = SystemClock(), canned_origin(lambda request, origin: answer)
    answer = Response(asked.status, Headers(_answered(asked, http_date(clock.now()))))
    recorder = TranscriptRing()
    driver = Driver(clock=clock, store=MemoryStore(), origins=origin, runtime=runtime, recorder=recorder)
    request = Request(asked.method, asked.path, asked.query, Headers(_sent(asked, distribution)), asked.body)
    arrival = Arrival(request_id(), clock.now(), asked.viewer, request)
    exchange = await driver.answer(arrival, [_alone(distribution, trigger, function, include_body=asked.include_body)])
    await exchange.aclose()
    await driver.aclose()
    return exchange.transcript


def _sent(asked: Asked, distribution: Distribution) -> list[Field]:
    """What the viewer sends: as curl would, but for what was said."""
    names = (name for name in distribution.aliases if "*" not in name)
    usual = [
        ("Host", asked.host or next(names, distribution.domain_name)),
        ("User-Agent", "curl/8.10.1"),
        ("Accept", "*/*"),
    ]
    if asked.body:
        usual += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(asked.body)))]
    return _with_usual(usual, asked.headers)


def _answered(asked: Asked, date: str) -> list[Field]:
    usual = [("Content-Type", "text/html"), ("Content-Length", "0"), ("Date", date)]
    return _with_usual(usual, asked.response_headers)


def _with_usual(usual: list[Field], said: tuple[Field, ...]) -> list[Field]:
    names = {name.lower() for name, _ in said}
    return [*(field for field in usual if field[0].lower() not in names), *said]


# ── the event that was given ─────────────────────────────────────────────────


async def judge_given(
    given: GivenEvent,
    event: dict[str, Any],
    function: EdgeFunction,
    runtime: Runtime,
    pop: str,
    terms: Terms = STANDARD_TERMS,
) -> Transcript:
    """Run a function with an event as it is, and judge the result by what the event shows."""
    trigger, clock = given.trigger, SystemClock()
    viewer = Viewer(ip=given.client_ip, protocol="https", pop=pop)
    arrival = Arrival(given.request_id, clock.now(), viewer, given.request)
    association = MappingProxyType({trigger: Association(trigger, function)})
    behavior = CacheBehavior("*", "origin", CachePolicy(), associations=association)
    distribution = Distribution(
        given.distribution_id, "", given.domain_name, (behavior,), MappingProxyType({}), terms=terms
    )
    journey = Journey(arrival, distribution, behavior, Transcript(arrival, distribution))
    if given.response is None:
        await _perform(run_request_hook(journey, trigger, given.request, given.origin), event, runtime)
    else:
        answer = Answer(given.response, Outcome.MISS, MadeBy.ORIGIN, arrival.at)
        await _perform(run_response_hook(journey, trigger, given.request, answer, given.origin), event, runtime)
    return journey.transcript


async def _perform(steps: Steps[Any], event: dict[str, Any], runtime: Runtime) -> None:
    """Take the only step there is, an invocation, with the event that was given in the place of the one made."""
    effect = next(steps)
    assert isinstance(effect, Invoke)  # noqa: S101  a hook without Include Body asks for nothing else
    call = Call(effect.function, effect.trigger, event, effect.timeout, effect.region)
    invoked = Invoked(await runtime.invoke(call), SystemClock().now())
    try:
        steps.send(invoked)
    except StopIteration:
        return


# ── running it ───────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Witness:
    """A Runtime that remembers what passed through it. Without a runtime behind it, nothing runs."""

    runtime: Runtime | None = None
    call: Call | None = None
    invocation: Invocation | None = None

    async def invoke(self, call: Call) -> Invocation:
        self.call = call
        if self.runtime is None:
            nothing = Failed(FailureKind.UNAVAILABLE, "Edgesim.NotRun", "only the event is wanted")
            return Invocation("", nothing, 0.0, 0, call.function.memory, 0, "")
        self.invocation = await self.runtime.invoke(call)
        return self.invocation


@dataclass(slots=True)
class Lines:
    """A FunctionLog that keeps every line, and says it at once."""

    say: Callable[[str], None]
    kept: list[str] = field(default_factory=list)

    def lines(self, function: EdgeFunction, trigger: Trigger | None, texts: Sequence[str]) -> None:
        del function, trigger
        for text in texts:
            self.kept.append(text)
            self.say(text)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. `note` is how CloudFront judged, None where it has no say (`invocation` is there) or where the
    function was not reached (`reached` says why)."""

    function: EdgeFunction
    event: Any
    trigger: str | None = None
    transcript: Transcript | None = None
    invocation: Invocation | None = None
    note: Note | None = None
    reached: str = ""
    log: tuple[str, ...] = ()


class Laboratory:
    """A Lambda service for one function, used once. `tell` hears warnings about it."""

    def __init__(
        self,
        function: EdgeFunction,
        say: Callable[[str], None],
        tell: Callable[[Iterable[Problem]], None],
        *,
        interpreters: dict[str, Path],
        pop: str,
        terms: Terms = STANDARD_TERMS,
        relaxed: frozenset[Limit] = frozenset(),
        endpoints: Endpoints = NO_ENDPOINTS,
    ) -> None:
        self._relaxed, self._endpoints = relaxed, endpoints
        self._function, self._tell, self._pop, self._terms = function, tell, pop, terms
        self._log = Lines(say)
        self._interpreters = interpreters

    async def given(self, event: Any, given: GivenEvent | None) -> Report:
        """Run with an event that was given; `given` is what it shows, None where it is none of CloudFront's."""

        async def run(witness: Witness) -> Transcript | None:
            if given is not None:
                return await judge_given(given, event, self._function, witness, self._pop, self._terms)
            timeout = min(self._function.timeout, FUNCTION_TIMEOUT_SECONDS)
            call = Call(self._function, Trigger.ORIGIN_REQUEST, event, timeout, region_of(self._pop))
            await witness.invoke(call)
            return None

        return await self._ran(run)

    async def made(self, asked: Asked, distribution: Distribution, trigger: Trigger) -> Report:
        """Run with the event that a request makes."""
        return await self._ran(lambda witness: send(asked, distribution, trigger, self._function, witness))

    async def _ran(self, run: Any) -> Report:
        service = LambdaService(
            SystemClock(),
            self._log,
            invocation_id,
            interpreters=self._interpreters,
            settings=RuntimeSettings(
                max_environments=1,
                spares={},
                initialise_ahead=False,
                region=region_of(self._pop),
                relaxed=self._relaxed,
                variables=endpoint_variables(self._endpoints),
            ),
            remark=lambda problem: self._tell([problem]),
        )
        try:
            problems = await service.deploy([self._function])
            self._tell(problems)
            if any(problem.severity is Severity.ERROR for problem in problems):
                raise ProblemsFoundError(tuple(problems))
            witness = Witness(service)
            transcript = await run(witness)
        finally:
            await service.close()
        return report(self._function, witness, transcript, tuple(self._log.kept))


def report(
    function: EdgeFunction, witness: Witness, transcript: Transcript | None, log: tuple[str, ...] = ()
) -> Report:
    """What a witness saw, with the note that the request path took of it."""
    event = witness.call.event if witness.call else {}
    if transcript is None:
        return Report(function, event, invocation=witness.invocation, log=log)
    note = next(iter(function_notes(transcript)), None)
    reached = "" if witness.call else _why_not(transcript)
    trigger = witness.call.trigger.value if witness.call else None
    return Report(function, event, trigger, transcript, witness.invocation, note, reached, log)


def _why_not(transcript: Transcript) -> str:
    """What ended the way before the function: a trigger that says why it is left out, or the arrival's refusal."""
    stations = {Station.ARRIVAL, *STATIONS.values()}
    told = [note.because.value for note in transcript.notes if note.station in stations]
    return told[-1]
