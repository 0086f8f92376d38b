"""Signed URLs and signed cookies: do they let this viewer in?

Rule 1: a URL that has any of the parameters is a signed URL, and no cookie counts beside it (documented).
Rule 2: time is that of the request's arrival (documented), so each range request is judged anew.
Rule 3: what is signed are exact bytes: those that came as Policy, or those of the canned policy, made of the URL as
        the viewer wrote it, without the parameters.
Source: private-content-signed-urls and -cookies, private-content-creating-signed-url-canned-policy and -custom-policy.
inferred: the order of the checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from urllib.parse import unquote

from edgesim.distribution.signers import Signers
from edgesim.rules.arrival import Refusal
from edgesim.rules.policy_statement import Malformed, canned, statement
from edgesim.rules.reasons import Outcome, SignatureReason
from edgesim.rules.resource_pattern import covers
from edgesim.signatures.keys import verifies
from edgesim.values.headers import Headers
from edgesim.values.message import Request, Response
from edgesim.values.record import record
from edgesim.values.signed import (
    COOKIE_PREFIX,
    COOKIES,
    EXPIRES,
    HASH_ALGORITHM,
    HASHES,
    KEY_PAIR_ID,
    PARAMETERS,
    POLICY,
    SIGNATURE,
    Grant,
    canned_policy,
    decoded,
)
from edgesim.values.uri import cookie_pairs, query_pairs
from edgesim.values.viewer import Arrival


@record
class Judged:
    """What came of it. `url` is the URL that counts, `grant` what the policy allows, as far as it could be read; `by`
    says what was signed."""

    because: SignatureReason
    url: str = ""
    by: str = ""
    key_pair_id: str = ""
    grant: Grant | None = None

    @property
    def lets_in(self) -> bool:
        return self.because in _LET_IN


_LET_IN = (SignatureReason.SIGNED_URL, SignatureReason.SIGNED_COOKIES, SignatureReason.OPTIONS)


def judged(arrival: Arrival, signers: Signers) -> Judged:
    """Whether a request may go on in a behavior with these signers."""
    request = arrival.request
    if request.method == "OPTIONS":
        # documented: private-content-signed-urls, for the preflight requests of CORS, which have no credentials
        return Judged(SignatureReason.OPTIONS)
    in_url = _parameters(request)
    given = in_url or _cookies(request)
    if not given:
        return Judged(SignatureReason.MISSING)
    url = f"{arrival.viewer.protocol}://{request.headers.get('host') or ''}{unsigned_target(request)}"
    seen = Judged(SignatureReason.KEY_MISSING, url, "URL" if in_url else "cookies", given.get(KEY_PAIR_ID, ""))
    because, grant = _signature(given, url, signers)
    if because is None and grant is not None:
        because = _conditions(arrival, grant, url)
    allowed = SignatureReason.SIGNED_URL if in_url else SignatureReason.SIGNED_COOKIES
    return replace(seen, because=because or allowed, grant=grant)


# ── what the request says ────────────────────────────────────────────────────


def _parameters(request: Request) -> dict[str, str]:
    """The parameters of a signed URL. inferred: of several of one name the first, and percent-encoding is undone"""
    found: dict[str, str] = {}
    for name, pair in query_pairs(request.query):
        if name in PARAMETERS:
            found.setdefault(name, unquote(pair.partition("=")[2], "latin-1"))
    return found


def _cookies(request: Request) -> dict[str, str]:
    """documented: names are case-sensitive; inferred: of several of one name the first"""
    found: dict[str, str] = {}
    for name, pair in cookie_pairs(request.headers.all("cookie")):
        if name in COOKIES:
            found.setdefault(name.removeprefix(COOKIE_PREFIX), pair.partition("=")[2])
    return found


def unsigned_target(request: Request) -> str:
    """Path and query string without the parameters of a signed URL; no question mark where none is left."""
    query = _unsigned_query(request.query)
    return f"{request.path}?{query}" if query else request.path


def _unsigned_query(query: str) -> str:
    return "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in PARAMETERS)


def unsigned(request: Request) -> Request:
    """The request as it goes on behind the check: without the parameters (documented: QueryStringParameters), and
    without the cookies. documented: those never make the cache keep separate files; inferred: as the parameters, they
    are for CloudFront alone, and do not reach the origin."""
    return replace(request, query=_unsigned_query(request.query), headers=_unsigned_headers(request.headers))


def _unsigned_headers(headers: Headers) -> Headers:
    lines = headers.all("cookie")
    if not any(COOKIE_PREFIX in line for line in lines):
        return headers
    kept = [(name, _unsigned_cookies(value)) if name.lower() == "cookie" else (name, value) for name, value in headers]
    return Headers((name, value) for name, value in kept if value or name.lower() != "cookie")


def _unsigned_cookies(line: str) -> str:
    parts = [part.strip() for part in line.split(";")]
    return "; ".join(part for part in parts if part.partition("=")[0] not in COOKIES)


# ── the checks ───────────────────────────────────────────────────────────────


def _signature(given: Mapping[str, str], url: str, signers: Signers) -> tuple[SignatureReason | None, Grant | None]:
    """Why the signature does not hold, None where it does; and what is granted, where that can be read."""
    if not (key_pair_id := given.get(KEY_PAIR_ID)):
        return SignatureReason.KEY_MISSING, None
    if (public_key := signers.keys.get(key_pair_id)) is None:
        return SignatureReason.KEY_UNKNOWN, None
    if POLICY not in given and EXPIRES not in given:
        return SignatureReason.POLICY_MISSING, None
    try:
        signed, grant = _policy(given, url)
    except Malformed:
        return SignatureReason.POLICY_MALFORMED, None
    if not given.get(SIGNATURE):
        return SignatureReason.SIGNATURE_MISSING, grant
    if (signature := decoded(given[SIGNATURE])) is None:
        return SignatureReason.SIGNATURE_MALFORMED, grant
    if (hashed := given.get(HASH_ALGORITHM, HASHES[0])) not in HASHES:
        return SignatureReason.HASH_UNKNOWN, grant
    if not verifies(public_key, signed, signature, hashed):
        return SignatureReason.SIGNATURE_WRONG, grant
    return None, grant


def _policy(given: Mapping[str, str], url: str) -> tuple[bytes, Grant]:
    """The bytes that must have been signed, and what they grant. Raises Malformed. inferred: of Policy and Expires
    the first counts"""
    if POLICY not in given:
        grant = canned(url, given[EXPIRES])
        return canned_policy(url, grant.expires).encode(), grant
    if (policy := decoded(given[POLICY])) is None:
        raise Malformed
    return policy, statement(policy)


def _conditions(arrival: Arrival, grant: Grant, url: str) -> SignatureReason | None:
    """documented: access ends at DateLessThan, and begins after DateGreaterThan; an IP range is one of IPv4"""
    if arrival.at >= grant.expires:
        return SignatureReason.EXPIRED
    if grant.starts is not None and arrival.at <= grant.starts:
        return SignatureReason.NOT_YET
    if grant.ip is not None and not _within(arrival.viewer.ip, grant.ip):
        return SignatureReason.OTHER_ADDRESS
    # What is canned is for this very URL: its policy was made of it
    if grant.resource is not None and grant.resource != url and not covers(grant.resource, url):
        return SignatureReason.OTHER_RESOURCE
    return None


def _within(ip: str, network: str) -> bool:
    try:
        return IPv4Address(ip.removeprefix("::ffff:")) in IPv4Network(network, strict=False)
    except AddressValueError:
        return False


# ── what the viewer is told ──────────────────────────────────────────────────

_MISSING_KEY = "MissingKey", "Missing Key-Pair-Id query parameter or cookie value"
_MALFORMED_POLICY = "MalformedPolicy", "Malformed Policy"
_MALFORMED_SIGNATURE = "MalformedSignature", "Could not unencode Signature"
_ACCESS_DENIED = "AccessDenied", "Access denied"

ERRORS: Mapping[SignatureReason, tuple[str, str]] = {
    # observed: the codes and texts of these; documented: the first, also for an empty Key-Pair-Id (knowledge center)
    SignatureReason.MISSING: _MISSING_KEY,
    SignatureReason.KEY_MISSING: _MISSING_KEY,
    SignatureReason.KEY_UNKNOWN: ("InvalidKey", "Unknown Key"),
    SignatureReason.POLICY_MALFORMED: _MALFORMED_POLICY,
    SignatureReason.POLICY_MISSING: _MALFORMED_POLICY,  # observed for cookies (aws-sdk-js-v3#4516)
    SignatureReason.SIGNATURE_MALFORMED: _MALFORMED_SIGNATURE,
    # inferred: no capture of these is known
    SignatureReason.SIGNATURE_MISSING: _MALFORMED_SIGNATURE,
    SignatureReason.HASH_UNKNOWN: _ACCESS_DENIED,
    SignatureReason.SIGNATURE_WRONG: _ACCESS_DENIED,
    SignatureReason.EXPIRED: _ACCESS_DENIED,
    SignatureReason.NOT_YET: _ACCESS_DENIED,
    SignatureReason.OTHER_ADDRESS: _ACCESS_DENIED,
    SignatureReason.OTHER_RESOURCE: _ACCESS_DENIED,
}
"""Code and message of the page, by what was wrong."""

_PAGE = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'


def refusal(because: SignatureReason) -> Refusal:
    """observed: status, headers and the page, byte for byte"""
    code, message = ERRORS[because]
    body = _PAGE.format(code=code, message=message).encode("ascii")
    headers = Headers((("Server", "CloudFront"), ("Content-Type", "text/xml"), ("Content-Length", str(len(body)))))
    return Refusal(Response(403, headers, body), Outcome.ERROR, because)
