"""Why. One member is at once the line in `edgesim explain`, the expectation in a scenario and the row in the docs."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The result that X-Cache and the logs carry.

    documented: standard-logs-reference, functions-tutorial; observed: the Lambda* spellings
    """

    HIT = "Hit"
    MISS = "Miss"
    REFRESH_HIT = "RefreshHit"
    ERROR = "Error"
    REDIRECT = "Redirect"
    LAMBDA_GENERATED = "LambdaGeneratedResponse"
    LAMBDA_EXECUTION_ERROR = "LambdaExecutionError"
    LAMBDA_VALIDATION_ERROR = "LambdaValidationError"
    LAMBDA_LIMIT_EXCEEDED = "LambdaLimitExceeded"


class ArrivalReason(StrEnum):
    """What happened to a request before any function or cache saw it."""

    ACCEPTED = "accepted"
    REDIRECTED_TO_HTTPS = "redirected to HTTPS by the viewer protocol policy"
    HTTPS_ONLY = "refused: the behavior takes HTTPS only"
    METHOD_NOT_ALLOWED = "refused: the behavior does not allow this method"
    BODY_WITH_GET = "refused: GET with a body"
    URL_TOO_LONG = "refused: the URL is longer than 8,192 bytes"
    HEAD_TOO_BIG = "refused: request line and headers are larger than CloudFront takes"
    UNKNOWN_HOST = "refused: no distribution has this host name"
    DISABLED = "refused: the distribution is disabled"
    STAGING = "refused: viewers get to a staging distribution through its primary distribution only"
    CHAIN_TOO_LONG = "refused: the request has come through two distributions already"
    GEO_BLOCKED = "refused: the distribution is not served in the viewer's country"


class DeploymentReason(StrEnum):
    """Which distribution answers where a continuous deployment policy is attached."""

    HEADER = "staging distribution: the request has the policy's header"
    NO_HEADER = "primary distribution: the request does not have the policy's header"
    DRAWN = "staging distribution: drawn by the policy's weight"
    NOT_DRAWN = "primary distribution: not drawn by the policy's weight"
    SESSION_IN_STAGING = "staging distribution: the viewer's session is there"
    SESSION_IN_PRIMARY = "primary distribution: the viewer's session is there"
    DISABLED = "primary distribution: the continuous deployment policy is disabled"
    NO_STAGING = "primary distribution: the policy's staging distribution is not there"


class SignatureReason(StrEnum):
    """Whether a signed URL or signed cookies let a viewer in, where a behavior wants them."""

    SIGNED_URL = "the signed URL is valid"
    SIGNED_COOKIES = "the signed cookies are valid"
    OPTIONS = "not asked for: OPTIONS needs no signature"
    MISSING = "refused: neither a signed URL nor signed cookies"
    KEY_MISSING = "refused: there is no Key-Pair-Id"
    KEY_UNKNOWN = "refused: the behavior does not trust this Key-Pair-Id"
    POLICY_MISSING = "refused: there is neither Expires nor Policy"
    POLICY_MALFORMED = "refused: the policy can't be read"
    SIGNATURE_MISSING = "refused: there is no Signature"
    SIGNATURE_MALFORMED = "refused: the signature can't be decoded"
    HASH_UNKNOWN = "refused: Hash-Algorithm is neither SHA1 nor SHA256"
    SIGNATURE_WRONG = "refused: the signature is not that of this URL and policy by this key"
    EXPIRED = "refused: the policy has expired"
    NOT_YET = "refused: the policy does not hold yet"
    OTHER_ADDRESS = "refused: the policy is for another IP address"
    OTHER_RESOURCE = "refused: the policy is for another URL"


class BehaviorReason(StrEnum):
    """Why this cache behavior."""

    FIRST_MATCH = "first path pattern that matches"
    DEFAULT = "no path pattern matches: default behavior"


class RootReason(StrEnum):
    """The default root object."""

    DEFAULT_ROOT_OBJECT = "path is / : default root object"


class LookUpReason(StrEnum):
    """What the cache had."""

    FRESH = "fresh"
    STALE = "stale"
    WHILE_REVALIDATED = "stale-while-revalidate: stale, and fetched anew in the background"
    HELD = "stale, and the origin failed a moment ago"
    NOT_STORED = "not in the cache"
    WAITED = "waited for the same object, then fresh"
    CACHING_DISABLED = "not looked up: the cache policy disables caching"
    METHOD_NOT_CACHED = "not looked up: the behavior does not cache this method"
    WEBSOCKET = "not looked up: the viewer asks for a WebSocket"


class TtlReason(StrEnum):
    """Where a TTL came from. documented: Expiration, first table"""

    NO_STORE = "no-store"
    NO_CACHE = "no-cache"
    PRIVATE = "private"
    S_MAXAGE = "s-maxage"
    MAX_AGE = "max-age"
    EXPIRES = "Expires"
    DEFAULT = "default TTL"
    ERROR_MIN_TTL = "error caching minimum TTL"
    VARY_STAR = "Vary: *"


