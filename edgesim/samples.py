"""Where the sample functions and templates are: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from edgesim.errors import EdgesimBug

_PLACES = (Path(__file__).parent / "_samples", Path(__file__).parent.parent)


def samples_folder() -> Path:
    """The folder that holds `functions/` and `scenarios/`."""
    for place in _PLACES:
        if (place / "functions").is_dir() and (place / "scenarios").is_dir():
            return place
    raise EdgesimBug("the sample functions are missing from this installation")
