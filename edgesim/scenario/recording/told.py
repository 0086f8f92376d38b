"""What an edgesim tells of a request that it served, beyond what its viewer saw: its transcript, as the control port
gives it (logs/explain.py, `as_data`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from edgesim.distribution.model import Trigger
from edgesim.errors import OriginTrouble
from edgesim.pipeline.transcript import Station
from edgesim.rules.reasons import HookReason
from edgesim.server.viewer_header import PLACES, ViewerDefaults, is_loopback
from edgesim.values.headers import Headers, wire
from edgesim.values.instant import Instant
from edgesim.values.message import Response
from edgesim.values.uri import split_target


@dataclass(frozen=True, slots=True)
class AskedOrigin:
    """One request to an origin: for which path, and the head of its answer, or else its trouble. `is_body`: the body
    that the viewer got is this answer's."""

    id: str
    path: str
    answer: Response | None = None
    trouble: OriginTrouble | None = None
    is_body: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """`at` is when the request came by the server's own clock, `viewer` who it was taken to come from, in the words of
    `Edgesim-Viewer` and without what goes without saying. `ran` are the triggers whose functions ran, `origins` what
    was asked of origins, in order. `changed`: a function changed an answer on its way, or failed."""

    at: Instant
    viewer: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ran: tuple[str, ...] = ()
    origins: tuple[AskedOrigin, ...] = ()
    changed: bool = False


def told_of(data: Mapping[str, Any]) -> Told:
    """What a transcript says."""
    sections = data["sections"]
    return Told(
        Instant(datetime.fromisoformat(data["time"]).timestamp()),
        MappingProxyType(dict(_settings(data["viewer"]))),
        tuple(_ran(sections)),
        tuple(_origins(sections)),
        any(map(_changes_answer, sections)),
    )


# ── who asked ────────────────────────────────────────────────────────────────

_DEFAULTS = ViewerDefaults()
_BY_HEADER = {end: name for name, end in PLACES.items()}


def _settings(viewer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not is_loopback(viewer["ip"]):
        yield "ip", viewer["ip"]
    if viewer["pop"] != _DEFAULTS.pop:
        yield "pop", viewer["pop"]
    if viewer["protocol"] != "http":
        yield "protocol", viewer["protocol"]
    if device := viewer.get("device"):
        yield "device", device
    yield from ((_BY_HEADER[end], value) for end, value in viewer.get("place", {}).items() if end in _BY_HEADER)


# ── what happened ────────────────────────────────────────────────────────────

_Sections = Sequence[Mapping[str, Any]]
_TRIGGERS = {trigger.value.replace("-", " "): trigger.value for trigger in Trigger}
_ON_THE_WAY_BACK = (Station.ORIGIN_RESPONSE, Station.VIEWER_RESPONSE)


def _ran(sections: _Sections) -> Iterator[str]:
    """The triggers whose functions ran, those of a request that this one caused in their place."""
    for section in sections:
        if section["station"] in _TRIGGERS and section["because"].startswith("ran"):
            yield _TRIGGERS[section["station"]]
        yield from _ran(section["inner"])


def _changes_answer(section: Mapping[str, Any]) -> bool:
    changed = section["station"] in _ON_THE_WAY_BACK and section["because"] in _CHANGED
    return changed or any(map(_changes_answer, section["inner"]))


_CHANGED = frozenset({HookReason.CHANGED.value, HookReason.FAILED.value, HookReason.REJECTED.value})


def _origins(sections: _Sections) -> list[AskedOrigin]:
    """The last one whose body nothing replaced on the way is marked as the one that gave it."""
    found, giver = _followed(sections)
    return [replace(one, is_body=at == giver) for at, one in enumerate(found)]


def _followed(sections: _Sections) -> tuple[list[AskedOrigin], int | None]:
    """Who was asked, and which of them the body is from where it is from any."""
    found: list[AskedOrigin] = []
    giver: int | None = None
    for section in sections:
        if section["station"] == Station.ORIGIN:
            found.append(_asked(section["details"]))
            giver = len(found) - 1 if found[-1].answer is not None else None
        elif section["station"] == Station.ERROR_PAGE and section["inner"]:
            asked, inner = _followed(section["inner"])
            giver = len(found) + inner if inner is not None else None
            found += asked
        elif section["station"] in _ON_THE_WAY_BACK and _replaces_body(section):
            giver = None
    return found, giver


def _replaces_body(section: Mapping[str, Any]) -> bool:
    """By a result with a body, or by the error page of a function that failed."""
    labels = {label for label, _ in section["details"]}
    return bool(labels & {"replaced body", "failure", "rule"})


def _asked(details: Sequence[tuple[str, str]]) -> AskedOrigin:
    said = dict(details)
    origin = said.get("origin", "").rpartition(" (")[0]
    path = split_target(wire(said.get("sent", "").partition(" ")[2]))[0]
    if "received" not in said:
        trouble = OriginTrouble(said["trouble"]) if said.get("trouble") in list(OriginTrouble) else None
        return AskedOrigin(origin, path, trouble=trouble)
    headers = [(label.removeprefix(_HEADER), wire(value)) for label, value in details if label.startswith(_HEADER)]
    return AskedOrigin(origin, path, Response(int(said["received"].partition(" ")[0]), Headers(headers)))


_HEADER = "received header "
