"""Everything put together: settings become an edge that answers.

An `Emulator` is built from settings, serves through its `app`, and takes in new code and templates while it does: what
is broken is said, and the last good state goes on serving.
"""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgesim.distribution.aws_endpoints import endpoint_variables
from edgesim.distribution.chaos import parse_chaos
from edgesim.distribution.model import Distribution, EdgeFunction, Origin, Trigger
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.propagation import Spread
from edgesim.distribution.versions import Refused
from edgesim.driver.clock import SteeredClock
from edgesim.driver.driver import Driver
from edgesim.driver.identity import file_id, invocation_id, seed
from edgesim.driver.metered import Metered
from edgesim.driver.recorder import TranscriptRing
from edgesim.errors import ConfigError, EdgesimError
from edgesim.loaders import Loaded, Overrides, load, load_quick
from edgesim.loaders.deleted import deleted
from edgesim.loaders.handlers import with_handler_hints
from edgesim.loaders.published import as_published
from edgesim.loaders.terms import on_terms
from edgesim.logs.access import format_named
from edgesim.logs.access_files import AccessLog
from edgesim.logs.folder import LogFolder
from edgesim.logs.lambda_edge import function_notes, trigger_of, validation_error, validation_stream
from edgesim.logs.metrics import Metrics
from edgesim.origins.http import HttpOrigin
from edgesim.origins.routing import OriginRouter
from edgesim.origins.signing import Signer, read_credentials
from edgesim.origins.targets import Target, parse_target
from edgesim.pipeline.cautions import Cautions
from edgesim.pipeline.transcript import Note, Transcript
from edgesim.ports import Clock
from edgesim.rules.edge import region_of
from edgesim.rules.hooks import Hook
from edgesim.runtimes import FunctionStatus, LambdaService, functions_as_data
from edgesim.runtimes import Settings as RuntimeSettings
from edgesim.runtimes.inspecting import how_to_attach, inspectors
from edgesim.runtimes.remarks import of_processor, this_processor
from edgesim.server.app import ViewerApp
from edgesim.server.control import Control, control_app
from edgesim.server.outdated import keeps_what_they_made
from edgesim.server.reload import Watched, is_file
from edgesim.server.viewer_header import ViewerDefaults, parse_settings
from edgesim.settings import Settings
from edgesim.stores.memory import MemoryStore
from edgesim.terminal import Terminal
from edgesim.values.durations import spell_duration
from edgesim.values.instant import Duration
from edgesim.values.place import Place


class ProblemsFoundError(ConfigError):
    """The source has errors; `problems` are all that was found, warnings included."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = sum(problem.severity is Severity.ERROR for problem in problems)
        super().__init__(f"{count} {'error' if count == 1 else 'errors'} in the configuration")
        self.problems = problems


def load_source(settings: Settings, *, function: str = "") -> Loaded:
    """What the settings' source describes, with every problem in it. `function`: one that is wanted by itself."""
    overrides = Overrides(
        parameters=settings.parameters,
        functions=settings.functions,
        cache_policies=settings.cache_policies,
        origin_request_policies=settings.origin_request_policies,
        response_headers_policies=settings.response_headers_policies,
        continuous_deployment_policies=settings.continuous_deployment_policies,
        staging=settings.staging,
        public_keys=settings.public_keys,
        origins=settings.origins,
        signs=bool(settings.s3_credentials),
        function=function,
    )
    if settings.source:
        return on_terms(_in_their_places(load(settings.source, overrides), settings), settings.terms)
    triggers = {Trigger(name): spec for name, spec in settings.triggers.items()}
    bodies = [trigger for trigger in triggers if not Hook(trigger).rules.sees_response] if settings.include_body else []
    return on_terms(
        load_quick(settings.origin, triggers, include_body=bodies, public_keys=settings.public_keys), settings.terms
    )


_OPTIONS = {
    "--origin": "origins",
    "--function": "functions",
    "--parameter": "parameters",
    "--cache-policy": "cache_policies",
    "--origin-request-policy": "origin_request_policies",
    "--response-headers-policy": "response_headers_policies",
    "--continuous-deployment-policy": "continuous_deployment_policies",
    "--public-key": "public_keys",
}


