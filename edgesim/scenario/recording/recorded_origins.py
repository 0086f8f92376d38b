"""What the origins of a step answer, where the server itself told which of them it asked, and what they said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgesim.errors import OriginTrouble
from edgesim.scenario.language.read_match import ANY
from edgesim.scenario.language.read_origins import FAILURES
from edgesim.scenario.recording.recorded_cache import is_plain_path
from edgesim.scenario.recording.told import AskedOrigin
from edgesim.values.message import Response

FAILS: Mapping[OriginTrouble, str] = {trouble: word for word, trouble in FAILURES.items()}
Saying = Callable[[AskedOrigin], dict[str, Any]]


def scripted(asked: Sequence[AskedOrigin], say: Saying) -> dict[str, Any]:
    """The `origin` or the `origins` of a step: one answer, or answers by path, by origin where several were asked."""
    answers: dict[str, dict[str, dict[str, Any]]] = {}
    for one in asked:
        answers.setdefault(one.id, {}).setdefault(one.path, say(one))
    scripts = {origin: _script(by_path) for origin, by_path in answers.items()}
    if len(scripts) > 1:
        return {"origins": scripts}
    return {"origin": next(iter(scripts.values()), "untouched")}


def _script(by_path: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The request's own path comes first; what else is asked for, an error page say, is told apart from it."""
    (_, own), *pages = by_path.items()
    named = {path: answer for path, answer in pages if is_plain_path(path)}
    return {**named, ANY: own} if named else own


def body_is_told(one: AskedOrigin, method: str, response: Response) -> bool:
    """Is the body that a viewer got the whole of this origin's?"""
    if one.answer is None or not one.is_body or method == "HEAD":
        return False
    return one.answer.status not in _BODILESS and response.status not in {*_BODILESS, *_parts(one.answer.status)}


_BODILESS = frozenset({204, 304})


def _parts(origins: int) -> tuple[int, ...]:
    """The status of an answer with a part of what the origin sent."""
    return () if origins == 206 else (206,)
