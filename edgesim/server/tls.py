"""A certificate for the HTTPS listener, made on this machine and kept in memory."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

import trustme


def server_context(names: Iterable[str]) -> ssl.SSLContext:
    """A server context whose certificate, signed by an authority made for this run, holds these names. Viewers must
    be told not to check it (`curl -k`)."""
    authority = trustme.CA(organization_name="edgesim", organization_unit_name="local")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert(*names).configure_cert(context)
    return context