def _in_their_places(loaded: Loaded, settings: Settings) -> Loaded:
    """What is wrong with options is told where edgesim.toml has them, if it has."""

    def told(problem: Problem) -> Problem:
        option, _, value = problem.at.partition(" ")
        place = settings.places.get((_OPTIONS.get(option, ""), value.partition("=")[0]))
        return problem if place is None else replace(problem, at=place.at, file=place.file, line=place.line)

    return replace(loaded, problems=tuple(map(told, loaded.problems)))


def _targets(settings: Settings, field: str, named: Mapping[str, str]) -> dict[str, Target]:
    """Where origins or domains lead. Raises ConfigError."""
    return {name: _target(settings.places.get((field, name)), text) for name, text in named.items()}


def _target(place: Place | None, text: str) -> Target:
    try:
        return parse_target(text)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}" if place else str(error), error.hint) from None


def _runtime_settings(settings: Settings, viewers: ViewerDefaults) -> RuntimeSettings:
    """Functions run in the Region of the edge location that most viewers will be at."""
    chosen = RuntimeSettings(
        region=region_of(viewers.pop),
        concurrency=settings.concurrency,
        closed_ports=frozenset({settings.control_port}),
        relaxed=settings.relax,
        variables=endpoint_variables(settings.aws_endpoints),
        chaos=parse_chaos(settings.chaos, seed() % 10_000) if settings.chaos else None,
    )
    if not settings.environments:
        return chosen
    in_all = max(chosen.max_in_all, settings.environments)
    return replace(chosen, max_environments=settings.environments, max_in_all=in_all)


def _signer(settings: Settings, clock: Clock) -> Signer | None:
    """Raises ConfigError where the credentials that are named are not there."""
    if not settings.s3_credentials:
        return None
    return Signer(read_credentials(settings.s3_credentials, os.environ, Path.home()), clock)


