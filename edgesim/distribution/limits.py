"""Every number AWS publishes that edgesim acts on, each with its source and how sure it is."""

from __future__ import annotations

from enum import StrEnum

KB = 1024  # inferred: the guide's KB are 1,024 bytes
MB = 1024 * KB

# documented: cloudfront-limits (2023: 20,480 for request line and headers)
URL_BYTES = 8_192
REQUEST_HEAD_BYTES = 32_768
ORIGIN_RESPONSE_HEAD_BYTES = 32_768

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

# documented: RequestAndResponseBehaviorCustomOrigin, DownloadDistValuesOrigin
CONNECTION_ATTEMPTS = 3
CONNECTION_TIMEOUT_SECONDS = 10
ORIGIN_READ_TIMEOUT_SECONDS = 30
ORIGIN_KEEPALIVE_TIMEOUT_SECONDS = 5

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
