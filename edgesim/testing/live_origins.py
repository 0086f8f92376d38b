"""Scripted origins, as tests in Python steer them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from edgesim.distribution.findings import closest
from edgesim.errors import ConfigError
from edgesim.scenario.language import read_origins
from edgesim.scenario.language.document import from_python
from edgesim.scenario.language.reading import Reading
from edgesim.scenario.model import Answer, Content, Rule, Script, Scripts
from edgesim.scenario.playing.origins import ANY, ScriptedOrigins
from edgesim.testing.live_requests import HeaderValues
from edgesim.testing.views import OriginRequest

T = TypeVar("T")


class Answers:
    """What an origin answers to some of its requests. Every method replaces what was said before."""

    def __init__(self, origins: Origins, origin: str, path: str, method: str | None) -> None:
        self._origins, self._id, self._path, self._method = origins, origin, path, method

    def answers(
        self,
        status: int = 200,
        *,
        headers: HeaderValues | None = None,
        body: str | bytes | None = None,
        **more: Any,
    ) -> None:
        """From now on it answers so.

            edge.origin.answers(200, headers={"cache-control": "max-age=60"}, body="hello")

        `more` are the other keys that an answer has in a scenario: `json`, `file` (a path from the test's folder),
        `size`, `after` (seconds or `"2s"`: how long until its head comes), `stream` and `every`, `truncate`,
        `validates` (304 to validators that fit).
        """
        said = {"answers": status, **({"headers": headers} if headers else {}), **_keys(more)}
        if isinstance(body, bytes):
            self._say([replace(self._origins.answer(said), body=Content(data=body))])
        else:
            self._say([self._origins.answer({**said, **({} if body is None else {"body": body})})])

    def fails(self, trouble: str = "reset", *, after: float | str = 0) -> None:
        """From now on it gives no answer: `dns`, `connect`, `connect-timeout`, `read-timeout`, `reset`,
        `write`, `invalid-response` or `headers-too-big`."""
        self._say([self._origins.answer({"fails": trouble, "after": after})])

    def turns(self, *answers: int | Mapping[str, Any]) -> None:
        """From now on these answers by turn; the last one goes on. A number is a status, a mapping an answer as in a
        scenario.

            edge.origin.turns(503, {"answers": 200, "body": "back again"})
        """
        said = [{"answers": one} if isinstance(one, int) else _keys(one) for one in answers]
        if not said:
            raise ConfigError("turns needs at least one answer (edge.origin.turns(503, 200))")
        self._say([self._origins.answer(one) for one in said])

    def _say(self, answers: Iterable[Answer]) -> None:
        self._origins.say(self._id, Rule(self._path, tuple(answers), self._method))


class Origin(Answers):
    """One origin, or whichever is asked: what it answers, and what it was asked."""

    def __init__(self, origins: Origins, origin: str) -> None:
        super().__init__(origins, origin, ANY, None)

    def on(self, path: str, *, method: str | None = None) -> Answers:
        """The requests for a path; `*` and `?` are wildcards. Of several that fit, the one named first answers, and
        what is said without a path holds for the rest.

            edge.origin.on("/api/*").answers(503)
        """
        return Answers(self._origins, self._id, path, method.upper() if method else None)

    @property
    def requests(self) -> list[OriginRequest]:
        """What it was asked, each attempt of it, in order."""
        return self._origins.requests(self._id)

    @property
    def untouched(self) -> bool:
        """Has nobody asked it, since the beginning or the last `forget`?"""
        return not self.requests

    def forget(self) -> None:
        """The requests up to now count no more."""
        self._origins.forget(self._id)

    def __repr__(self) -> str:
        asked = len(self.requests)
        return f"<Origin {self._id}, asked {asked} time{'' if asked == 1 else 's'}>"


class Origins:
    """The distribution's origins by id: `edge.origins["site"]`."""

    def __init__(self, scripted: ScriptedOrigins, known: Callable[[], Iterable[str]], folder: Path) -> None:
        self._scripted, self._known, self._folder = scripted, known, folder
        self._rules: dict[str, dict[tuple[str, str | None], Rule]] = {}
        self._ever: list[Rule] = []
        self._seen: dict[str, int] = {}

    def __getitem__(self, name: str) -> Origin:
        self._check(name)
        return Origin(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self._known()))

    def __len__(self) -> int:
        return len(dict.fromkeys(self._known()))

    def __contains__(self, name: object) -> bool:
        return name in dict.fromkeys(self._known())

    def __repr__(self) -> str:
        return f"<Origins {', '.join(self)}>"

    def _check(self, name: str) -> None:
        known = list(self)
        if name not in known:
            hint = closest(name, known) or f"there {'is' if len(known) == 1 else 'are'} {', '.join(known) or 'none'}"
            raise ConfigError(f"the distribution has no origin {name!r} ({hint})")

    # ── what they answer ─────────────────────────────────────────────────────

    def answer(self, said: Mapping[str, Any]) -> Answer:
        """An answer in the words of a scenario. Raises ConfigError."""
        return read(self._folder, lambda reading: read_origins.answer(reading, from_python(said, "origin")))

    def script(self, said: Mapping[str, Any]) -> None:
        """What a scenario's `origins:` says. Raises ConfigError."""
        scripts: Scripts = read(
            self._folder, lambda reading: read_origins.scripts(reading, from_python(said, "origins"))
        )
        for name, script in scripts.items():
            if name != ANY:
                self._check(name)
            self._rules[name] = {(rule.path, rule.method): rule for rule in script.rules}
        self._scripted.set(scripts)

    def say(self, name: str, rule: Rule) -> None:
        """A rule in the place of the one that there was for this path; for ANY, of every origin."""
        # The turns that were taken are remembered by a rule's identity, which a new object may have again
        self._ever.append(rule)
        for each in {ANY, *self._rules} if name == ANY else {name}:
            rules = self._rules.setdefault(each, {})
            rules[rule.path, rule.method] = rule
            ordered = sorted(rules.values(), key=lambda one: (one.path, one.method) == (ANY, None))
            self._scripted.set({each: Script(tuple(ordered))})

    # ── what they were asked ─────────────────────────────────────────────────

    def requests(self, name: str) -> list[OriginRequest]:
        """What an origin, or ANY, was asked since it was told to forget."""
        asked = enumerate(self._scripted.asked)
        return [
            OriginRequest.of(one)
            for number, one in asked
            if name in (ANY, one.origin) and number >= self._seen.get(name, 0)
        ]

    def forget(self, name: str) -> None:
        """Begin to count anew."""
        for each in {ANY, *self._known()} if name == ANY else {name}:
            self._seen[each] = len(self._scripted.asked)


def read(folder: Path, reader: Callable[[Reading], T]) -> T:
    """What a reader of scenarios makes of something. Raises ConfigError with everything that is wrong."""
    reading = Reading("", folder)
    found: list[T] = []
    with reading.noting():
        found.append(reader(reading))
    if reading.problems:
        raise ConfigError("\n".join(str(problem).removeprefix("error: ") for problem in reading.problems))
    return found[0]


def _keys(said: Mapping[str, Any]) -> dict[str, Any]:
    """Python's keywords as the language's keys."""
    return {name.replace("_", "-"): value for name, value in said.items()}
