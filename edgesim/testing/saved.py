"""What never_fails found: as text, and as a scenario that fails as long as the function does."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgesim.distribution.model import Trigger
from edgesim.scenario.language.load import load_file
from edgesim.scenario.outcome import Verdict
from edgesim.scenario.playing.background import BackgroundStage
from edgesim.scenario.recording.recorded_bodies import escaped
from edgesim.scenario.recording.write_yaml import write_yaml
from edgesim.values.headers import Headers, readable, wire
from edgesim.values.message import Request, Response
from edgesim.values.text import printable, printable_lines

_ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
_VERBS = frozenset(method.lower() for method in _ALL_METHODS)


@dataclass(frozen=True, slots=True)
class Failure:
    """A function that did not do with a request. `outcome` is `failed` or `rejected`, `why` says it in a line;
    `response` is what the origin would have answered, where that was part of it; text in both is wire text."""

    request: Request
    response: Response | None
    outcome: str
    why: str
    stack: tuple[str, ...] = ()
    timed_out: bool = False


def named(failed: Any) -> str:
    """The kind of a failed invocation."""
    return str(failed.kind.name) if failed is not None else ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The function under test, and the distribution that it runs in, in the words of a scenario. `spec` is as the user
    wrote it."""

    name: str
    spec: str | Mapping[str, Any]
    function: Mapping[str, Any]
    trigger: Trigger
    distribution: Mapping[str, Any]
    folder: Path

    @classmethod
    def of(
        cls,
        spec: str | Mapping[str, Any],
        trigger: Trigger,
        distribution: Mapping[str, Any] | None,
        timeout: float,
        folder: Path,
    ) -> Subject:
        """What the user's words come to."""
        function = {"code": spec} if isinstance(spec, str) else dict(spec)
        name = _name_of(folder, str(function.get("code", "")))
        with_body = {"include-body": True} if trigger.value.endswith("request") else {}
        around = _DISTRIBUTION if distribution is None else distribution
        return cls(
            name,
            spec,
            {"timeout": f"{timeout:g}s", **function},
            trigger,
            {**around, trigger.value: {"function": name, **with_body}},
            folder,
        )


_DISTRIBUTION = {
    "methods": _ALL_METHODS,
    "cache-policy": "CachingDisabled",
    "origin-request-policy": "AllViewer",
}


def _name_of(folder: Path, spec: str) -> str:
    """The file's name; the folder's, where the file has the one that they all have."""
    path = folder / _path_and_handler(spec)[0] if spec else Path()
    stem = path.parent.name if path.stem in ("index", "app", "main", "lambda_function") else path.stem
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:40] or "function"


def _path_and_handler(spec: str) -> tuple[str, str]:
    path, colon, handler = spec.rpartition(":")
    return (path, f":{handler}") if colon and path and "/" not in handler else (spec, "")


# ── as text ──────────────────────────────────────────────────────────────────

_MOST_HEADER_CHARS = 160


def story(subject: Subject, failure: Failure, tried: int) -> str:
    """What was sent, and what came of it."""
    number = f"after {tried} request{'' if tried == 1 else 's'}"
    lines = [f"{subject.name} {_VERDICTS[failure.outcome]} at {subject.trigger.value} ({number}; this is the smallest)"]
    lines += ["", *_message(f"{failure.request.method} {readable(failure.request.target)}", failure.request)]
    if failure.response is not None:
        lines += ["", *_message(f"the origin: {failure.response.status}", failure.response)]
    stack = [f"    {line}" for frame in failure.stack for line in printable_lines(frame.rstrip())]
    return "\n".join([*lines, "", f"  {printable(failure.why)}", *stack])


_VERDICTS = {"failed": "fails", "rejected": "returns what CloudFront refuses,"}


def _message(head: str, message: Request | Response) -> Iterable[str]:
    yield f"  {_short(head)}"
    yield from (f"  {_short(f'{name}: {readable(value)}')}" for name, value in message.headers)
    if isinstance(message.body, bytes) and message.body:
        yield f"  ({len(message.body):,} bytes) {_short(message.body[:80].decode('utf-8', 'replace'))}"


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _MOST_HEADER_CHARS else f"{text[: _MOST_HEADER_CHARS - 1]}…"


# ── as a scenario ────────────────────────────────────────────────────────────


def scenarios_folder(where: Path) -> Path:
    """Where scenarios of a project stand: the nearest folder `scenarios` in a folder or above it, up to where the
    project ends; without one, the folder itself."""
    for folder in (where, *where.parents):
        if (folder / SCENARIOS).is_dir():
            return folder / SCENARIOS
        if any((folder / name).exists() for name in _ENDS):
            break
    return where


