"""What explain.py tells of a transcript, laid out for a terminal, where no byte of a request, a response or a log may
mean anything but itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edgesim.values.text import printable, printable_lines

Paint = Callable[[str, str], str]


def as_text(data: dict[str, Any], paint: Paint = lambda text, style: text) -> str:
    """What `as_data` gave, for a terminal. `paint(text, style)` colours; styles are title, station, label, ok, bad."""
    viewer = data["viewer"]
    lines = [
        paint(printable(f"{data['method']} {viewer['protocol']}://{data['host']}{data['target']}"), "title"),
        f"  {_outcome(data, paint)}",
        *(f"  {paint('why', 'label')}  {line}" for line in _why(data)),
        f"  {data['time']}, viewer {viewer['ip']} at {viewer['pop']}",
        f"  request id {data['id']}",
    ]
    if data["distribution"]:
        lines.append(f"  distribution {printable(data['distribution'])}")
    return "\n".join([*lines, "", *section_lines(data["sections"], paint, "", timed=_took_time(data))]) + "\n"


def _outcome(data: dict[str, Any], paint: Paint) -> str:
    if not data["status"]:
        return paint("no answer: the viewer left first, or edgesim failed", "bad")
    status = paint(str(data["status"]), "ok" if data["status"] < 400 else "bad")
    cut = ", and more to come" if data["going_on"] else paint(", not sent to its end", "bad")
    whole = "" if data["complete"] else cut
    after = f" after {data['seconds'] * 1000:.1f} ms" if _took_time(data) else ""
    return f"{status} {data['outcome']}{after}, {data['bytes']:,} bytes{whole}"


def _took_time(data: dict[str, Any]) -> bool:
    """By a clock that stands still nothing takes time, and no time is worth telling."""
    return bool(data["seconds"])


def _why(data: dict[str, Any]) -> Iterable[str]:
    return printable_lines(data["why"])[:1] if data["why"] else ()


_WIDEST_LABEL = 48
"""As wide as `received header access-control-allow-credentials`."""


def section_lines(told: list[dict[str, Any]], paint: Paint, indent: str, *, timed: bool = True) -> Iterator[str]:
    """Sections as data, for a terminal; `timed` with the time at each."""
    for section in told:
        when = f"  [{section['at'] * 1000:.1f} ms]" if timed and section["at"] is not None else ""
        yield f"{indent}{paint(section['station'], 'station')}: {section['because']}{when}"
        yield from in_columns(section["details"], paint, f"{indent}    ")
        yield from section_lines(list(section["inner"]), paint, indent + "    ", timed=timed)


def in_columns(told: Iterable[tuple[str, str]], paint: Paint, indent: str) -> Iterator[str]:
    """Labels and values. The value of a label that is too long for its column is below it, where the others are."""
    pairs = [(printable(label), printable_lines(value)) for label, value in told]
    width = max((len(label) for label, _ in pairs if len(label) <= _WIDEST_LABEL), default=0)
    for label, lines in pairs:
        if len(label) > width:
            yield f"{indent}{paint(label, 'label')}"
        else:
            yield f"{indent}{paint(label.ljust(width), 'label')}  {lines.pop(0)}".rstrip()
        yield from (f"{indent}{' ' * width}  {line}".rstrip() for line in lines)
