"""Which versions of TLS are spoken with an origin: OriginSSLProtocols.

documented, in contradiction: what the list means is a choice (distribution/choices.py, OriginSslProtocols). The list
can't name TLSv1.3, which CloudFront speaks with origins all the same (inferred: wherever TLSv1.2 may be spoken).
"""

from __future__ import annotations

import ssl
import warnings
from typing import NamedTuple

import httpx

from edgesim.distribution.edge_choices import OriginSslProtocols

_VERSIONS = {
    "SSLv3": ssl.TLSVersion.MINIMUM_SUPPORTED,  # no OpenSSL of today is built with it
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_OLDEST_FIRST = tuple(_VERSIONS)


class Versions(NamedTuple):
    """The oldest and the newest version, both included."""

    oldest: ssl.TLSVersion
    newest: ssl.TLSVersion


def versions(protocols: tuple[str, ...], rule: OriginSslProtocols) -> Versions:
    """The versions that an origin's list allows."""
    listed = sorted(protocols or _OLDEST_FIRST, key=_OLDEST_FIRST.index)
    oldest, newest = listed[0], listed[-1]
    if rule is OriginSslProtocols.MINIMUM or newest in ("TLSv1.2", "TLSv1.3"):
        return Versions(_VERSIONS[oldest], ssl.TLSVersion.MAXIMUM_SUPPORTED)
    return Versions(_VERSIONS[oldest], _VERSIONS[newest])


def client_context(verify: ssl.SSLContext | str | bool, allowed: Versions) -> ssl.SSLContext:
    """A context that speaks these versions alone. `verify` is as in httpx; a context is taken as it is."""
    if isinstance(verify, ssl.SSLContext):
        return verify
    context = httpx.create_ssl_context(verify)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is what the user's list asks for
        context.maximum_version, context.minimum_version = allowed.newest, allowed.oldest
    if _is_before_1_2(allowed.oldest):
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL 3 has no cipher for the old versions otherwise
    return context


def _is_before_1_2(version: ssl.TLSVersion) -> bool:
    return version in (ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
