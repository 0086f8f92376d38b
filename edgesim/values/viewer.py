"""Who asks: the viewer, the edge location that answers, and the moment a request arrives."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgesim.values.record import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgesim.values.instant import Instant
    from edgesim.values.message import Request


class Device(StrEnum):
    """What a viewer holds in the hand; decides the CloudFront-Is-*-Viewer headers."""

    DESKTOP = "desktop"
    MOBILE = "mobile"
    TABLET = "tablet"
    SMART_TV = "smarttv"
    ANDROID = "android"
    IOS = "ios"


TLS = ("TLSv1.3", "TLS_AES_128_GCM_SHA256")
"""What a viewer uses that is treated as if it used HTTPS. observed: CloudFront's first choice"""


@record
class Viewer:
    """One viewer as the edge sees it.

    `protocol` is `http` or `https`; `http_version` is `1.0`, `1.1`, `2.0` or `3.0`; `place` holds what geolocation
    would tell, by the lower-case end of its header's name (`country`, `city`, `time-zone` …); `device` is None
    where the User-Agent decides. `https_port` is where this edge answers HTTPS, None where it does not or where that is
    the usual port. `tls` is the version and the cipher of an HTTPS connection.
    """

    ip: str = "127.0.0.1"
    port: int = 0
    protocol: str = "http"
    http_version: str = "1.1"
    place: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    device: Device | None = None
    pop: str = "FRA56-P3"
    https_port: int | None = None
    tls: tuple[str, str] = TLS


@record
class Arrival:
    """A viewer request at the edge. `id` is the request id that events, logs and X-Amz-Cf-Id carry."""

    id: str
    at: Instant
    viewer: Viewer
    request: Request
