"""What may be behind the failure of a function: mistakes that its own message does not speak of."""

from __future__ import annotations

import re
from pathlib import Path

from edgesim.distribution.model import EdgeFunction


def hint(message: str, root: Path, function: EdgeFunction) -> str:
    """A way out, for a well-known mistake; else empty. `root` is where the function's code is."""
    return _sdk_hint(message) or _package_hint(message, function) or _other_kind_hint(root, function)


# ── the SDK, other packages ──────────────────────────────────────────────────

_PYTHON_SDK = re.compile(r"No module named '(boto3|botocore)'")
_NODE_SDK = re.compile(r"Cannot find (?:module|package) '(@aws-sdk/[^'/]+)")


def _sdk_hint(said: str) -> str:
    """Where a part of the SDK is missing, which Lambda's runtimes bring along (documented) and edgesim does not."""
    if (found := _PYTHON_SDK.search(said)) is not None:
        return f"Lambda brings {found[1]} along, and edgesim lends what is installed beside it: pip install {found[1]}"
    if (found := _NODE_SDK.search(said)) is not None:
        return f"Lambda brings {found[1]} along; here: npm install {found[1]}, in the code's folder or one above it"
    return ""


_PYTHON_PACKAGE = re.compile(r"No module named '([A-Za-z_]\w*)")
_NODE_PACKAGE = re.compile(r"Cannot find (?:module|package) '((?:@[\w.-]+/)?[a-z0-9][\w.-]*)(?:/[^']*)?'")


def _package_hint(said: str, function: EdgeFunction) -> str:
    """documented: what else a function needs, its package brings along"""
    own = re.split(r"[./]", function.handler)[0]
    for pattern, install in ((_PYTHON_PACKAGE, "pip install --target ."), (_NODE_PACKAGE, "npm install")):
        if (found := pattern.search(said)) is None or found[1] == own:
            continue
        above = _installed_above(found[1], function) if pattern is _NODE_PACKAGE else None
        if above is not None:
            return (
                f"{above} has {found[1]}, and is not in the function's package, which is what lies in its own folder: "
                f"npm install {found[1]} there, or have a bundler put it into the code"
            )
        return f"the function's package has to bring {found[1]} along: {install} {found[1]}, in the code's folder"
    return ""


def _installed_above(package: str, function: EdgeFunction) -> Path | None:
    """The node_modules, above a function's code, that has a package. Node.js finds it there wherever nothing is packed
    first."""
    if not function.code.path:
        return None
    path = Path(function.code.path).absolute()
    folder = path if path.is_dir() else path.parent
    places = (parent / "node_modules" for parent in folder.parents)
    return next((place for place in places if (place / package / "package.json").is_file()), None)


# ── CloudFront Functions ─────────────────────────────────────────────────────

# documented: functions-event-structure, writing-function-code; their event has no Records
_HANDLER = re.compile(r"\bhandler\s*(?:=\s*(?:async\s*)?(?:function\b\s*\w*\s*)?)?\(\s*(\w+)")
_ITS_OWN_MODULE = re.compile(r"""(?:from|import|require\()\s*['"]cloudfront['"]""")
_OF_ITS_EVENT = (
    r"\b{name}\s*\.\s*(?:request|response|viewer)\b|\{{[^{{}}]*\b(?:request|response)\b[^{{}}]*\}}\s*=\s*{name}\b(?!\.)"
)
_SUFFIXES = (".js", ".mjs", ".cjs")
_MOST_BYTES = 64 * 1024
"""A CloudFront Function has 10 KB at most (documented); what is much longer is none."""


def _other_kind_hint(root: Path, function: EdgeFunction) -> str:
    if not function.runtime.startswith("nodejs") or not is_cloudfront_function(_text(root, function)):
        return ""
    return (
        "this is a CloudFront Function, and edgesim runs Lambda@Edge functions:"
        " exports.handler = async (event) => { const request = event.Records[0].cf.request; … return request }"
    )


def is_cloudfront_function(text: str) -> bool:
    """Does a module's text read the event of CloudFront Functions, and nowhere that of Lambda@Edge?"""
    if "Records" in text:
        return False
    names = {"event", *_HANDLER.findall(text)}
    return bool(_ITS_OWN_MODULE.search(text)) or any(
        re.search(_OF_ITS_EVENT.format(name=re.escape(name)), text) for name in names
    )


def _text(root: Path, function: EdgeFunction) -> str:
    """The handler's module; empty where there is none that could be read."""
    module = function.handler.rpartition(".")[0]
    for path in (root / f"{module}{suffix}" for suffix in _SUFFIXES):
        try:
            if path.stat().st_size <= _MOST_BYTES:
                return path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
    return ""
