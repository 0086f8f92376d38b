"""`edgesim clock`."""

from __future__ import annotations

from typing import Any

import click

from edgesim.commands.control import ask, control_port_option, speaking
from edgesim.values.durations import parse_duration, spell_duration


@click.command()
@click.argument("move", type=click.Choice(["show", "advance", "freeze", "resume", "reset"]), default="show")
@click.argument("span", metavar="[DURATION]", required=False)
@control_port_option
@speaking
def clock(move: str, span: str | None, control_port: int | None) -> None:
    """Show or move the clock of the running server.

    \b
      edgesim clock                   what time it is there
      edgesim clock advance 1h30m     let time pass: 500ms, 61s, 5m, 2d, or seconds
      edgesim clock freeze            let it stand still; advance still moves it
      edgesim clock resume            let it run on from where it stands
      edgesim clock reset             back to the machine's time, unless that were back in time

    Objects expire by this clock, dates and ages are told by it, and functions see it: Date.now(), time.time(). What
    waits for real processes and sockets, such as a function's timeout, stays real. When it is first moved, functions
    start anew.
    """
    if move == "show":
        _no_span(move, span)
        _tell(ask(control_port, "GET", "/clock"))
        return
    asked = {"advance": _seconds(span)} if move == "advance" else {move: True}
    if move != "advance":
        _no_span(move, span)
    _tell(ask(control_port, "POST", "/clock", json=asked))


def _seconds(span: str | None) -> float:
    if span is None:
        raise click.UsageError("by how much? edgesim clock advance 1h")
    try:
        return parse_duration(span)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _no_span(move: str, span: str | None) -> None:
    if span is not None:
        raise click.UsageError(f"{move} takes no duration; edgesim clock advance {span}")


def _tell(state: dict[str, Any]) -> None:
    still = ", standing still" if state["pace"] == "still" else ""
    click.echo(f"{state['now']}, {_beside(state['offset'])}{still}")


def _beside(offset: float) -> str:
    """Where a clock is, beside the machine's."""
    if offset == 0:
        return "the machine's time"
    return f"{spell_duration(abs(offset))} {'ahead of' if offset > 0 else 'behind'} the machine's time"
