"""`edgesim choices`: the open questions, their answers, and which holds."""

from __future__ import annotations

import textwrap

import click

from edgesim.distribution.choices import QUESTIONS, Question
from edgesim.distribution.findings import closest

_WIDTH = 100


@click.command(short_help="List what AWS leaves open, and edgesim's answers.")
@click.argument("name", required=False)
def choices(name: str | None) -> None:
    """List what AWS does not say of CloudFront, so that edgesim had to choose.

    Each question has its possible answers, the one that holds by default first; with NAME also what is known. Answer
    one otherwise with --choice NAME=VALUE, or in edgesim.toml under [choices].
    """
    if name is not None and name not in QUESTIONS:
        hint = closest(name, QUESTIONS) or "edgesim choices lists them"
        raise click.UsageError(f"there is no choice {name!r}; {hint}")
    for question in (QUESTIONS[name],) if name is not None else QUESTIONS.values():
        click.echo(_told(question, why=name is not None))


def _told(question: Question, *, why: bool) -> str:
    lines = [f"{question.name}: {question.asks}"]
    width = max(map(len, question.alternatives))
    lines += [f"    {answer.value.ljust(width)}  {answer.meaning}" for answer in question.alternatives]
    lines += textwrap.wrap(question.why, _WIDTH, initial_indent="  ", subsequent_indent="  ") if why else []
    return "\n".join(lines)