class TtlBound(StrEnum):
    """What moved a TTL from what the origin asks: an end of the policy's range, or the Age it sent."""

    MIN = "raised to the minimum TTL"
    MAX = "capped at the maximum TTL"
    AGE = "less the Age that the origin sent"
    AGE_UNREADABLE = "expired, since the Age that the origin sent can't be read"


class StoreReason(StrEnum):
    """Whether a response is kept."""

    STORED = "stored"
    STORED_FOR_REVALIDATION = "stored, to be revalidated each time"
    FOR_OUTAGES = "but kept for the case that the origin can't be reached"
    PART_STORED = "stored as a part of the object"
    ERROR_STORED = "stored as an error"
    CACHING_DISABLED = "not stored: the cache policy disables caching"
    METHOD = "not stored: the method is not cached"
    WEBSOCKET = "not stored: it answers the handshake of a WebSocket"
    NO_STORE = "not stored: no-store"
    PRIVATE = "not stored: private"
    PARTIAL = "not stored: part of an object"
    NOT_MODIFIED = "not stored: the origin's 304 answers the viewer's own condition"
    ERROR_WITHOUT_MAX_AGE = "not stored: an error of this status needs max-age or s-maxage"
    ERROR_NEVER = "not stored: errors of this status never are"
    FUNCTION_FAILED = "not stored: a function failed"
    TOO_LARGE = "not stored: larger than the cache takes"


class SharingReason(StrEnum):
    """Cautions: what is stored, and given to other viewers, though it is one viewer's. Nothing is done about it."""

    VARIES = "caution: its Vary names a header that is not in the cache key"
    SETS_COOKIES = "caution: stored with its Set-Cookie"
    GIVEN_DESPITE_VARY = "caution: stored for a request that differs in a header that its Vary names"
    COOKIES_GIVEN = "caution: the Set-Cookie of another viewer's answer"


class CompressionReason(StrEnum):
    """Whether the edge compresses a response. documented: ServingCompressedFiles"""

    BROTLI = "compressed with brotli"
    GZIP = "compressed with gzip"
    NOT_ENABLED = "not compressed: the cache policy enables neither gzip nor brotli"
    NOT_ACCEPTED = "not compressed: the viewer accepts none of the enabled codings"
    STATUS = "not compressed: only 200, 403 and 404 are"
    ENCODED = "not compressed: it has a Content-Encoding already"
    NO_LENGTH = "not compressed: it has no Content-Length, or no body"
    SIZE = "not compressed: only from 1,000 to 10,000,000 bytes"
    TYPE = "not compressed: its Content-Type is not one that is"


class RevalidationReason(StrEnum):
    """What became of a stale object."""

    ASKED = "asks the origin with the stored validator"
    NO_VALIDATOR = "fetches anew: the stored object has no validator"
    COOKIES_FORWARDED = "fetches anew: cookies are forwarded"
    VARY_STAR = "fetches anew: Vary: *"
    REVALIDATED = "revalidated"
    CHANGED = "changed at the origin"


class OriginReason(StrEnum):
    """What the origin did."""

    ANSWERED = "answered"
    FAILED = "failed"


class FailoverReason(StrEnum):
    """Whether an origin group's secondary origin is asked. documented: high_availability_origin_failover"""

    STATUS = "the primary origin's status is one to fail over at"
    NOT_CONNECTED = "the primary origin can't be connected to"
    TIMED_OUT = "the primary origin did not answer in time"
    NO_ANSWER = "the primary origin's answer can't be used"
    STATUS_NOT_LISTED = "no failover: the status is not one to fail over at"
    FAILURE_NOT_LISTED = "no failover: the group does not list the status that stands for this failure"
    METHOD = "no failover: only for GET, HEAD, and OPTIONS where that is cached"


class StaleReason(StrEnum):
    """Whether a stale object takes the place of an error. documented: Expiration, HTTPStatusCodes"""

    STALE_IF_ERROR = "stale-if-error: the stored object instead of the error"
    ORIGIN_FAILED = "the origin failed: the stored object instead of the error"
    SWITCHED_OFF = "stale-if-error=0: the error, though there is a stored object"
    TOO_OLD = "the stored object is too old to stand in for the error"
    ORIGIN_ANSWERS = "the error: an object with no-store or private only stands in for an origin out of reach"


