"""Who a recording's viewers were, in the words of `Edgesim-Viewer`, and which site they asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgesim.errors import ConfigError
from edgesim.scenario.recording.recorded_bodies import escaped
from edgesim.scenario.recording.told import Told
from edgesim.server.viewer_header import parse_settings
from edgesim.values.headers import Headers, list_items, readable, wire

Settings = dict[str, str]


def own_settings(headers: Headers) -> Settings:
    """What a request's Edgesim-Viewer header tells; nothing where the server could not read it either."""
    pairs = (item.partition("=") for item in list_items(headers.all("edgesim-viewer")))
    told = {name.strip().lower().replace("_", "-"): _text(value.strip()) for name, _, value in pairs}
    try:
        parse_settings(told)
    except ConfigError:
        return {}
    return told


def settings_of(headers: Headers, told: Told | None, *, https: bool) -> Settings:
    """Who the server took a viewer for, or else what the connection to it says; without what the header says."""
    if told is None:
        return {"protocol": "https"} if https else {}
    own = own_settings(headers)
    return {name: _text(wire(value)) for name, value in told.viewer.items() if name not in own}


def shared_settings(viewers: Sequence[tuple[Settings, Settings]]) -> Settings:
    """What all viewers were, but for those whose own header says otherwise; of each the settings and its own."""
    found = {name: value for settings, _ in viewers for name, value in settings.items()}
    return {
        name: value
        for name, value in found.items()
        if all(settings.get(name) == value or name in own for settings, own in viewers)
    }


def host_of(headers: Headers) -> str:
    """The name that a viewer asked for, where it is one of its owner's: by it distributions and functions tell sites
    apart."""
    host = readable(headers.get("host") or "").lower()
    name = host.rpartition(":")[0] if _PORT.search(host) else host
    return "" if _NO_ALIAS.fullmatch(name) or "." not in name else name


_PORT = re.compile(r":[0-9]+$")
_NO_ALIAS = re.compile(r"\[.*|[0-9.]+|(?:.*\.)?localhost|.*\.cloudfront\.net")
"""Addresses, this machine, and a distribution's own domain, which is another one when it is played."""


def _text(wire_text: str) -> str:
    text: str = escaped(readable(wire_text))
    return text
