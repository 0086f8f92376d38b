"""A file as a tree: found, read, and parsed as JSON or YAML."""

from __future__ import annotations

from pathlib import Path

from edgesim.distribution.problems import Problem
from edgesim.loaders.json_source import read_json
from edgesim.loaders.nodes import Node
from edgesim.loaders.unreadable import Unreadable


def read_file(path: Path, shown: str = "") -> tuple[Node, list[Problem]]:
    """The tree of a file, and what is odd about it. `shown` is what the user calls it. Raises Unreadable."""
    shown = shown or str(path)
    text = text_of(path, shown)
    if not text.lstrip().startswith("{"):
        return _yaml(text, shown)
    try:
        return read_json(text, shown)
    except Unreadable:
        if path.suffix == ".json":
            raise
        return _yaml(text, shown)  # YAML may begin with a brace, too


def text_of(path: Path, shown: str) -> str:
    """The text of a file. Raises Unreadable."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Unreadable("there is no such file", shown) from error
    except UnicodeDecodeError as error:
        raise Unreadable("this is not a text in UTF-8", shown) from error
    except (OSError, ValueError) as error:
        raise Unreadable(f"this can't be read: {getattr(error, 'strerror', None) or error}", shown) from error


def _yaml(text: str, shown: str) -> tuple[Node, list[Problem]]:
    from edgesim.loaders.yaml_source import read_yaml

    return read_yaml(text, shown)
