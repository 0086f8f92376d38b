"""Files that people play and that are no scenarios: what they are, and what to do with them."""

from __future__ import annotations

from pathlib import Path

from edgesim.loaders import code
from edgesim.loaders.detect import format_by
from edgesim.loaders.unreadable import Unreadable
from edgesim.scenario.language.document import Element

_SIGNS = frozenset({"title", "steps", "scenarios"})


def is_scenarios(root: Element) -> bool:
    """Is this a scenario, or was it meant to be one?"""
    return not _SIGNS.isdisjoint(root.fields)


def refuse_function(path: Path) -> None:
    """Raises Unreadable for source code."""
    if path.suffix in code.SUFFIXES:
        hint = f"a scenario names it, functions: {{NAME: {path.name}}}; edgesim invoke runs one once"
        raise Unreadable("this is a function, and no scenario", str(path), hint=hint)


def refuse_document(root: Element, path: Path) -> None:
    """Raises Unreadable for a file that may be sound, and is no scenario at all."""
    if is_scenarios(root):
        return
    if found := format_by(root.fields):
        hint = f"a scenario names it, distribution: {path.name}; `edgesim check {path}` says whether it is sound"
        raise Unreadable(f"this is {found}, and no scenario", str(path), hint=hint)
    if "entries" in root.fields.get("log", root).fields:
        hint = f"`edgesim record {path}` makes a scenario of it"
        raise Unreadable("this is a HAR file, and no scenario", str(path), hint=hint)
