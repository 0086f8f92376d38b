"""What can go wrong, by whose fault it is. Standard library only; every ring may import it.

    EdgesimError
    ├── ConfigError    what the user wrote in a template, a flag or edgesim.toml: shown with its place; exit 2
    ├── OriginFault    the origin: 502 or 504 to the viewer
    ├── ViewerFault    the viewer went away or spoke no HTTP
    └── EdgesimBug     edgesim itself: 500 and a request to report it

A function that fails is everyday business, not an exception: it comes back as a value (values/invocation.py).
"""

from __future__ import annotations

from enum import StrEnum


class EdgesimError(Exception):
    """Anything edgesim raises on purpose. The text is one clear sentence for the person at the terminal."""


class ConfigError(EdgesimError):
    """The user's configuration can't be used. `hint` is a way out, where there is one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class OriginTrouble(StrEnum):
    """How an origin failed, by the names of the log field x-edge-detailed-result-type where it has one.

    documented: standard-logs-reference; which failure gets which name is in part inferred
    """

    DNS = "OriginDnsError"
    CONNECT = "OriginConnectError"
    CONNECT_TIMEOUT = "OriginCommError (connecting)"
    READ_TIMEOUT = "OriginCommError (reading)"
    COMPLETION_TIMEOUT = "OriginCommError (completing)"
    RESET = "OriginReadError"
    WRITE = "OriginWriteError"
    INVALID_RESPONSE = "OriginInvalidResponseError"
    HEADERS_TOO_BIG = "OriginHeaderTooBigError"
    CONTENT_RANGE = "OriginContentRangeLengthError"
    TOO_LARGE = "OriginError (more than 50 GB)"


class ViewerTrouble(StrEnum):
    """How a viewer ended a request early, by the names of the log field x-edge-detailed-result-type.

    documented: standard-logs-reference
    """

    LEFT = "ClientCommError"
    """before it had the whole answer"""
    HUNG_UP = "ClientHungUpRequest"
    """while it was sending its request"""


class OriginFault(EdgesimError):
    """The origin gave no usable response."""

    def __init__(self, trouble: OriginTrouble, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble


class ViewerFault(EdgesimError):
    """The viewer's side failed: it left, or its request can't be read."""


class EdgesimBug(EdgesimError):
    """Something that must not happen, happened."""


class ScenarioWarning(UserWarning):
    """In pytest: a scenario passed, and may mean less than it seems to. `place` is `file:line`."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.place = place
