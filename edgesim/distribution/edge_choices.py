"""The questions of choices.py that are about the edge itself: its cache, its headers, its origins.

A class is a question: its docstring says what is asked, what is known, and why the first answer is the default.
"""

from __future__ import annotations

from edgesim.distribution.alternative import Alternative

# ── freshness ─────────────────────────────────────────────────────────────────


class OriginAge(Alternative):
    """What does an Age mean that the origin sends?

    No page says so. It is taken off what the response's own max-age, s-maxage or Expires gives, and added to the Age
    that viewers get, as RFC 9111 §4.2 has it: an object that another cache has held is no younger for passing through
    this one. An Age that can't be read counts as old, as an Expires that can't be read does.
    """

    COUNTED = "counted", "it is taken off the TTL and added to the Age; one that is no single number means expired"
    FIRST_NUMBER = "first-number", "so, but of several the first one counts, and what is no number counts for nothing"
    IGNORED = "ignored", "nothing: TTL and Age start at 0 when the response comes"


class ExpiresFrom(Alternative):
    """From when on does Expires count?

    documented: until that date (Expiration), and that an origin's Date has to be accurate for caching
    (RequestAndResponseBehaviorCustomOrigin); not what holds where the two clocks differ. From Date, as RFC 9111 §4.2.1
    has it, so that an origin whose clock is not this one's is understood, also after `edgesim clock advance`.
    """

    DATE = "date", "from the response's Date: the TTL is Expires less Date"
    RECEIPT = "receipt", "from when the response comes: the TTL is Expires less the time by CloudFront's clock"


# ── stale objects ─────────────────────────────────────────────────────────────


class StaleLimit(Alternative):
    """From when on does the maximum TTL bound the serving of a stale object?

    documented: after the maximum TTL a stale object is not available (Expiration), but not from when on it counts. From
    the fetch, as for every other TTL.
    """

    FROM_FETCH = "from-fetch", "from when the object was fetched or last revalidated"
    FROM_EXPIRY = "from-expiry", "from when its TTL was over"


class HoldAfterError(Alternative):
    """After a stale object took the place of an error, when is the origin asked again?

    documented: after the error caching minimum TTL (HTTPStatusCodes); observed: with stale-if-error and an origin that
    times out every request waited for it anew (dev.classmethod.jp, 2026-07-22). As documented.
    """

    MIN_TTL = "error-caching-min-ttl", "after the error caching minimum TTL of the status"
    NEVER = "next-request", "at the next request"


class WhileRevalidatedResult(Alternative):
    """What does X-Cache say of a stale object that stale-while-revalidate lets answer?

    No page says so. Hit, since it comes from the cache and nobody waits for the origin.
    """

    HIT = "hit", "Hit"
    REFRESH_HIT = "refresh-hit", "RefreshHit"


class InsteadOfErrorResult(Alternative):
    """What does X-Cache say of a stale object that takes the place of an error?

    observed: RefreshHit (stackoverflow.com, question 71778683), without stale-if-error. So with it too.
    """

    REFRESH_HIT = "refresh-hit", "RefreshHit"
    HIT = "hit", "Hit"
    ERROR = "error", "Error"


class ForbiddenInOutage(Alternative):
    """Does an object with no-store or private answer where the origin fails?

    documented: the object got before is served where the minimum or the maximum TTL is above 0, unless it says
    stale-if-error=0 (Expiration, the warning below the table); observed: while the origin answers it never does.
    """

    SERVED = "served", "yes: it is kept for this case alone"
    NEVER = "never", "no: it is not kept"


class StaleAfterFailedFunction(Alternative):
    """Does a stale object take the place of the error, where a function at the origin fails?

    documented: it takes the place of an error that the origin gives (Expiration); nothing is said of functions. Not, as
    for a function at the viewer: a function that fails is to be noticed.
    """

    ERROR = "error", "no: the viewer gets the 502 or 503"
    STALE = "stale", "yes, as for an error that the origin gives"


# ── response headers policies ─────────────────────────────────────────────────


class ResponseHeadersPolicyOrder(Alternative):
    """Is the response headers policy applied before or after the viewer-response function?

    documented: before (AWS's announcement, "Amazon CloudFront introduces Response Headers Policies"), so that the
    function sees what the policy did and has the last word; the guide does not say. As announced.
    """

    BEFORE_FUNCTION = "before-function", "the function sees and may change the policy's headers"
    AFTER_FUNCTION = "after-function", "the policy has the last word"