class Emulator:
    """An edge. Make one with `start`; `close` it when done."""

    def __init__(self, settings: Settings, terminal: Terminal) -> None:
        self.settings, self.terminal = settings, terminal
        self.clock = SteeredClock()
        self.store = MemoryStore(settings.cache_size)
        self.metrics = Metrics(self.clock.now())
        self.logs = LogFolder(Path(settings.log_dir), self.clock.now, self._complain) if settings.log_dir else None
        self.access = self._access_log(settings)
        self.cautions = Cautions()
        self.recorder = TranscriptRing(on_finished=self._finished)
        self.http = HttpOrigin(ssl_protocols=settings.terms.choices.origin_ssl_protocols)
        self.signer = _signer(settings, self.clock)
        self.viewers = parse_settings(settings.viewer)
        self.runtime = LambdaService(
            self.clock,
            terminal,
            invocation_id,
            interpreters={name: Path(program) for name, program in settings.runtimes.items()},
            settings=_runtime_settings(settings, self.viewers),
            kept=self.logs,
            remark=lambda problem: terminal.problems([problem]),
        )
        self.read = self.loaded = Loaded()
        self.app: ViewerApp | None = None
        self._told: set[tuple[str, str]] = set()
        self._gone: set[str] = set()

    def _access_log(self, settings: Settings) -> AccessLog | None:
        if not settings.access_log:
            return None
        return AccessLog(Path(settings.access_log), format_named(settings.access_log_format), file_id, self._complain)

    async def start(self) -> ViewerApp:
        """Load the source and the functions. Raises ProblemsFoundError, or ConfigError for a bad flag."""
        loaded = load_source(self.settings)
        self._tell_news(loaded.problems)
        if loaded.errors:
            raise ProblemsFoundError(loaded.problems)
        self._keep_logs_out_of_code(loaded)
        if self.logs is not None:
            self.logs.make()
        if self.access is not None:
            self.access.make()
        self.read = self.loaded = loaded
        app = self._app(loaded)
        self._inspect(loaded)
        self.terminal.problems(await self.runtime.deploy(_functions(loaded)))
        self.terminal.problems(
            filter(None, (self.runtime.status().isolation.problem(), of_processor(*this_processor())))
        )
        if (chaos := self.runtime.chaos) is not None:
            self.terminal.say(
                f"chaos: {chaos.percent:g} % of invocations are the last of their environment, at random; "
                f"--chaos {chaos} has the same ones again"
            )
        self.app = app
        return app

    def _inspect(self, loaded: Loaded) -> None:
        """Raises ConfigError for a function that is not there."""
        wanted = {loaded.logical_ids.get(name, name): port for name, port in self.settings.inspect.items()}
        functions = {function.name: function for function in _functions(loaded)}
        chosen = inspectors(wanted, functions.values())
        self.runtime.inspect(chosen)
        for name, inspector in chosen.items():
            self.terminal.say(how_to_attach(functions[name], inspector))

    def _app(self, loaded: Loaded) -> ViewerApp:
        driver = Driver(
            clock=self.clock,
            store=self.store,
            origins=self._router(loaded),
            runtime=Metered(self.runtime, self.metrics),
            recorder=self.recorder,
        )
        return ViewerApp(driver, loaded.distributions, self.viewers)

    def _router(self, loaded: Loaded) -> OriginRouter:
        return OriginRouter(
            self.http,
            clock=self.clock,
            new_id=invocation_id,
            distributions=loaded.distributions,
            origins=_targets(self.settings, "origins", {**loaded.origins, **self.settings.origins}),
            resolve=_targets(self.settings, "resolve", self.settings.resolve),
            buckets=loaded.buckets,
            missing=self.settings.terms.choices.missing_object,
            signer=self.signer,
        )

    def answers_https_at(self, port: int) -> None:
        """Redirects to HTTPS go to this port from now on."""
        self.viewers = replace(self.viewers, https_port=None if port == 443 else port)
        if self.app is not None:
            self.app.defaults = self.viewers

    def target_of(self, origin: Origin) -> str:
        """Where an origin's requests go: a URL or a directory, by --origin and --resolve or its own name."""
        return self._router(self.loaded).where(origin, https=self.viewers.protocol == "https")

    def control(self) -> Any:
        """The ASGI application of the control port."""
        return control_app(
            Control(
                store=self.store,
                recorder=self.recorder,
                clock=self.clock,
                distributions=lambda: self.distributions,
                status=self.status,
                figures=self.metrics.snapshot,
                functions=self.functions,
                recycle=self.runtime.recycle,
            )
        )

    @property
    def distributions(self) -> tuple[Distribution, ...]:
        return self.loaded.distributions

    def status(self) -> dict[str, Any]:
        """What is running, for the control port."""
        return {
            "distributions": [
                {"name": d.name, "id": d.id, "domain": d.domain_name, "aliases": list(d.aliases)}
                for d in self.distributions
            ],
            "functions": [function.name for function in _functions(self.loaded)],
            "requests": len(self.recorder),
        }

    # ── what happened ────────────────────────────────────────────────────────

    def _finished(self, transcript: Transcript) -> None:
        ran = function_notes(transcript)
        self.metrics.finished(transcript, ran)
        if self.access is not None:
            self.access.finished(transcript, self.clock.now())
        for note in ran:
            if "rejected" in note.facts:
                self._log_refusal(transcript, note)
        self.terminal.request(transcript)
        if transcript.cautioned:
            self.terminal.problems(self.cautions.news(transcript))

    def _log_refusal(self, transcript: Transcript, note: Note) -> None:
        """A result that CloudFront refuses, in its own log group and on the terminal."""
        line = validation_error(transcript.arrival.id, note.facts["rejected"])
        self.terminal.lines(note.facts["function"], trigger_of(note), [line])
        if self.logs is not None and transcript.distribution is not None:
            region, at = region_of(transcript.arrival.viewer.pop), self.clock.now()
            self.logs.events(validation_stream(region, transcript.distribution.id, at), [line])

    def _keep_logs_out_of_code(self, loaded: Loaded) -> None:
        """Each line would be a change of the code, and each change a line. Raises ConfigError."""
        for option, named in (("--log-dir", self.settings.log_dir), ("--access-log", self.settings.access_log)):
            inside = next((f.name for f in _functions(loaded) if named and _holds(f, {_real(named)})), None)
            if inside is not None:
                raise ConfigError(
                    f"{option} {named} is in the code of the function {inside}, which logs would change",
                    "name a folder elsewhere, or put the function into a folder of its own",
                )

    def _complain(self, sentence: str) -> None:
        self.terminal.say(f"edgesim: {sentence}")

    def functions(self, wanted: str = "") -> list[dict[str, Any]] | Refused:
        """What runs of each function, or of those that a name, a logical id or an ARN means, for the control port."""
        statuses, loaded = self.runtime.status().functions, self.loaded
        return functions_as_data(statuses, self.distributions, loaded.aliases, wanted, loaded.logical_ids)

    # ── hot reload ───────────────────────────────────────────────────────────

    def watched(self) -> Watched:
        """What is to be watched now: the source's files, and the functions' code. Code that is gone counts as a folder:
        it is seen when it comes back."""
        code = frozenset(map(_real, self.runtime.watched_paths()))
        files = frozenset(filter(is_file, code))
        return Watched(files=self._source_files() | files, folders=code - files)

    async def saved(self, paths: set[Path]) -> None:
        """Take in files that were saved. What can't be taken in is told, and the last good state goes on serving;
        nothing that goes wrong here is raised, since the next save may well be the way out."""
        [failure] = await asyncio.gather(self._take_in(paths), return_exceptions=True)
        if isinstance(failure, EdgesimError):
            hint = failure.hint if isinstance(failure, ConfigError) else ""
            self._tell_kept([Problem(str(failure), hint=hint)])
        elif isinstance(failure, Exception):
            report_bug(self.terminal, failure)
        self.terminal.flush()

    async def _take_in(self, paths: set[Path]) -> None:
        sources = self._source_files()
        spread = Spread(Duration(self.settings.propagation), seed())
        if sources & paths:
            await self._reload_source(spread)
        if paths - sources:
            await self._reload_code(paths, spread)

    def _source_files(self) -> frozenset[Path]:
        return frozenset(map(_real, self.loaded.files))

    async def _reload_source(self, spread: Spread) -> None:
        """A new configuration serves when everything of it can; until then the old one does, whole. So it does at the
        edge locations that the update has not reached."""
        read = load_source(self.settings)
        if read.errors:
            self._tell_kept(read.errors)
            return
        self._keep_logs_out_of_code(read)
        router = self._router(read)
        loaded = await self._published(read)
        self._tell_news((*loaded.problems, *deleted(self.read, read)))
        await self._deploy(loaded, spread)
        if self.app is not None:
            self.app.driver.origins = router
        self._serve(read, loaded, spread)
        self.terminal.say(self.terminal.paint(f"configuration reloaded{_until(spread)}", fg="green"))

    async def _published(self, read: Loaded) -> Loaded:
        """A source with its functions as they are published."""
        return as_published(read, await self.runtime.published(_functions(read)))

    def _serve(self, read: Loaded, loaded: Loaded, spread: Spread) -> None:
        """From now on this is what is served; `read` is what the source says of it."""
        changed, self.read, self.loaded = loaded.distributions != self.loaded.distributions, read, loaded
        if changed and self.app is not None:
            self.app.deploy(loaded.distributions, spread)

    def _tell_kept(self, problems: Iterable[Problem]) -> None:
        self.terminal.problems(problems)
        self.terminal.say(self.terminal.paint("the last good configuration goes on serving", fg="yellow"))

    def _tell_news(self, problems: tuple[Problem, ...]) -> None:
        """Problems that were not told before, by what they say: their lines move with every edit."""
        self.terminal.problems(
            problem for problem in problems if _gist(problem) not in self._told and _matters(problem)
        )
        self._told = {_gist(problem) for problem in problems}

    async def _reload_code(self, paths: set[Path], spread: Spread) -> None:
        """Functions whose code is gone, between two steps of a build perhaps, are left as they are."""
        touched = {f.name for f in _functions(self.loaded) if _holds(f, paths)}
        if touched and touched <= _without_code(self.loaded):
            self._tell_gone(_without_code(self.loaded))
            return
        loaded = await self._published(self.read)
        await self._deploy(loaded, spread)
        self._serve(self.read, loaded, spread)

    async def _deploy(self, loaded: Loaded, spread: Spread) -> None:
        """Functions as they are now, with a word on each whose code is new, gone or back."""
        gone = _without_code(loaded)
        before, back = self._statuses(), self._tell_gone(gone)
        problems = await self.runtime.deploy(_functions(loaded), spread)
        said = {f"function {name}" for name in gone}
        problems = with_handler_hints(problems, _functions(loaded))
        self.terminal.problems(problem for problem in problems if problem.at not in said)
        reloaded = []
        for name, now in self._statuses().items():
            if name in before and now.problem is None and (name in back or _is_newer(now, before[name])):
                reloaded.append(name)
                is_published = now.version != before[name].version
                version = f": version {now.version}{_until(spread)}" if is_published else ""
                self.terminal.say(self.terminal.paint(f"function {name} reloaded{version}", fg="green"))
        if await keeps_what_they_made(self.store, loaded.distributions, reloaded):
            said_of_cache = "what is cached already keeps what earlier versions made: edgesim invalidate '/*'"
            self.terminal.say(self.terminal.paint(said_of_cache, fg="yellow"))

    def _tell_gone(self, gone: set[str]) -> set[str]:
        """A word on each function whose code went since the last time; those whose code came back."""
        for name in sorted((gone - self._gone) & self._statuses().keys()):
            said = f"the code of function {name} is gone: what it was goes on serving"
            self.terminal.say(self.terminal.paint(said, fg="yellow"))
        back, self._gone = self._gone - gone, gone
        return back

    def _statuses(self) -> dict[str, FunctionStatus]:
        return {one.name: one for one in self.runtime.status().functions if one.digest}

    async def close(self) -> None:
        """End everything: background work, environments, connections."""
        if self.app is not None:
            await self.app.driver.aclose()
        await self.runtime.close()
        await self.http.aclose()
        if self.logs is not None:
            self.logs.close()
        if self.access is not None:
            await self.access.aclose()
        self.terminal.flush()


