"""Signing URLs and cookies, byte for byte as AWS's own signers do (botocore.signers, @aws-sdk/cloudfront-signer)."""

from __future__ import annotations

from dataclasses import dataclass

from edgesim.signatures.keys import signature_of
from edgesim.values.signed import (
    COOKIE_PREFIX,
    EXPIRES,
    HASH_ALGORITHM,
    HASHES,
    KEY_PAIR_ID,
    POLICY,
    SIGNATURE,
    Grant,
    canned_policy,
    custom_policy,
    encoded,
)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: the id by which CloudFront knows the key, the private key's PEM, and one of values.signed.HASHES."""

    key_pair_id: str
    private_key: str
    hashed: str = HASHES[0]


def signed(url: str, grant: Grant, signer: Signer) -> list[tuple[str, str]]:
    """The parameters that a URL gets, in order. A grant of nothing but a time is a canned policy, for the URL itself;
    any other is a custom one, for the URL where it names no resource. Raises ConfigError where the key is none."""
    if grant == Grant(grant.expires):
        policy = canned_policy(url, grant.expires)
        first = (EXPIRES, str(grant.expires))
    else:
        resource = url if grant.resource is None else grant.resource
        policy = custom_policy(Grant(grant.expires, resource, grant.starts, grant.ip))
        first = (POLICY, encoded(policy.encode()))
    signature = encoded(signature_of(signer.private_key, policy.encode(), signer.hashed))
    rest = [(HASH_ALGORITHM, signer.hashed)] if signer.hashed != HASHES[0] else []
    return [first, (SIGNATURE, signature), (KEY_PAIR_ID, signer.key_pair_id), *rest]


def with_parameters(url: str, parameters: list[tuple[str, str]]) -> str:
    """A URL, or a request's target, with parameters after those that it has."""
    joint = "&" if "?" in url else "?"
    return url + joint + "&".join(f"{name}={value}" for name, value in parameters)


def as_cookies(parameters: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same as cookies."""
    return [(f"{COOKIE_PREFIX}{name}", value) for name, value in parameters]