class HookReason(StrEnum):
    """Whether a function ran at its trigger, and what came of it."""

    PASSED = "ran: passed on unchanged"
    CHANGED = "ran: changed"
    GENERATED = "ran: generated a response"
    FAILED = "ran: failed"
    REJECTED = "ran: its result is not valid"
    SKIPPED_GENERATED = "not run: the viewer-request function generated the response"
    SKIPPED_ERROR_STATUS = "not run: the status is 400 or higher"
    SKIPPED_ORIGIN_GENERATED = "not run: the origin-request function generated the response"
    SKIPPED_UNRESOLVED = "not run: the origin's name can't be resolved"
    SKIPPED_NO_ORIGIN_RESPONSE = "not run: there is no origin response"
    SKIPPED_FAILOVER = "not run: the secondary origin is asked"
    SKIPPED_FUNCTION_FAILED = "not run: a function failed before"
    SKIPPED_REDIRECT = "not run: redirect to HTTPS"
    SKIPPED_WEBSOCKET = "not run: a WebSocket begins"
    SKIPPED_ERROR_PAGE = "not run: custom error page"


class ErrorPageReason(StrEnum):
    """A custom error response."""

    SUBSTITUTED = "custom error page"
    PAGE_FAILED = "the custom error page could not be fetched: its own status goes to the viewer"


class HeadersPolicyReason(StrEnum):
    """What a response headers policy did to the head of a response."""

    APPLIED = "the policy adds, replaces or removes headers"
    NOTHING_TO_CHANGE = "the policy has no header to add, replace or remove"


class CorsReason(StrEnum):
    """The CORS headers of a response headers policy."""

    GIVEN = "CORS headers: the policy allows this origin"
    PREFLIGHT = "CORS headers of a preflight request: the policy allows this origin"
    NOT_ASKED = "no CORS headers: the viewer sent no Origin"
    ORIGIN_NOT_ALLOWED = "no CORS headers: the policy does not allow this origin"
    ORIGINS_OWN = "no CORS headers of the policy: it does not override, and the origin sent its own"


class ServerTimingReason(StrEnum):
    """Whether a response headers policy adds Server-Timing."""

    ASKED_FOR = "Server-Timing: asked for with Pragma"
    SAMPLED = "Server-Timing: sampled"
    NOT_SAMPLED = "no Server-Timing: not sampled"


class DeliveryReason(StrEnum):
    """The last decisions about what the viewer gets."""

    WHOLE = "whole response"
    NOT_MODIFIED = "the viewer's validator matches: 304"
    PART = "the range that the viewer asked for"
    PARTS = "the ranges that the viewer asked for"
    PART_OF_PART = "the range that the viewer asked for, from a stored part"
    RANGE_NOT_SATISFIABLE = "the range lies beyond the end"


class Rejection(StrEnum):
    """Why a function's result is refused; the values are the sentences of CloudFront's error page.

    observed: the texts, in public reports; inferred: those marked so below
    """

    NOT_JSON = "The Lambda function returned invalid json: The json output is not parsable."
    NOT_AN_OBJECT = "The Lambda function returned invalid JSON: The JSON output must be an object type."
    HEADERS_ENTRY_NOT_AN_ARRAY = (
        "The Lambda function returned an invalid entry in the headers object: "
        "Each header entry in the headers object must be an array."
    )
    DISALLOWED_HEADER = "The Lambda function result failed validation: The function tried to add a blacklisted header."
    READ_ONLY_HEADER = (
        "The Lambda function result failed validation: The function tried to add, delete, or change a read-only header."
    )
    BODY = (
        "The Lambda function result failed validation: "
        "The body is not a string, is not an object, or exceeds the maximum size."
    )
    URI = "The Lambda function result failed validation: The specified URI is in an invalid format."
    # inferred: no capture of the texts below is known
    HEADERS_NOT_AN_OBJECT = (
        "The Lambda function returned an invalid entry in the headers object: The headers must be an object."
    )
    HEADER_VALUE = (
        "The Lambda function returned an invalid entry in the headers object: "
        "The value of each header entry must be a string or an array of strings."
    )
    HEADER_CHARACTERS = (
        "The Lambda function returned an invalid entry in the headers object: "
        "A header name or value contains invalid characters."
    )
    HEADER_NAME = (
        "The Lambda function returned an invalid entry in the headers object: "
        "The key of each header entry must be its name, and no name may be there twice."
    )
    STATUS = "The Lambda function result failed validation: The status is not a number from 200 to 599."
    STATUS_CHANGED = "The Lambda function result failed validation: The status cannot be changed at this trigger."
    BODY_NOT_ALLOWED = "The Lambda function result failed validation: A response of this status cannot have a body."
    BODY_ENCODING = "The Lambda function result failed validation: The body encoding is neither text nor base64."
    BASE64 = "The Lambda function result failed validation: The body is not valid base64."
    METHOD_CHANGED = "The Lambda function result failed validation: The method cannot be changed."
    CLIENT_IP_CHANGED = "The Lambda function result failed validation: The clientIp cannot be changed."
    QUERY_STRING = "The Lambda function result failed validation: The query string is in an invalid format."
    ORIGIN = "The Lambda function result failed validation: The origin object is not valid."