def _functions(loaded: Loaded) -> list[EdgeFunction]:
    return list(dict.fromkeys(f for d in loaded.distributions for f in d.functions))


def _without_code(loaded: Loaded) -> set[str]:
    return {f.name for f in _functions(loaded) if f.code.path and _is_nothing(Path(f.code.path))}


def _is_nothing(path: Path) -> bool:
    """Is there no file, and no folder with anything in it?"""
    try:
        return not path.exists() or (path.is_dir() and next(path.iterdir(), None) is None)
    except OSError:  # it went between two looks, or is not for us to see: the runtime says what it makes of it
        return False


def _holds(function: EdgeFunction, paths: set[Path]) -> bool:
    """Is one of the paths this function's code, or in it?"""
    code = _real(function.code.path) if function.code.path else None
    return any(code == path or code in path.parents for path in paths)


def _is_newer(now: FunctionStatus, before: FunctionStatus) -> bool:
    """Is it another version, or one that starts where the last save did not?"""
    return now.version != before.version or now.digest != before.digest or before.problem is not None


def _until(spread: Spread) -> str:
    return f", at every edge location within {spell_duration(spread.seconds)}" if spread.seconds else ""


def _real(path: str | Path) -> Path:
    """The path without links; unlike Path.resolve, this never fails."""
    return Path(os.path.realpath(path))


def report_bug(terminal: Terminal, error: BaseException) -> None:
    """What edgesim says where it is itself at fault."""
    terminal.say("edgesim: this is a bug in edgesim; please report it with what follows")
    terminal.say("".join(traceback.format_exception(error)).rstrip())


def _gist(problem: Problem) -> tuple[str, str]:
    return problem.at, problem.message


def _matters(problem: Problem) -> bool:
    """Notes change no answer: `edgesim check` has them."""
    return problem.severity is not Severity.NOTE
