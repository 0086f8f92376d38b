"""Playbooks: which effects the request path asks for, in which order, and what comes of them.

    play(serve(arrival, [distribution], transcript), transcript)
        .expect(LookUp(ANY, ANY), reply=LookedUp(None, use=Use.STALE, at=NOW))
        .expect(Fetch, reply=Fetched(a_response(), at=NOW))
        .expect(Keep(key, ANY))
        .returns(status=200, x_cache=Outcome.MISS, because=[LookUpReason.NOT_STORED, StoreReason.STORED])

Nothing runs before `returns`. A mismatch shows the whole play in two columns, what was expected and what was asked;
`fail_unfinished`, called after each test, finds plays that never came to their `returns`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from edgesim.distribution.model import Distribution
from edgesim.errors import EdgesimBug
from edgesim.pipeline.effects import Effect, GaveUp, GiveUp, Keep, Kept, Reply, Resolve, Resolved, Steps
from edgesim.pipeline.journey import Served
from edgesim.pipeline.serve import serve
from edgesim.pipeline.transcript import Transcript
from edgesim.rules.reasons import Outcome
from edgesim.testing.make import NOW, an_arrival
from edgesim.values.body import Body
from edgesim.values.instant import Instant
from edgesim.values.message import Request


class _Any:
    """Equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "ANY"


ANY: Any = _Any()
"""Stands for any value in an expected effect."""


class _Having:
    """Equal to whatever has these attributes."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __eq__(self, other: object) -> bool:
        return all(getattr(other, name, None) == value for name, value in self._values.items())

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return f"having({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"


def having(**values: object) -> Any:
    """Stands for any value in an expected effect that has these attributes: `Keep(ANY, having(ttl=60))`."""
    return _Having(values)


Expected: TypeAlias = Effect | type[Effect]
Replies: TypeAlias = Reply | Callable[[Any], Reply]


@dataclass(frozen=True, slots=True)
class _Step:
    """`reply` of None is the obvious one: kept, or given up. A callable makes it of the effect."""

    expected: Expected
    reply: Replies | None


class Play:
    """A request path and the script it is held against."""

    def __init__(self, steps: Steps[Served], transcript: Transcript) -> None:
        self._steps = steps
        self._script: list[_Step] = []
        self._asked: list[Effect] = []
        self.transcript = transcript
        _unfinished.append(self)

    def expect(self, expected: Expected, reply: Replies | None = None) -> Play:
        """The next effect: one with these values (ANY for those that do not matter), or just one of this kind."""
        self._script.append(_Step(expected, reply))
        return self

    def returns(
        self,
        *,
        status: int | None = None,
        x_cache: Outcome | None = None,
        body: Body | None = None,
        headers: Mapping[str, str | None] | None = None,
        because: Sequence[StrEnum] = (),
    ) -> Served:
        """Run the play to its end and hold what comes back against this; what is not given may be anything.

        `headers` maps a name to its one value, or to None where the header must not be there; `because` are reasons
        that the transcript holds in this order, among others.
        """
        _unfinished.remove(self)
        served = self._run()
        response = served.response
        problems = [
            *_differs("status", status, response.status),
            *_differs("X-Cache", x_cache and f"{x_cache} from cloudfront", response.headers.get("x-cache")),
            *_differs("body", body, response.body),
            *(_header_differs(name, value, response.headers.joined(name)) for name, value in (headers or {}).items()),
            *_missing_reasons(because, self.transcript.reasons),
        ]
        if any(problems):
            raise AssertionError("\n".join(filter(None, problems)))
        return served

    # ── the run ──────────────────────────────────────────────────────────────

    def _run(self) -> Served:
        reply: Reply | None = None
        for step in self._script:
            effect = self._next(reply)
            if isinstance(effect, Served):
                raise self._mismatch(f"the answer {effect.response!r} came too early")
            self._asked.append(effect)
            if not _matches(step.expected, effect):
                raise self._mismatch("another effect was expected")
            reply = _reply(step, effect)
        end = self._next(reply)
        if isinstance(end, Served):
            return end
        self._asked.append(end)
        raise self._mismatch("the play goes on")

    def _next(self, reply: Reply | None) -> Effect | Served:
        """The next effect. That an origin's name can be resolved goes without saying, unless the script says it."""
        try:
            effect = self._steps.send(reply)
            if isinstance(effect, Resolve) and not self._speaks_of_names:
                effect = self._steps.send(Resolved())
            return effect
        except StopIteration as done:
            served: Served = done.value
            return served

    @property
    def _speaks_of_names(self) -> bool:
        return any(step.expected is Resolve or isinstance(step.expected, Resolve) for step in self._script)

    def _mismatch(self, what: str) -> AssertionError:
        self._steps.close()
        return AssertionError(f"{what}\n\n{self._two_columns()}")

    def _two_columns(self) -> str:
        rows = [("EXPECTED", "ASKED", "")]
        for position in range(max(len(self._script), len(self._asked))):
            expected = self._script[position].expected if position < len(self._script) else None
            asked = self._asked[position] if position < len(self._asked) else None
            agree = expected is not None and asked is not None and _matches(expected, asked)
            rows += _row(expected, asked, " " if agree else "≠")
        width = max(len(left) for left, _, _ in rows)
        return "\n".join(f"{mark or ' '} {left:<{width}}  {right}".rstrip() for left, right, mark in rows)


