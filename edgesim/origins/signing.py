"""Signs requests to S3, and to other AWS services with an origin access control, as CloudFront does: with credentials
of the user's.

Rule 1: off unless the user gives credentials, and they go into signatures alone: nothing else of edgesim has them, and
        no function.
Rule 2: only a bucket's or a service's own host, or a server that the user put in an origin's place, gets a signature.
Source: private-content-restricting-access-to-s3. inferred: which headers are signed (Host and X-Amz-*), and that a body
is not (UNSIGNED-PAYLOAD), unless the viewer's own X-Amz-Content-Sha256 is forwarded.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edgesim.distribution.findings import there_are
from edgesim.distribution.model import Origin, ServiceAccess
from edgesim.errors import ConfigError
from edgesim.origins.sigv4 import (
    EMPTY_PAYLOAD,
    S3,
    UNSIGNED_PAYLOAD,
    Credentials,
    Scope,
    Signable,
    amz_date,
    authorization,
)
from edgesim.ports import Clock
from edgesim.values.body import length_of
from edgesim.values.instant import Instant
from edgesim.values.message import Request

FROM_ENVIRONMENT = "env"
_DEFAULT_REGION = "us-east-1"


def read_credentials(text: str, environment: Mapping[str, str], home: Path) -> Credentials:
    """What `--s3-credentials` names: `env` for AWS_ACCESS_KEY_ID and its kin, else a profile of ~/.aws/credentials.
    Raises ConfigError."""
    if text == FROM_ENVIRONMENT:
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return _complete([environment.get(name, "") for name in names], "the environment", " and ".join(names[:2]))
    file = Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials")
    profiles = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        profiles.read(file, encoding="utf-8")
    except (OSError, configparser.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"--s3-credentials {text}: {file} can't be read") from error
    if text not in profiles:
        known = there_are(profiles.sections()) or "write --s3-credentials env"
        raise ConfigError(f"--s3-credentials {text}: {file} has no profile {text}", known)
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return _complete([profiles[text].get(name, "") for name in names], f"[{text}] in {file}", " and ".join(names[:2]))


def _complete(values: list[str], where: str, wanted: str) -> Credentials:
    key, secret, token = (value.strip() for value in values)
    if not key or not secret:
        raise ConfigError(f"--s3-credentials: {where} has no {wanted}")
    return Credentials(key, secret, token)


class Signer:
    """Signs with the machine's time, however far the user has moved edgesim's clock: S3 compares it with its own."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials, self._clock = credentials, clock

    def signed(self, request: Request, origin: Origin, prefix: str = "") -> Request:
        """The request with a signature, or as it is where the origin asks for none or it has an Authorization of its
        own (documented: SigningBehavior). `prefix` is what the address puts before the path."""
        access = origin.access
        if access is None or not access.signs or "authorization" in request.headers:
            return request
        at = amz_date(Instant(self._clock.now() - self._clock.offset))
        payload = request.headers.get("x-amz-content-sha256") or _payload(request)
        added = [("X-Amz-Date", at), ("X-Amz-Content-Sha256", payload)]
        if self._credentials.session_token:
            added.append(("X-Amz-Security-Token", self._credentials.session_token))
        headers = request.headers.without(*(name for name, _ in added)).adding(*added)
        signed = [(name, value) for name, value in headers if name.lower() == "host" or _is_amazons(name)]
        path = f"{prefix}{origin.path}{request.path}"
        signable = Signable(request.method, path, request.query, tuple(signed), payload)
        service = access.service if isinstance(access, ServiceAccess) else S3
        scope = Scope(at, access.region or _DEFAULT_REGION, service)
        value = authorization(signable, self._credentials, scope)
        return replace(request, headers=headers.adding(("Authorization", value)))


def _payload(request: Request) -> str:
    return EMPTY_PAYLOAD if length_of(request.body) == 0 else UNSIGNED_PAYLOAD


def _is_amazons(name: str) -> bool:
    """X-Amz-Cf-Id is signed too: whoever gets it on the way is none who changes it."""
    return name.lower().startswith("x-amz-")
