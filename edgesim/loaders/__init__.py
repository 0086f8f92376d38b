"""Loaders: from what the user has to `Distribution` values, with every problem of a file at once, in its place.

    load("template.yaml")                         CloudFormation or SAM; a directory with one; CDK's *.template.json
    load("distribution.json", Overrides(…))       what `aws cloudfront get-distribution-config` prints
    load_quick("http://localhost:3000", {…})      an origin and functions, no file at all

Nothing here raises for what a user wrote: it comes back as Problems.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgesim.distribution.model import Trigger
from edgesim.distribution.problems import Problem
from edgesim.loaders.detect import Format, format_of, source_file
from edgesim.loaders.quick import load_quick
from edgesim.loaders.read import read_file
from edgesim.loaders.request import Loaded, Overrides, loaded
from edgesim.loaders.unreadable import Unreadable

__all__ = ["Loaded", "Overrides", "Trigger", "load", "load_quick"]


def load(source: str | Path, overrides: Overrides | None = None) -> Loaded:
    """Every distribution that a file (or a directory with one) describes, and everything that is wrong with it."""
    shown = str(source)
    try:
        path = source_file(Path(source).expanduser(), shown)
        shown = shown if path == Path(source).expanduser() else str(path)
        return _loaded(path, shown, overrides or Overrides())
    except Unreadable as error:
        return loaded([], [error.problem], [shown])
    except RecursionError:
        # Values that refer to values that refer to values: deeper than any template that AWS would take
        return loaded([], [Problem("this is nested too deeply", file=shown)], [shown])


def _loaded(path: Path, shown: str, overrides: Overrides) -> Loaded:
    root, odd = read_file(path, shown)
    if format_of(root, shown) is Format.TEMPLATE:
        from edgesim.loaders.cloudformation import load_template

        found = load_template(root, path, shown, overrides)
    else:
        from edgesim.loaders.api_json import load_api_json

        found = load_api_json(root, path, shown, overrides)
    whole = loaded(list(found.distributions), [*odd, *found.problems], list(found.files))
    return replace(found, distributions=whole.distributions, problems=whole.problems)
