"""`edgesim clock`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import click

from edgesim.commands.control import ask, control_port_option, speaking
from edgesim.values.durations import parse_duration, spell_roughly


class _TakesNegatives(click.Command):
    """A command to which `-5s` is an argument, and no option that there is not."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            return super().parse_args(ctx, args)
        taken = [arg for before, arg in pairwise(["", *args]) if _NEGATIVE.match(arg) and not before.startswith("--")]
        return super().parse_args(ctx, [*(arg for arg in args if arg not in taken), "--", *taken])


_NEGATIVE = re.compile(r"-[.0-9]")


@click.command(cls=_TakesNegatives)
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
      edgesim clock reset             after freeze: on to the machine's time; never back, so not after advance

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
    if _NEGATIVE.match(span):
        raise click.UsageError(
            f"{span} is back in time, and the clock only goes forward: edgesim clock advance {span[1:]}"
        )
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
    return f"{spell_roughly(abs(offset))} {'ahead of' if offset > 0 else 'behind'} the machine's time"