SCENARIOS = "scenarios"
_ENDS = (".git", "pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", "package.json")
"""What lies in a project's uppermost folder."""


class _UnsayableError(Exception):
    """Bytes that are no text: the language has none."""


def saved(subject: Subject, failure: Failure, folder: Path) -> Path | str:
    """The file, or why there is none."""
    try:
        document = _document(subject, failure, folder)
    except _UnsayableError:
        return "not saved as a scenario: its headers are not UTF-8, which scenarios can't say"
    text = write_yaml(document, [f"Found by edgesim.testing.never_fails: {failure.why}"])
    digest = hashlib.sha256(repr((document["functions"], document["steps"])).encode()).hexdigest()
    file = folder / f"{subject.name}-{subject.trigger.value}-{digest[:6]}.scenario.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        return f"not saved as a scenario: {file}: {error.strerror or error}"
    return file


def told(file: Path | str | None, background: BackgroundStage) -> str:
    """What the reader should know of the saved scenario, once it has been played."""
    if not isinstance(file, Path):
        return file or ""
    loaded = load_file(file)
    file = _shown(file)
    if loaded.problems:
        return f"saved as {file}, which can't be loaded: {loaded.problems[0]}"
    outcome = background.call(background.stage.play(loaded.scenarios[0]))
    if outcome.verdict is Verdict.PASSED:
        return (
            f"saved as {file}, which passes by itself: the function remembers something of earlier requests,\n"
            "or does not do the same each time"
        )
    return f"saved as {file}, which fails until the function is mended"


def _shown(file: Path) -> Path:
    """From the working directory, where it is below that."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _document(subject: Subject, failure: Failure, folder: Path) -> dict[str, Any]:
    request = failure.request
    target = readable(request.target)
    _check(request.target)
    shown = target if len(target) <= _MOST_TITLE_CHARS else f"{target[: _MOST_TITLE_CHARS - 1]}…"
    return {
        "title": escaped(f"{subject.name} does not fail at {subject.trigger.value}: {request.method} {shown}"),
        "distribution": subject.distribution,
        "functions": {subject.name: _function(subject, failure, folder)},
        "steps": [
            {
                **_verb(request.method, escaped(target)),
                **_headers(request.headers, left_out=("host", "content-length")),
                **_body(request.body),
                **_origin(failure.response),
                "expect": {
                    "functions": {subject.trigger.value: "ran"},
                    "not-because": ["ran: failed", "ran: its result is not valid"],
                },
            }
        ],
    }


_MOST_TITLE_CHARS = 60


def _function(subject: Subject, failure: Failure, folder: Path) -> Any:
    """The code by its path from the scenario's folder; the timeout, where it was met."""
    spec = subject.spec
    settings = {"timeout": subject.function["timeout"]} if failure.timed_out else {}
    if isinstance(spec, str):
        code = _moved(spec, subject.folder, folder)
        return {"code": code, **settings} if settings else code
    moved = {"code": _moved(str(spec["code"]), subject.folder, folder)} if "code" in spec else {}
    return {**spec, **moved, **settings}


def _moved(spec: str, old: Path, new: Path) -> str:
    path, handler = (spec, "") if (old / spec).exists() else _path_and_handler(spec)
    return Path(os.path.relpath(old / path, new.absolute())).as_posix() + handler


def _verb(method: str, target: str) -> dict[str, Any]:
    verb = method.lower()
    return {verb: target} if verb in _VERBS else {"request": {"method": method, "target": target}}


def _headers(headers: Headers, left_out: tuple[str, ...] = ()) -> dict[str, Any]:
    lines: dict[str, list[str]] = {}
    for name, value in headers:
        if name.lower() not in left_out:
            _check(value)
            lines.setdefault(name, []).append(escaped(readable(value)))
    found = {name: values[0] if len(values) == 1 else values for name, values in lines.items()}
    return {"headers": found} if found else {}


def _body(body: object) -> dict[str, Any]:
    if not isinstance(body, bytes) or not body:
        return {}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
    return {"body": escaped(text)} if text.isprintable() else {"base64": base64.b64encode(body).decode()}


def _origin(response: Response | None) -> dict[str, Any]:
    if response is None:
        return {}
    return {"origin": {"answers": response.status, **_headers(response.headers), **_body(response.body)}}


def _check(wire_text: str) -> None:
    if wire(readable(wire_text)) != wire_text:
        raise _UnsayableError
