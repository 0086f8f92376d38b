"""`edgesim test`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from edgesim.commands.aws_endpoint import aws_endpoint_option
from edgesim.commands.program import is_of_the_surroundings
from edgesim.commands.relax import relax_option
from edgesim.errors import ConfigError
from edgesim.values.durations import parse_duration

if TYPE_CHECKING:
    from edgesim.scenario.playing.against import Target

_INTERRUPTED, _BUG, _USAGE = 2, 3, 4
"""session.ExitCode, which is imported late."""


class _Usage(click.UsageError):
    """Shown as click shows it, with pytest's exit code."""

    exit_code = _USAGE


def _misused(error: click.UsageError) -> click.UsageError:
    return _Usage(error.format_message(), error.ctx)


class _WithPytestsCodes(click.Command):
    """A command that ends as pytest does: with 4 where it was not used as it should be, with 3 for a bug of its own."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise _misused(error) from None

    def invoke(self, ctx: click.Context) -> Any:
        with ExitStack() as stack:
            stack.push(_report_bug)
            try:
                return super().invoke(ctx)
            except click.UsageError as error:
                raise _misused(error) from None
            except ConfigError as error:
                hint = f"\n  hint: {error.hint}" if error.hint else ""
                click.echo(f"edgesim: {error}{hint}", err=True)
                sys.exit(_USAGE)
            except KeyboardInterrupt:
                sys.exit(_INTERRUPTED)


def _report_bug(kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
    """What nobody expected is a bug, and an exit code that CI can tell from a scenario that failed."""
    meant = (click.ClickException, click.exceptions.Exit, click.Abort)
    if not isinstance(error, Exception) or isinstance(error, meant) or is_of_the_surroundings(error):
        return
    from edgesim.emulator import report_bug
    from edgesim.terminal import Terminal

    terminal = Terminal(sys.stderr)
    report_bug(terminal, error)
    terminal.flush()
    sys.exit(_BUG)


def _workers(context: click.Context, option: click.Parameter, value: str) -> int:
    del context, option
    from edgesim.scenario.runner.workers import worker_count

    try:
        return worker_count(value)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


def _seconds(context: click.Context, option: click.Parameter, value: str) -> float:
    del context, option
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(cls=_WithPytestsCodes)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "-k", "words", metavar="EXPR", help="Only scenarios whose title or path fits: words with and, or, not, ()."
)
@click.option("-x", "--exitfirst", "exit_first", is_flag=True, help="Stop at the first one that does not pass.")
@click.option(
    "-n", "workers", default="1", show_default=True, callback=_workers, metavar="JOBS",
    help="Play in that many processes; auto: one for each processor.",
)  # fmt: skip
@click.option("--explain", is_flag=True, help="Print the whole transcript of every request, also where all is well.")
@click.option("--watch", is_flag=True, help="Play again what a saved file changes something for, until Ctrl-C.")
@click.option(
    "--junit",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a report for CI, as JUnit XML, in a new folder too.",
)
@click.option("--strict", is_flag=True, help="What is only a warning fails, too.")
@click.option("--collect-only", is_flag=True, help="List the scenarios; play none.")
@click.option(
    "--against", metavar="URL", help="Play what can be played with a real distribution, or any server: see above."
)
@click.option("--against-host", metavar="HOST", help="The Host header of steps that name none.  [default: URL's]")
@click.option(
    "--wait", default="0s", callback=_seconds, metavar="DURATION",
    help="With --against: how long a scenario may really wait for time to pass, such as 2m.  [default: not at all]",
)  # fmt: skip
@relax_option
@aws_endpoint_option
@click.option("-v", "--verbose", is_flag=True, help="A line for each scenario, with its time.")
@click.option("-q", "--quiet", is_flag=True, help="A line for each scenario that does not pass, and the counts.")
def test(
    *, verbose: bool, quiet: bool, against: str | None, against_host: str | None, wait: float, **asked: Any
) -> None:
    """Play scenarios and tell which of them don't hold.

    A scenario says what a viewer sends, what must reach the origin, what the origin answers and what the viewer must
    get. It is played in this process: no ports, no network, and its hours take no time.

    PATH is a file, a folder, FILE::PART for the scenarios that have PART in their title, or FILE:LINE for the one at
    this line. Without PATH: the folder scenarios, or else all that is here.

    \b
      edgesim test                                        all of them
      edgesim test scenarios/ttl.scenario.yaml:12         the scenario at line 12
      edgesim test 'scenarios/ttl.scenario.yaml::stale'   those with "stale" in their title
      edgesim test -k 'cookies and not (range or HEAD)'   those whose title or path has these words
      edgesim test --watch -k sign-in                     again with every save
      edgesim test -n auto --junit report.xml             in CI

    With --against URL the requests go there, and what a viewer sees is compared: status, headers, body, X-Cache. What
    origins received, functions, reasons and the cache can't be seen from outside; it is left out, and said to be. A
    scenario ends where it would have to change the server, or wait for longer than --wait.

    \b
      edgesim test --against https://d111111abcdef8.cloudfront.net --wait 2m -k ttl

    \b
    Exit codes, as pytest's:
      0  all passed                       3  a bug in edgesim
      1  some did not, or can't be read   4  edgesim test was not used as it should be
      2  ended by Ctrl-C, as --watch is   5  no scenarios were found, or none were chosen
    """
    if verbose and quiet:
        raise click.UsageError("-v and -q don't go together")
    from edgesim.commands.session import Asked, run

    sys.exit(run(Asked(verbosity=verbose - quiet, against=_target(against, against_host, wait, asked), **asked)))


def _target(url: str | None, host: str | None, wait: float, asked: dict[str, Any]) -> Target | None:
    if url is not None and asked["relax"]:
        raise click.UsageError("--relax is about edgesim's own limits: it does not go with --against URL")
    if url is not None and asked["aws_endpoints"]:
        raise click.UsageError("--aws-endpoint is about functions that run here: it does not go with --against URL")
    if url is None:
        if host or wait:
            raise click.UsageError(f"{'--against-host' if host else '--wait'} goes with --against URL")
        return None
    if asked["workers"] > 1:
        raise click.UsageError("--against plays one scenario after the other, since all share a cache: leave out -n")
    from edgesim.scenario.playing.against import parse_against

    return parse_against(url, host=host or "", wait=wait)
