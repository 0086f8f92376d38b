"""What came of scenarios, as text for a terminal: for a failure first what was expected, what came and why, then the
way the request took.

`paint(text, style)` colours; the styles are those of logs/explain.py: title, station, label, ok, bad.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from edgesim.distribution.problems import Problem, Severity
from edgesim.logs.explain_text import as_text
from edgesim.scenario.outcome import Mismatch, Outcome, StepFailure, Verdict
from edgesim.scenario.runner.difference import WIDTH, Paint, difference, in_a_line, plain, shows_all
from edgesim.scenario.runner.written import without_lambdas
from edgesim.values.text import printable, printable_lines

BAD = frozenset({Verdict.FAILED, Verdict.BROKEN})
"""What makes a run fail."""
_STYLES = {Verdict.PASSED: "ok", Verdict.LEFT_OUT: "label"}

_MOST_STATIONS = 9
_MOST_REQUESTS = 3
_MOST_LOG_LINES = 10
_MOST_MISMATCHES = 12

# ── a scenario that did not pass ─────────────────────────────────────────────


def failure(outcome: Outcome, paint: Paint = plain, *, explain: bool = False) -> str:
    """A scenario of which there is something to say. `explain`: with the whole transcripts of all its requests."""
    word = paint(outcome.verdict.value.upper(), _STYLES.get(outcome.verdict, "bad"))
    lines = [f"{word} {paint(printable(outcome.title), 'title')}  {paint(outcome.place, 'label')}"]
    lines += [f"  {line}" for text in filter(None, [outcome.message]) for line in printable_lines(text)]
    for step in outcome.failures:
        lines += ["", *_step(step, outcome, paint, explain=explain)]
        if not explain:
            lines += _requests(step, paint)
    lines += _log(outcome.log, paint, whole=explain)
    if explain:
        lines += ["", *_whole_requests(outcome, paint)]
    return "\n".join(lines) + "\n"


def _step(step: StepFailure, outcome: Outcome, paint: Paint, *, explain: bool) -> Iterator[str]:
    place = f"  {paint(step.place, 'label')}" if step.place and step.place != outcome.place else ""
    yield f"  at {paint(printable(step.title), 'title')}{place}"
    for mismatch in step.mismatches[:_MOST_MISMATCHES]:
        lines = [*mismatch_lines(mismatch, paint), *_long(mismatch, paint, explain=explain)]
        yield from (f"    {line}" if number else f"  {line}" for number, line in enumerate(lines))
    if len(step.mismatches) > _MOST_MISMATCHES:
        rest = ", ".join(one.what for one in step.mismatches[_MOST_MISMATCHES:])
        yield from wrap(f"and as well: {printable(rest)}", WIDTH, initial_indent="  ", subsequent_indent="    ")


def mismatch_lines(mismatch: Mismatch, paint: Paint = plain) -> Iterator[str]:
    """What it is about, and below that what was expected, what came, and why."""
    yield f"{paint(printable(mismatch.what), 'station')}  {paint(mismatch.place, 'label')}".rstrip()
    if mismatch.what in ("because", "not-because"):
        yield from _in_order("expected", "ok", mismatch.expected, paint)
        yield from _in_order("got", "bad", mismatch.got, paint)
    else:
        part = mismatch.what.endswith("json-contains")
        yield from difference(mismatch.expected, mismatch.got, paint, part=part)
    yield from (f"{label}  {line}" for label, line in _labelled("why", mismatch.why, paint))


def _long(mismatch: Mismatch, paint: Paint, *, explain: bool) -> Iterator[str]:
    """Of texts that the difference shows only a part of: all of both, or how to see that."""
    sides = (("expected", "ok", mismatch.expected), ("got", "bad", mismatch.got))
    if mismatch.what in ("because", "not-because") or shows_all(mismatch.expected, mismatch.got):
        return
    if not explain and max(len(text) for _, _, text in sides) > _SHOWN_BELOW:
        yield paint(f"{len(mismatch.expected):,} characters and {len(mismatch.got):,}: see --explain", "label")
        return
    for label, style, text in sides:
        yield paint(f"{label}, all of it", "label")
        yield from (paint(line, style) for whole in printable_lines(text) for line in _folded(whole, explain=explain))


def _folded(line: str, *, explain: bool) -> list[str]:
    """For a screen; who wants everything may want to copy it."""
    return [line] if explain or len(line) <= WIDTH else [line[at : at + WIDTH] for at in range(0, len(line), WIDTH)]


_SHOWN_BELOW = 500
"""Characters of each text: with more, other failures would no longer be on the screen."""


def _in_order(label: str, style: str, text: str, paint: Paint) -> Iterator[str]:
    told = " → ".join(printable_lines(text)) or "(none)"
    return (f"{head}  {paint(line, style)}" for head, line in _labelled(label, told, paint))


def _labelled(label: str, text: str, paint: Paint) -> Iterator[tuple[str, str]]:
    """The text in lines that fit, the first one behind its label."""
    lines = [piece for line in printable_lines(text) for piece in wrap(line, WIDTH - 10, break_on_hyphens=False)]
    for number, line in enumerate(lines):
        yield (paint(label, "label") + " " * (8 - len(label)) if number == 0 else " " * 8), line


# ── the way of a request ─────────────────────────────────────────────────────


def _requests(step: StepFailure, paint: Paint) -> Iterator[str]:
    """The last requests of a step, each in short."""
    for data in step.transcripts[-_MOST_REQUESTS:]:
        yield ""
        yield from (f"  {line}" for line in in_short(data, paint))
    if (left_out := len(step.transcripts) - _MOST_REQUESTS) > 0:
        yield paint(f"  {left_out} earlier request{'s' if left_out > 1 else ''}: see --explain", "label")


def in_short(data: Mapping[str, Any], paint: Paint = plain) -> list[str]:
    """A transcript, as explain.as_data gives it: the answer, and a line for each station that had a say."""
    stations = list(_stations(data["sections"], ""))
    kept = _most_telling(stations)
    lines = [_answer(data, paint), *(line for one in stations if one in kept for line in one.lines(paint))]
    if left_out := len(stations) - len(kept):
        lines.append(paint(f"  {left_out} more station{'s' if left_out > 1 else ''}: see --explain", "label"))
    return lines


def _answer(data: Mapping[str, Any], paint: Paint) -> str:
    asked = printable(f"{data['method']} {data['viewer']['protocol']}://{data['host']}{data['target']}")
    if not data["status"]:
        return f"{paint(asked, 'title')} {paint('was not answered', 'bad')}"
    status = paint(str(data["status"]), "ok" if data["status"] < 400 else "bad")
    took = f" after {data['seconds']:g} s" if data["seconds"] else ""
    whole = "" if data["complete"] else paint(", broken off", "bad")
    return f"{paint(asked, 'title')} → {status} {data['outcome']}, {data['bytes']:,} bytes{took}{whole}"


@dataclass(frozen=True, slots=True)
class _Detail:
    """`whole`: it is what people look for, and shown to its end."""

    text: str
    whole: bool


@dataclass(frozen=True, slots=True)
class _Station:
    """A station of a transcript in short. `weight`: the higher, the sooner it is kept."""

    number: int
    name: str
    because: str
    details: tuple[_Detail, ...]
    weight: int
    indent: str

    def lines(self, paint: Paint) -> Iterator[str]:
        """One line, and more where a detail that is shown whole does not fit."""
        room = WIDTH - len(self.indent)
        first, *more = self._laid_out(room)
        because = paint(self.because, "bad") if self.weight == _TROUBLE else self.because
        yield f"  {self.indent}{paint(self.name, 'station')}: {because}{first}"
        yield from (f"  {self.indent}{_DEEPER}{line}" for line in more)

    def _laid_out(self, room: int) -> Iterator[str]:
        """The details behind name and reason, and what goes below them."""
        line, left = "", room - len(self.name) - len(self.because) - 2
        for detail in self.details:
            if len(line) + len(detail.text) + 3 <= left:
                line += f" · {detail.text}"
            elif detail.whole:
                yield line
                *full, line = _pieces(detail.text, room - len(_DEEPER))
                yield from full
                left = room - len(_DEEPER)
        yield line


_DEEPER = "    "
_MOST_OF_A_DETAIL = 2_000
"""Characters."""


def _pieces(text: str, room: int) -> list[str]:
    pieces = wrap(text[:_MOST_OF_A_DETAIL], room, break_on_hyphens=False)
    return [*pieces, "…: see --explain"] if len(text) > _MOST_OF_A_DETAIL else pieces


_TROUBLE = 9
_WEIGHTS = {"cache": 5, "store": 5, "origin": 5, "custom error response": 5, "cache behavior": 2}
_FUNCTIONS = ("viewer request", "origin request", "origin response", "viewer response")
_SIGNS_OF_TROUBLE = frozenset({"failure", "rule", "trouble", "and yet not stored"})

_TELLING = (
    *("failure", "found", "message", "and yet not stored", "changed ", "removed header ", "added header ", "generated"),
    *(
        "header ",
        "replaced body",
        "TTL",
        "age",
        "waited",
        "key",
        "origin",
        "sent",
        "received",
        "page",
        "sent as",
        "path pattern",
    ),
    *("cache policy", "function"),
)
"""Details by how much they tell, the most telling first."""

_WHOLE = (
    *("failure", "found", "message", "and yet not stored", "changed ", "removed header ", "added header "),
    *("TTL", "key", "sent"),
)
"""Those of them that a failure must show to their end."""

_SPEAK_FOR_THEMSELVES = frozenset({"failure", "found", "message", "key", "sent", "received", "function"})


def _stations(sections: Iterable[Mapping[str, Any]], indent: str, first: int = 0) -> Iterator[_Station]:
    number = first
    for section in sections:
        details = [(label, value) for label, value in section["details"]]
        weight = _weight(section, details)
        if weight:
            yield _Station(number, section["station"], section["because"], _telling(details), weight, indent)
        for inner in _stations(section["inner"], indent + "  ", number + 1):
            number = inner.number
            yield inner
        number += 1


def _weight(section: Mapping[str, Any], details: Sequence[tuple[str, str]]) -> int:
    """0: says nothing that the answer's line does not say."""
    name, because = section["station"], section["because"]
    if _SIGNS_OF_TROUBLE & {label for label, _ in details}:
        return _TROUBLE
    if name in _FUNCTIONS:
        return 6 if because.startswith("ran") else 3
    if name in ("arrival", "delivery"):
        return 0 if because == "accepted" or name == "delivery" else _TROUBLE
    if name == "signature" and because.startswith("refused"):
        return _TROUBLE
    return _WEIGHTS.get(name, 4)


