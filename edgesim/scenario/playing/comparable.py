"""Which expectations say something about a server that one sees from outside, and which of those its origin decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from edgesim.scenario.model import Answer, Expectation, Parallel, Repeat, Scenario, Scripts, Send, SetOrigins, Step
from edgesim.scenario.outcome import Mismatch
from edgesim.scenario.playing.seen import Answered


def comparable(expect: Expectation, answer: Answered | None) -> tuple[Expectation, Counter[str]]:
    """What of it an answer, or None where there is none, can be compared with; and how much of what kind can't."""
    left = Counter(
        {
            "origins": len(expect.origins),
            "functions": len(expect.functions) + (expect.ran is not None),
            "log lines": len(expect.log) + len(expect.cloudwatch) + len(expect.log_groups),
            "access log": len(expect.access_log) + (expect.logged is not None),
            "reasons": len(expect.because) + len(expect.not_because),
            "cache": len(expect.cache) + (expect.entries is not None),
            "time it takes": int(expect.takes is not None),
        }
    )
    kept = Expectation(place=expect.place)
    if answer is not None:
        kept = replace(kept, status=expect.status, body=expect.body, complete=expect.complete)
        kept, more = _heads(kept, expect, answer)
        left += more
    return kept, +left


_TIME_OF_DAY = "date"


def _heads(kept: Expectation, expect: Expectation, answer: Answered) -> tuple[Expectation, Counter[str]]:
    """A scenario has a time of day of its own, and not every server says X-Cache."""
    untold = {_TIME_OF_DAY} | ({"x-cache"} - answer.headers.index.keys())
    wanted = [(header, header.name.lower() in untold) for header in expect.headers]
    left = Counter(header.name.lower() for header, out in wanted if out)
    if expect.x_cache is not None:
        left["x-cache"] += "x-cache" in untold
    kept = replace(
        kept,
        headers=tuple(header for header, out in wanted if not out),
        x_cache=None if "x-cache" in untold else expect.x_cache,
    )
    return kept, left


def size_of(expect: Expectation) -> int:
    """How many things about an answer are expected."""
    single = (expect.status or None, expect.body, expect.x_cache, expect.complete)
    return len(expect.headers) + sum(one is not None for one in single)


# ── what the scenario's origins decide ───────────────────────────────────────

_BY_ITSELF = frozenset({"content-type", "content-length", "etag", "last-modified"})
"""Header fields that an origin without a script has, or a directory."""

_WHY = "the scenario's own origin decides this"


class OwnOrigins:
    """The origins of a scenario, which a server elsewhere knows nothing of."""

    def __init__(self, scenario: Scenario) -> None:
        answers = [answer for scripts in _scripts(scenario) for answer in _answers(scripts)]
        self._statuses = {200, *(answer.status for answer in answers)}
        self._names = _BY_ITSELF | {name.lower() for answer in answers for name, _ in answer.headers}

    def marked(self, mismatch: Mismatch, expect: Expectation, answer: Answered) -> Mismatch:
        """The mismatch, with a word where the server need not be at fault: its origin may say something else."""
        if _by_a_function(answer) or not self._decide(mismatch.what, expect):
            return mismatch
        return replace(mismatch, why=f"{mismatch.why}; {_WHY}" if mismatch.why else _WHY)

    def _decide(self, what: str, expect: Expectation) -> bool:
        if any(function.outcome == "generated" for function in expect.functions):
            return False
        if what == "status":
            return not self._statuses.isdisjoint(expect.status)
        kind, _, name = what.partition(" ")
        return kind == "body" or (kind == "header" and name in self._names)


def _by_a_function(answer: Answered) -> bool:
    """Did a function make this answer, or its failure? documented: standard-logs-reference, x-edge-result-type, whose
    values X-Cache has: LambdaGeneratedResponse, LambdaExecutionError and their kin"""
    return (answer.headers.joined("x-cache") or "").startswith("Lambda")


def _scripts(scenario: Scenario) -> Iterator[Scripts]:
    yield scenario.origins
    yield from _scripts_of(scenario.steps)


def _scripts_of(steps: Iterable[Step]) -> Iterator[Scripts]:
    for step in steps:
        match step:
            case Send() | SetOrigins():
                yield step.origins
            case Parallel():
                yield from _scripts_of(item for item in step.items if isinstance(item, Send))
            case Repeat():
                yield from _scripts_of(step.steps)


def _answers(scripts: Scripts) -> Iterator[Answer]:
    return (answer for script in scripts.values() for rule in script.rules for answer in rule.answers)