_unfinished: list[Play] = []


def fail_unfinished() -> None:
    """Raises AssertionError where a play since the last call never came to its `returns`. For a fixture's teardown."""
    left, _unfinished[:] = len(_unfinished), []
    if left:
        raise AssertionError(f"{left} play(s) without a returns()")


def play(steps: Steps[Served], transcript: Transcript) -> Play:
    """A play of this request path."""
    return Play(steps, transcript)


def visit(request: Request, *distributions: Distribution, at: Instant = NOW, **viewer: Any) -> Play:
    """A play of one request to one of these distributions; keywords are the Viewer's (`protocol="https"`)."""
    arrival = an_arrival(request, at=at, **viewer)
    transcript = Transcript(arrival)
    return Play(serve(arrival, distributions, transcript), transcript)


def _matches(expected: Expected, effect: Effect) -> bool:
    return isinstance(effect, expected) if isinstance(expected, type) else expected == effect


def _reply(step: _Step, effect: Effect) -> Reply:
    if callable(step.reply):
        return step.reply(effect)
    if step.reply is not None:
        return step.reply
    match effect:
        case Keep():
            return Kept(effect.entry.body)
        case GiveUp():
            return GaveUp()
        case _:
            raise EdgesimBug(f"the play has no reply to {type(effect).__name__}")


# ── what a mismatch shows ────────────────────────────────────────────────────


def _row(expected: Expected | None, asked: Effect | None, mark: str) -> list[tuple[str, str, str]]:
    """One line for each kind of effect; where the kinds agree but not the values, the values that differ."""
    rows = [(_name(expected), _name(asked), mark)]
    if expected is None or asked is None or isinstance(expected, type) or type(expected) is not type(asked):
        return rows
    for field in dataclasses.fields(expected):
        left, right = getattr(expected, field.name), getattr(asked, field.name)
        if left != right:
            rows.append((f"  {field.name}={left!r}", f"  {field.name}={right!r}", mark))
    return rows


def _name(effect: Expected | None) -> str:
    if effect is None:
        return "—"
    return effect.__name__ if isinstance(effect, type) else _told(effect)


def _told(effect: Effect) -> str:
    """The effect and what it is about, in a few words."""
    about = next((getattr(effect, name) for name in ("keys", "trigger", "request", "key") if hasattr(effect, name)), "")
    return f"{type(effect).__name__} {about if isinstance(about, str) else repr(about)}".rstrip()


def _differs(label: str, expected: object, found: object) -> Iterable[str]:
    if expected is not None and expected != found:
        yield f"{label}: {expected!r} was expected, {found!r} came"


def _header_differs(name: str, expected: str | None, found: str | None) -> str:
    return "" if expected == found else f"header {name}: {expected!r} was expected, {found!r} came"


def _missing_reasons(expected: Sequence[StrEnum], found: Sequence[StrEnum]) -> Iterable[str]:
    """`reason in rest` also moves `rest` past it, so the order counts."""
    rest = iter(found)
    for reason in expected:
        if not any(reason is other for other in rest):
            told = "\n".join(f"    {other!r}" for other in found)
            yield f"{reason!r} was expected, here or at all, in:\n{told}"
            return