def _telling(details: Sequence[tuple[str, str]]) -> tuple[_Detail, ...]:
    ranked = sorted(
        (rank, number)
        for number, (label, value) in enumerate(details)
        for rank, start in enumerate(_TELLING)
        if (label, value) != ("path pattern", "*") and _is_one(label, start)
    )
    return tuple(_detail(*details[number]) for _, number in ranked)


def _is_one(label: str, start: str) -> bool:
    return label == start or (start.endswith(" ") and label.startswith(start)) or label.startswith(f"{start}: ")


def _detail(label: str, value: str) -> _Detail:
    value = printable_lines(value)[0]
    bare = label.partition(": ")[2] if label.startswith("key: ") else label
    text = value if bare in _SPEAK_FOR_THEMSELVES else f"{printable(bare)} {value}"
    return _Detail(text, any(_is_one(label, start) for start in _WHOLE))


def _most_telling(stations: Sequence[_Station]) -> list[_Station]:
    if len(stations) <= _MOST_STATIONS:
        return list(stations)
    return sorted(stations, key=lambda one: (-one.weight, one.number))[: _MOST_STATIONS - 1]


# ── the whole of it ──────────────────────────────────────────────────────────


def explained(outcome: Outcome, paint: Paint = plain) -> str:
    """A scenario that passed, with the whole transcripts of its requests."""
    head = f"{paint('PASSED', 'ok')} {paint(printable(outcome.title), 'title')}  {paint(outcome.place, 'label')}"
    return "\n".join([head, *_log(outcome.log, paint, whole=True), "", *_whole_requests(outcome, paint)]) + "\n"


