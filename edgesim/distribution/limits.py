"""Every number AWS publishes that edgesim acts on, each with its source and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from edgesim.distribution.findings import closest
from edgesim.errors import ConfigError

KB = 1024  # inferred: the guide's KB are 1,024 bytes
MB = 1024 * KB

# documented: cloudfront-limits, current edition; those that the editions differ in are in LIMITS below
DISTRIBUTIONS_IN_A_CHAIN = 2
URL_BYTES = 8_192
REQUEST_HEAD_BYTES = 32_768
ORIGIN_RESPONSE_HEAD_BYTES = 32_768

# documented: cloudfront-limits, "WebSocket: idle timeout", without a byte from the origin
WEBSOCKET_IDLE_SECONDS = 600.0

# documented: RangeGETs; a larger object is not fetched where caching is enabled
CACHEABLE_OBJECT_BYTES = 50 * 1024 * MB

# documented: edge-functions-restrictions, request body with Include Body
VIEWER_REQUEST_BODY_BYTES = 40 * KB
ORIGIN_REQUEST_BODY_BYTES = 1 * MB

# documented: cloudfront-limits, size of a generated response, headers and body
VIEWER_GENERATED_BYTES = 40 * KB
ORIGIN_GENERATED_BYTES = 1 * MB

# documented: cloudfront-limits; URI and query string as a function returns them
FUNCTION_URI_CHARS = 8_192

# documented: cloudfront-limits, current edition: 30 s for every trigger
FUNCTION_TIMEOUT_SECONDS = 30

# documented: Lambda's defaults
DEFAULT_FUNCTION_TIMEOUT_SECONDS = 3
DEFAULT_FUNCTION_MEMORY_MB = 128

# documented: Lambda's guide, lambda-concurrency: invocations at once, per account and Region; what reservations must
# leave to functions without one
ACCOUNT_CONCURRENCY = 1_000
UNRESERVED_CONCURRENCY_MIN = 100

# documented: RequestAndResponseBehaviorCustomOrigin, DownloadDistValuesOrigin
CONNECTION_ATTEMPTS = 3
CONNECTION_TIMEOUT_SECONDS = 10
ORIGIN_READ_TIMEOUT_SECONDS = 30
ORIGIN_KEEPALIVE_TIMEOUT_SECONDS = 5

# documented: cloudfront-limits
ORIGIN_CUSTOM_HEADERS = 30

# documented: ServingCompressedFiles
COMPRESSED_FROM_BYTES = 1_000
COMPRESSED_UP_TO_BYTES = 10_000_000

# documented: HTTPStatusCodes, the error caching minimum TTL where no CustomErrorResponse sets one.
# The API's default inside a CustomErrorResponse is 300.
ERROR_CACHING_MIN_TTL_SECONDS = 10
CONFIGURED_ERROR_CACHING_MIN_TTL_SECONDS = 300


class Limit(StrEnum):
    """Limits of the execution platform that `--relax` lifts, one by one; the values are its words."""

    TIMEOUTS = "timeouts"
    MEMORY = "memory"
    CONCURRENCY = "concurrency"
    PACKAGE_SIZE = "package-size"
    ISOLATION = "isolation"


def read_limits(words: Iterable[str]) -> frozenset[Limit]:
    """The limits that texts such as `timeouts,memory` name. Raises ConfigError for a word that is none of them."""
    named = [word.strip() for text in words for word in text.split(",")]
    return frozenset(_limit(word) for word in named if word)


def _limit(word: str) -> Limit:
    name = word.lower().replace("_", "-")
    if name in list(Limit):
        return Limit(name)
    known = f"the limits are {', '.join(Limit)}"
    raise ConfigError(f"there is no limit {word!r} to relax", closest(name, Limit) or known)


@dataclass(frozen=True, slots=True)
class PackageLimits:
    """How large a function's package may be, in bytes.

    documented: Lambda's guide, gettingstarted-limits (zipped for an upload, unzipped with everything in it);
    cloudfront-limits, the zip of any trigger's function in the current edition
    """

    zipped: int = 50 * MB
    unzipped: int = 250 * MB


# ── what the editions of the guide differ in ─────────────────────────────────


class Edition(StrEnum):
    """The edition of AWS's guide whose limits hold; the values are the words of `--limits`."""

    CURRENT = "current"
    OF_2023 = "2023"


@dataclass(frozen=True, slots=True)
class FunctionLimits:
    """What a function may have at a trigger: seconds, megabytes, bytes of its zip."""

    timeout: float
    memory_mb: int
    code_bytes: int


@dataclass(frozen=True, slots=True)
class Limits:
    """One edition. `viewer` and `origin` are for the two triggers of either side; `cuts_replaced_bodies`: a request
    body that a function wrote too long is cut at the limit instead of being refused."""

    request_head_bytes: int
    viewer: FunctionLimits
    origin: FunctionLimits
    cuts_replaced_bodies: bool
    execution_error_status: int


# documented: Lambda's quotas, then and now the same
_LAMBDA = FunctionLimits(FUNCTION_TIMEOUT_SECONDS, 10_240, 50 * MB)

LIMITS: Mapping[Edition, Limits] = MappingProxyType(
    {
        # documented: cloudfront-limits, lambda-at-edge-function-restrictions, http-503-service-unavailable
        Edition.CURRENT: Limits(
            request_head_bytes=REQUEST_HEAD_BYTES,
            viewer=_LAMBDA,
            origin=_LAMBDA,
            cuts_replaced_bodies=False,
            execution_error_status=503,
        ),
        # documented in March 2023: cloudfront-limits, edge-functions-restrictions, http-500-lambda-execution-error;
        # edge-functions (3,008 MB)
        Edition.OF_2023: Limits(
            request_head_bytes=20_480,
            viewer=FunctionLimits(5, 128, 1 * MB),
            origin=FunctionLimits(FUNCTION_TIMEOUT_SECONDS, 3_008, 50 * MB),
            cuts_replaced_bodies=True,
            execution_error_status=500,
        ),
    }
)
