"""Running a server from the command line, and what is said when it answers."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import TYPE_CHECKING, Any

import click

from edgesim import __version__
from edgesim.commands.relax import relaxed_line
from edgesim.distribution.aws_endpoints import endpoints_line
from edgesim.distribution.choices import QUESTIONS, answered
from edgesim.settings import Settings
from edgesim.values.durations import spell_duration
from edgesim.values.instant import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgesim.emulator import Emulator
    from edgesim.server.listeners import Listener


def run(coroutine: Any) -> Any:
    """What it comes to. Exits with 2 where the source has errors, which have been told by then."""
    from edgesim import serving
    from edgesim.emulator import ProblemsFoundError

    atexit.register(
        gc.freeze
    )  # else the interpreter looks through all objects on its way out (measured: half a second)
    try:
        return serving.run(coroutine)
    except ProblemsFoundError as error:
        click.echo(f"edgesim: {error}", err=True)
        sys.exit(2)


def say_ready(terminal: Any, settings: Settings, emulator: Emulator, listeners: list[Listener]) -> None:
    """Where everything is: the ports, the distributions, their origins."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    viewers = f"http://{host}:{listeners[0].port}"
    terminal.say(f"edgesim {__version__} answers viewers on {terminal.paint(viewers, bold=True)}")
    for listener in listeners:
        if listener.tls is not None:
            terminal.say(f"  and on https://{host}:{listener.port} (with a certificate of its own: curl -k)")
    for line in differing(settings):
        terminal.say(f"  {terminal.paint(line, fg='yellow')}")
    several = len(emulator.distributions) > 1
    for distribution in emulator.distributions:
        names = [*distribution.aliases, f"{distribution.name.lower()}.localhost"] if several else []
        terminal.say(f"  distribution {distribution.name}{' for ' + ', '.join(names) if names else ''}")
        for origin in distribution.origins.values():
            target = emulator.target_of(origin)
            terminal.say(f"    origin {origin.id} ({origin.domain_name}) at {target}")
        _say_signers(terminal, distribution)
        _say_https_hint(terminal, settings, distribution)
    terminal.say(
        f"  control on http://127.0.0.1:{listeners[1].port} for edgesim explain, invalidate, functions, stats …"
    )


def _say_signers(terminal: Any, distribution: Any) -> None:
    """Which paths are for signed URLs alone, and by which ids the keys are known: they may be logical ids."""
    for behavior in distribution.behaviors:
        if behavior.signers is not None:
            ids = ", ".join(behavior.signers.keys) or "no key that is known"
            terminal.say(f"    {behavior.path_pattern} for signed URLs and cookies alone: {ids} (edgesim sign)")


def differing(settings: Settings) -> Iterator[str]:
    """A line for each setting by which answers are not what AWS would give with its limits and edgesim's choices."""
    usual = Settings()
    if settings.limits != usual.limits:
        yield f"AWS's limits of {settings.limits}"
    answers = settings.terms.choices
    otherwise = [question for question in QUESTIONS.values() if answered(answers, question) != question.alternatives[0]]
    if otherwise:
        yield f"chosen: {', '.join(f'{one.name}={answered(answers, one)}' for one in otherwise)}"
    if relaxed := relaxed_line(settings.relax):
        yield relaxed
    if settings.aws_endpoints:
        yield endpoints_line(settings.aws_endpoints)
    if settings.concurrency != usual.concurrency:
        yield f"the account runs {settings.concurrency:,} invocations at once, not {usual.concurrency:,}"
    if settings.propagation:
        yield f"updates reach every edge location within {spell_duration(Duration(settings.propagation))}"


def _say_https_hint(terminal: Any, settings: Settings, distribution: Any) -> None:
    strict = any(b.viewer_protocol_policy.value != "allow-all" for b in distribution.behaviors)
    if strict and settings.https_port is None and settings.viewer.get("protocol") != "https":
        hint = (
            "some of its behaviors want HTTPS: use --https-port PORT, or --viewer-protocol https to treat all as HTTPS"
        )
        terminal.say(f"    {terminal.paint(hint, fg='yellow')}")