def _whole_requests(outcome: Outcome, paint: Paint) -> Iterator[str]:
    transcripts = outcome.transcripts or tuple(data for step in outcome.failures for data in step.transcripts)
    for data in transcripts:
        yield from (f"  {line}".rstrip() for line in as_text(data, paint).splitlines())
        yield ""


def _log(lines: Sequence[str], paint: Paint, *, whole: bool) -> Iterator[str]:
    """What the functions wrote: all of it, or the last of it without Lambda's own lines and times."""
    told = lines if whole else without_lambdas(lines)
    shown = told if whole else told[-_MOST_LOG_LINES:]
    if not shown:
        return
    before = f" (and {len(told) - len(shown)} lines before)" if len(told) > len(shown) else ""
    yield ""
    yield paint(f"  functions wrote{before}", "label")
    yield from (f"    {line}" for text in shown for line in printable_lines(text.rstrip()))


# ── one line each ────────────────────────────────────────────────────────────


def gist(outcome: Outcome, paint: Paint = plain) -> str:
    """A failure in one line, each part of it cut to fit: what was expected, what came, and why."""
    what, why = outcome.message.partition("\n")[0], ""
    for mismatch in (one for step in outcome.failures[:1] for one in step.mismatches[:1]):
        what, why = mismatch_in_short(mismatch), mismatch.why.partition("\n")[0]
    word = paint(outcome.verdict.value.upper(), "bad")
    head = f"{outcome.place} {outcome.title}"
    reason = f" ({_short(printable(why), WIDTH)})" if why else ""
    return f"{word} {printable(head)}: {_short(printable(what), max(60, WIDTH - len(head)))}{reason}"


