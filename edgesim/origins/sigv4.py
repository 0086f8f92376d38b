"""AWS Signature Version 4, for S3 and others: what a request's Authorization header says. Pure; time is an argument.

Source: S3's API reference, sig-v4-header-based-auth, from which the tests have their examples.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote_from_bytes, unquote_to_bytes

from edgesim.values.headers import Field
from edgesim.values.instant import Instant

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_PAYLOAD = hashlib.sha256(b"").hexdigest()
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

S3 = "s3"

_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whose signature it is. The secrets are in no repr."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is good for: a day, a Region, a service. `at` is `20130524T000000Z`."""

    at: str
    region: str
    service: str = S3

    @property
    def text(self) -> str:
        """The credential scope."""
        return f"{self.at[:8]}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True)
class Signable:
    """A request as it is signed. `path` and `query` are as they are sent; `headers` are those that are signed."""

    method: str
    path: str
    query: str
    headers: tuple[Field, ...]
    payload: str


def amz_date(at: Instant) -> str:
    """`20130524T000000Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def authorization(request: Signable, credentials: Credentials, scope: Scope) -> str:
    """The value of the Authorization header."""
    names = ";".join(name for name, _ in _canonical_headers(request.headers))
    signed = hmac.new(_key(credentials, scope), _to_sign(request, scope).encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={credentials.access_key_id}/{scope.text}, SignedHeaders={names}, Signature={signed}"


def canonical_request(request: Signable, service: str = S3) -> str:
    """What is hashed into the signature."""
    headers = _canonical_headers(request.headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers)
    names = ";".join(name for name, _ in headers)
    path, query = _canonical_path(request.path, service), _canonical_query(request.query)
    return f"{request.method}\n{path}\n{query}\n{lines}\n{names}\n{request.payload}"


def _to_sign(request: Signable, scope: Scope) -> str:
    digest = hashlib.sha256(canonical_request(request, scope.service).encode("latin-1")).hexdigest()
    return f"{ALGORITHM}\n{scope.at}\n{scope.text}\n{digest}"


def _key(credentials: Credentials, scope: Scope) -> bytes:
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in scope.text.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _canonical_headers(headers: Iterable[Field]) -> list[Field]:
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(" ".join(value.split()))
    return [(name, ",".join(values[name])) for name in sorted(values)]


def _canonical_path(path: str, service: str) -> str:
    """documented for S3: encoded once, and not normalised; for other services what is sent is encoded once more"""
    safe = f"/{_UNRESERVED}"
    return _encoded(path, safe) if service == S3 else quote_from_bytes(path.encode("latin-1"), safe)


def _canonical_query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return "&".join(f"{name}={value}" for name, value in sorted((_encoded(n), _encoded(v)) for n, _, v in pairs))


def _encoded(text: str, safe: str = _UNRESERVED) -> str:
    return quote_from_bytes(unquote_to_bytes(text.encode("latin-1")), safe=safe)