class CorsExposeHeaders(Alternative):
    """Does a policy send Access-Control-Expose-Headers to requests that are no preflight?

    documented, in contradiction: to CORS requests (understanding-response-headers-policies), and to preflight requests
    alone (using-managed-response-headers-policies). To every CORS request, since browsers read it there only.
    """

    EVERY_CORS_REQUEST = "every-cors-request", "to every request with Origin"
    PREFLIGHT = "preflight", "to preflight requests alone"


class CorsVary(Alternative):
    """Does a policy with CORS headers add `Vary: Origin`?

    No page says so. observed: for a policy that allows `*`, answers to requests without Origin have it, those to
    requests with one do not (ttoss#1205, ttoss#1206). So wherever the answer is not the same for every Origin.
    """

    VARYING = "varying", "unless the answer allows *"
    NEVER = "never", "Vary stays what it was"


# ── origins ───────────────────────────────────────────────────────────────────


class MissingObject(Alternative):
    """What does a bucket that a directory plays say of an object that it does not have?

    documented: NoSuchKey to callers who may list the bucket, AccessDenied to all others (http-403-permission-denied);
    who may is the bucket policy's to say. By that, and AccessDenied where none is known, as the policy that CloudFront
    proposes allows no listing. Website endpoints always say NoSuchKey.
    """

    BY_POLICY = "by-policy", "404 where a bucket policy in the template allows s3:ListBucket, else 403"
    NO_SUCH_KEY = "no-such-key", "404 NoSuchKey"
    ACCESS_DENIED = "access-denied", "403 AccessDenied"


class FailoverStatus(Alternative):
    """By which status does an origin group fail over, where origin-response changes it?

    documented: by the one that the primary origin returns (high_availability_origin_failover); of origin-response
    nothing is said. The origin's own, as it says.
    """

    ORIGINS = "origins", "the origin's own"
    AFTER_ORIGIN_RESPONSE = "after-origin-response", "the one that origin-response left"


class OriginResponseBeforeFailover(Alternative):
    """Does origin-response run for the primary origin's answer, where the group fails over?

    documented: functions at the origin can run twice for one viewer request (lambda-and-origin-failover), not which.
    It runs, since it runs for every status that an origin sends.
    """

    RUNS = "runs", "it runs, and again for the secondary's answer"
    SKIPPED = "skipped", "it runs for the secondary's answer alone"


class FailedFunctionFailover(Alternative):
    """Does an origin group fail over, where a function at the primary origin fails?

    documented: at statuses of the primary origin, and where it can't be reached (high_availability_origin_failover).
    So not: the error is CloudFront's own.
    """

    NEVER = "never", "no: what the origin did decides alone"
    BY_STATUS = "by-status", "where the group lists the function's 502 or 503"


class OriginSslProtocols(Alternative):
    """What does OriginSSLProtocols list?

    documented, in contradiction: the oldest version that CloudFront speaks (the API's CustomOriginConfig), all those
    that it speaks (DownloadDistValuesOrigin, of the API). The oldest, since CloudFormation's own default (TLSv1 and
    SSLv3) could else reach no server of today.
    """

    MINIMUM = "minimum", "the oldest of them and everything newer"
    LISTED = "listed", "those alone, and TLSv1.3 beside TLSv1.2"


# ── signed URLs ───────────────────────────────────────────────────────────────


class SignatureAtViewerRequest(Alternative):
    """Does a viewer-request function see the parameters or cookies that signed a request?

    documented: the origin does not get the parameters (QueryStringParameters); of the function, which runs after they
    were judged (inferred), no page speaks. Removed, since nothing behind the check needs them.
    """

    REMOVED = "removed", "they are gone by then"
    SHOWN = "shown", "it sees them; they are removed after it"


# ── access logs ───────────────────────────────────────────────────────────────


class LoggedUri(Alternative):
    """Which URI has the access log, where a viewer-request function changed it?

    documented: cs-uri-stem is the part of the request URL that is the path (standard-logs-reference); of functions
    nothing is said. The viewer's own, since the log is about what viewers ask for.
    """

    VIEWERS = "viewers", "what the viewer asked for"
    REWRITTEN = "rewritten", "what viewer-request made of it"


class GeneratedResult(Alternative):
    """As what is a function's response logged?

    documented: of what origin-request generates, MissGeneratedResponse as the detailed result type, and no word of its
    own among the result types (standard-logs-reference); observed: LambdaGeneratedResponse, which readers of these logs
    had to add. The observed one, as in X-Cache.
    """

    LAMBDA_GENERATED = "lambda-generated", "LambdaGeneratedResponse"
    MISS = "miss", "Miss, as a value that the page has"
