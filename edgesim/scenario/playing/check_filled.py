"""A step into which captured values were put, looked at once more: they get the checks that literals got."""

from __future__ import annotations

from collections.abc import Iterator

from edgesim.errors import ConfigError
from edgesim.scenario.model import Scripts, Send, SetOrigins
from edgesim.scenario.wire_faults import target_fault, value_fault


def check_filled(step: object) -> None:
    """Raises ConfigError for a target or a header that can't be sent."""
    for what, fault in _faults(step):
        if fault is not None:
            message, hint = fault
            raise ConfigError(f"{what}, with what was captured: {message}", f"{hint}, or capture less of it")


def _faults(step: object) -> Iterator[tuple[str, tuple[str, str] | None]]:
    match step:
        case Send():
            yield "the target", target_fault(step.target)
            if step.sign is not None and step.sign.target is not None:
                yield "what is signed", target_fault(step.sign.target)
            yield from ((f"the header {name}", value_fault(value)) for name, value in step.headers)
            yield from ((f"the cookie {name}", value_fault(value)) for name, value in step.cookies)
            yield from _of_scripts(step.origins)
        case SetOrigins():
            yield from _of_scripts(step.origins)


def _of_scripts(scripts: Scripts) -> Iterator[tuple[str, tuple[str, str] | None]]:
    answers = (answer for script in scripts.values() for rule in script.rules for answer in rule.answers)
    for answer in answers:
        yield from ((f"the answer's header {name}", value_fault(value)) for name, value in answer.headers)