def mismatch_in_short(mismatch: Mismatch) -> str:
    """`status: expected 200, got 404 Not Found`."""
    expected, got = in_a_line(mismatch.expected, mismatch.got)
    return f"{mismatch.what}: expected {expected}, got {got}"


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def problem_lines(problem: Problem, paint: Paint = plain) -> Iterator[str]:
    """`file:line: error: …`, with what helps below it."""
    place = f"{problem.file}:{problem.line}" if problem.line else problem.file
    word = paint(problem.severity.value, "bad" if problem.severity is Severity.ERROR else "label")
    code = f" [{problem.code}]" if problem.code and not problem.message.startswith(problem.code) else ""
    yield f"{place}{': ' if place else ''}{word}: {problem.message}{code}"
    yield from (f"    {label}: {text}" for label, text in (("at", problem.at), ("hint", problem.hint)) if text)


def caution_lines(outcome: Outcome, paint: Paint = plain) -> Iterator[str]:
    """What makes a scenario that passed less than it seems, as the problems of a file are told."""
    for caution in outcome.cautions:
        head, *more = wrap(
            f"{caution.place}: warning: {printable(caution.message)}",
            WIDTH,
            subsequent_indent="    ",
            break_on_hyphens=False,
        )
        yield head.replace("warning", paint("warning", "label"), 1)
        yield from more
        if caution.hint:
            yield f"    hint: {caution.hint}"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of which. `errors` are files that could not be loaded; `unplayed` were left when it was ended."""

    passed: int = 0
    failed: int = 0
    broken: int = 0
    left_out: int = 0
    errors: int = 0
    deselected: int = 0
    unplayed: int = 0
    cautions: int = 0

    @property
    def bad(self) -> bool:
        """Has anything gone wrong?"""
        return bool(self.failed or self.broken or self.errors)


def counted(outcomes: Sequence[Outcome], *, errors: int = 0, deselected: int = 0, unplayed: int = 0) -> Counts:
    """The counts of what was played."""
    verdicts = [outcome.verdict for outcome in outcomes]
    return Counts(
        passed=verdicts.count(Verdict.PASSED),
        failed=verdicts.count(Verdict.FAILED),
        broken=verdicts.count(Verdict.BROKEN),
        left_out=verdicts.count(Verdict.LEFT_OUT),
        errors=errors,
        deselected=deselected,
        unplayed=unplayed,
        cautions=sum(len(outcome.cautions) for outcome in outcomes),
    )


def summary(counts: Counts, seconds: float, paint: Paint = plain) -> str:
    """`12 passed, 1 failed in 3.2 s`."""
    told = (
        (counts.passed, "passed", "ok"),
        (counts.failed, "failed", "bad"),
        (counts.broken, "broken", "bad"),
        (counts.errors, "file with errors" if counts.errors == 1 else "files with errors", "bad"),
        (counts.left_out, "left out", "label"),
        (counts.deselected, "deselected", "label"),
        (counts.unplayed, "not played", "label"),
        (counts.cautions, "warning" if counts.cautions == 1 else "warnings", "label"),
    )
    parts = [paint(f"{number} {word}", style) for number, word, style in told if number]
    return f"{', '.join(parts) or 'no scenarios'} in {seconds:.1f} s"
