"""What CloudFront does where no page of AWS's says so: one question each, its possible answers, and the one we take.

A class below is a question: its docstring says what is asked, what is known, and why the first answer is the default.
`Choices` is the table of the answers that hold. Flip one with `--choice NAME=VALUE`, with `[choices]` in edgesim.toml
or with `choices:` in a scenario; names are those of the fields, with hyphens. Nothing else in edgesim is switchable:
what is documented or observed without contradiction is a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from inspect import cleandoc
from typing import Any, Self, get_type_hints

from edgesim.distribution.findings import closest
from edgesim.errors import ConfigError


class Alternative(StrEnum):
    """One possible answer: the word for it, and what it means."""

    meaning: str

    def __new__(cls, word: str, meaning: str = "") -> Self:
        """A member whose value is the word."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member


# ── what a function returns ──────────────────────────────────────────────────


class StatusAtViewerResponse(Alternative):
    """What becomes of a status that viewer-response changes?

    documented: it can't be changed (edge-functions-restrictions); the consequence is not. Refused, since an attempt on
    anything else that is read-only fails, and since a function that relies on it is noticed.
    """

    REFUSED = "refused", "502, the result is not valid"
    IGNORED = "ignored", "the status stays what it was"


class BodyAtViewerResponse(Alternative):
    """What becomes of a body that viewer-response returns?

    documented: only headers can be changed there (lambda-updating-http-responses). Ignored, since handlers that serve
    several triggers return one and are not known to fail.
    """

    IGNORED = "ignored", "the body stays what it was"
    REFUSED = "refused", "502, the result is not valid"


class BodilessStatus(Alternative):
    """Where is a body refused because of the status?

    documented: 204 at viewer-request (lambda-generating-http-responses-in-requests), and nothing else. So nothing else.
    """

    ONLY_204_AT_VIEWER_REQUEST = "204-at-viewer-request", "a 204 with a body at viewer-request"
    EVERY_204 = "204", "a 204 with a body at every trigger that takes one"
    EVERY_204_AND_304 = "204-and-304", "a 204 or 304 with a body at every trigger that takes one"


class EmptyBody(Alternative):
    """Is an empty text a body, where the status allows none?

    No page says so. Ignored, since frameworks set `body: ''` for responses without one.
    """

    IGNORED = "ignored", "only a body of some length counts"
    COUNTED = "counted", "an empty one counts too"


class Base64Size(Alternative):
    """How is a base64 body counted towards 40 KB and 1 MB?

    documented: the limit includes headers and body (cloudfront-limits), not how. Encoded, since the limit is one of
    what the function hands over, and since the request body's base64 quota is given encoded too.
    """

    ENCODED = "encoded", "as the function wrote it"
    DECODED = "decoded", "as the viewer gets it"


class OversizedText(Alternative):
    """Which sentence does the page of a response over the limit have?

    observed, both: the body's (handlers that quote it), and for images over 1 MB at origin triggers the one of JSON
    that is cut off (serverless-next.js#525). The body's, since it names the cause.
    """

    BODY = "body", "the body exceeds the maximum size"
    JSON = "json", "at origin triggers: the JSON output is not parsable"


class MethodChanged(Alternative):
    """What becomes of another method in a returned request?

    documented: read-only (lambda-event-structure); the consequence is not. Refused, as for a read-only header.
    """

    REFUSED = "refused", "502, the result is not valid"
    IGNORED = "ignored", "the method stays what it was"


class HeaderKey(Alternative):
    """Which name counts where an entry's `key` is not the name it stands under?

    inferred: the map's, since a documented example copies an entry, key included, under another name and works only so
    (lambda-examples, "overriding a response header").
    """

    MAP_NAME = "map-name", "the name it stands under"
    KEY = "key", "the entry's own key"
    REFUSED = "refused", "502, the result is not valid"


class HeaderNameTwice(Alternative):
    """What do two names in a headers object mean that differ in case alone?

    No page says so. Merged, since that loses nothing and HTTP has one name for both.
    """

    MERGED = "merged", "one header with the lines of both"
    LAST = "last", "the last one's lines"
    REFUSED = "refused", "502, the result is not valid"


# ── origins ──────────────────────────────────────────────────────────────────


class CustomHeaderTwice(Alternative):
    """What if an origin's custom header is also among the request's headers?

    documented: a name may not be in both (lambda-event-structure); the consequence is not. Refused, since it says may.
    """

    REFUSED = "refused", "502, the result is not valid"
    CUSTOM_HEADER_WINS = "custom-header-wins", "the custom header overwrites the other, as for a viewer's"


class AccessControlAuthMethod(Alternative):
    """Which `authMethod` does an S3 origin with an origin access control show?

    documented: the field knows an access identity and none, and no access control (lambda-event-structure). None,
    since that is what it says of an origin without an identity.
    """

    NONE = "none", "none"
    ORIGIN_ACCESS_IDENTITY = "origin-access-identity", "as with an access identity"


class RegionWithoutIdentity(Alternative):
    """Does an S3 origin without an access identity show its `region`?

    documented: it is needed with an identity (lambda-event-structure); observed: the type definitions of
    @types/aws-lambda forbid it without one. Omitted, so that an event is what a function in TypeScript expects.
    """

    OMITTED = "omitted", "there is no region"
    SHOWN = "shown", "there is one"


class OriginTimeouts(Alternative):
    """Which timeouts may an origin-request function set?

    documented, in contradiction: readTimeout 4 to 60 and keepaliveTimeout 1 to 60 (lambda-event-structure, 2023), 1 to
    120 for origins (cloudfront-limits, now). The wider range, since an origin configured with 90 s has to pass.
    """

    QUOTA_PAGE = "quota-page", "1 to 120 seconds"
    EVENT_PAGE = "event-page", "readTimeout 4 to 60, keepaliveTimeout 1 to 60 seconds"


class Tls13(Alternative):
    """May sslProtocols of an origin have TLSv1.3?

    documented: up to TLSv1.2 (lambda-event-structure, 2023); origins can be configured with TLSv1.3 by now. Accepted,
    since such an origin has to pass unchanged.
    """

    ACCEPTED = "accepted", "it may"
    REFUSED = "refused", "502, the result is not valid"


class MissingObject(Alternative):
    """What does a bucket that a directory plays say of an object that it does not have?

    documented: NoSuchKey to callers who may list the bucket, AccessDenied to all others (http-403-permission-denied);
    who may is the bucket policy's to say. By that, and AccessDenied where none is known, as the policy that CloudFront
    proposes allows no listing. Website endpoints always say NoSuchKey.
    """

    BY_POLICY = "by-policy", "404 where a bucket policy in the template allows s3:ListBucket, else 403"
    NO_SUCH_KEY = "no-such-key", "404 NoSuchKey"
    ACCESS_DENIED = "access-denied", "403 AccessDenied"


class OriginSslProtocols(Alternative):
    """What does OriginSSLProtocols list?

    documented, in contradiction: the oldest version that CloudFront speaks (the API's CustomOriginConfig), all those
    that it speaks (DownloadDistValuesOrigin, of the API). The oldest, since CloudFormation's own default (TLSv1 and
    SSLv3) could else reach no server of today.
    """

    MINIMUM = "minimum", "the oldest of them and everything newer"
    LISTED = "listed", "those alone, and TLSv1.3 beside TLSv1.2"


# ── which page, which trigger ────────────────────────────────────────────────


class FailedFunctionPage(Alternative):
    """Does a function's 502 or 503 get the custom error page of its status?

    documented: 502 and 503 can have one, limit exceeded can't (HTTPStatusCodes); nothing is said of functions. Custom,
    since that is observed for an error that viewer-request generates (cloudfront-authorization-at-edge PR 26).
    """

    CUSTOM = "custom", "the custom error page"
    OWN = "own", "CloudFront's page"


class GeneratedErrorPage(Alternative):
    """Does an error that origin-request generates get the custom error page of its status?

    observed for viewer-request: it does (cloudfront-authorization-at-edge PR 26). So here too; for CloudFront Functions
    it is documented that it does not.
    """

    CUSTOM = "custom", "the custom error page"
    OWN = "own", "what the function wrote"


class ViewerResponseAfterGeneratedError(Alternative):
    """Does viewer-response run after an error that origin-request generated?

    documented: not where the origin returns 400 or higher, not after viewer-request's response
    (lambda-cloudfront-trigger-events). Skipped, since what is cached is treated like the origin's.
    """

    SKIPPED = "skipped", "it does not run"
    RUNS = "runs", "it runs"


class ViewerResponseStatus(Alternative):
    """Which status decides whether viewer-response runs, where origin-response changed it?

    documented: "the origin returns 400 or higher". The new one, since a later hit can know no other.
    """

    NEW = "new", "the one that origin-response set"
    ORIGINS = "origins", "the one that the origin sent, on a miss"


# ── response headers policies ────────────────────────────────────────────────


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


# ── failures ─────────────────────────────────────────────────────────────────


class TimeoutResult(Alternative):
    """As what is a function's time-out reported?

    observed: LambdaExecutionError (serverless-next.js#2014); documented under limit exceeded (http-503-lambda-limit-
    exceeded), and one user cured that by a longer timeout. The observed one.
    """

    EXECUTION_ERROR = "execution-error", "LambdaExecutionError"
    LIMIT_EXCEEDED = "limit-exceeded", "LambdaLimitExceeded, which gets no custom error page"


class ExecutionErrorStatus(Alternative):
    """Which status has the page of a function that throws, times out or crashes?

    documented: 500 in 2023 (http-500-lambda-execution-error), 503 now (http-503-service-unavailable); observed: 503
    always. By the edition that --limits names.
    """

    BY_LIMITS = "by-limits", "500 with --limits 2023, else 503"
    ALWAYS_503 = "503", "503"
    ALWAYS_500 = "500", "500"


# ── stale objects ────────────────────────────────────────────────────────────


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


# ── events ───────────────────────────────────────────────────────────────────


class RequestWithoutBody(Alternative):
    """What does Include Body show of a request without a body?

    No page says so. An empty body, since handlers that read `request.body.data` for every method are common.
    """

    EMPTY_BODY = "empty-body", "a body object without data"
    NO_BODY = "no-body", "no body object"


# ── freshness ────────────────────────────────────────────────────────────────


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


# ── signed URLs ──────────────────────────────────────────────────────────────


class SignatureAtViewerRequest(Alternative):
    """Does a viewer-request function see the parameters or cookies that signed a request?

    documented: the origin does not get the parameters (QueryStringParameters); of the function, which runs after they
    were judged (inferred), no page speaks. Removed, since nothing behind the check needs them.
    """

    REMOVED = "removed", "they are gone by then"
    SHOWN = "shown", "it sees them; they are removed after it"


@dataclass(frozen=True, slots=True)
class Choices:
    """The answers that hold; each default is its question's first."""

    status_at_viewer_response: StatusAtViewerResponse = StatusAtViewerResponse.REFUSED
    body_at_viewer_response: BodyAtViewerResponse = BodyAtViewerResponse.IGNORED
    bodiless_status: BodilessStatus = BodilessStatus.ONLY_204_AT_VIEWER_REQUEST
    empty_body: EmptyBody = EmptyBody.IGNORED
    base64_size: Base64Size = Base64Size.ENCODED
    oversized_text: OversizedText = OversizedText.BODY
    method_changed: MethodChanged = MethodChanged.REFUSED
    header_key: HeaderKey = HeaderKey.MAP_NAME
    header_name_twice: HeaderNameTwice = HeaderNameTwice.MERGED
    custom_header_twice: CustomHeaderTwice = CustomHeaderTwice.REFUSED
    access_control_auth_method: AccessControlAuthMethod = AccessControlAuthMethod.NONE
    region_without_identity: RegionWithoutIdentity = RegionWithoutIdentity.OMITTED
    origin_timeouts: OriginTimeouts = OriginTimeouts.QUOTA_PAGE
    tls_1_3: Tls13 = Tls13.ACCEPTED
    missing_object: MissingObject = MissingObject.BY_POLICY
    origin_ssl_protocols: OriginSslProtocols = OriginSslProtocols.MINIMUM
    failed_function_page: FailedFunctionPage = FailedFunctionPage.CUSTOM
    generated_error_page: GeneratedErrorPage = GeneratedErrorPage.CUSTOM
    viewer_response_after_generated_error: ViewerResponseAfterGeneratedError = ViewerResponseAfterGeneratedError.SKIPPED
    viewer_response_status: ViewerResponseStatus = ViewerResponseStatus.NEW
    response_headers_policy_order: ResponseHeadersPolicyOrder = ResponseHeadersPolicyOrder.BEFORE_FUNCTION
    cors_expose_headers: CorsExposeHeaders = CorsExposeHeaders.EVERY_CORS_REQUEST
    cors_vary: CorsVary = CorsVary.VARYING
    timeout_result: TimeoutResult = TimeoutResult.EXECUTION_ERROR
    execution_error_status: ExecutionErrorStatus = ExecutionErrorStatus.BY_LIMITS
    stale_limit: StaleLimit = StaleLimit.FROM_FETCH
    hold_after_error: HoldAfterError = HoldAfterError.MIN_TTL
    while_revalidated_result: WhileRevalidatedResult = WhileRevalidatedResult.HIT
    instead_of_error_result: InsteadOfErrorResult = InsteadOfErrorResult.REFRESH_HIT
    forbidden_in_outage: ForbiddenInOutage = ForbiddenInOutage.SERVED
    request_without_body: RequestWithoutBody = RequestWithoutBody.EMPTY_BODY
    origin_age: OriginAge = OriginAge.COUNTED
    expires_from: ExpiresFrom = ExpiresFrom.DATE
    signature_at_viewer_request: SignatureAtViewerRequest = SignatureAtViewerRequest.REMOVED


STANDARD = Choices()


# ── by name ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Question:
    """A question as a person may read it. `asks` ends in a question mark; `why` has the evidence and the default's
    reason; the first of the alternatives is the default."""

    name: str
    asks: str
    why: str
    alternatives: tuple[Alternative, ...]


def _questions() -> Iterator[Question]:
    kinds: dict[str, type[Alternative]] = get_type_hints(Choices)
    for field in fields(Choices):
        asks, _, why = cleandoc(kinds[field.name].__doc__ or "").partition("\n\n")
        yield Question(field.name.replace("_", "-"), asks, " ".join(why.split()), tuple(kinds[field.name]))


QUESTIONS: Mapping[str, Question] = {question.name: question for question in _questions()}
"""By name, in the order of the table."""


def chosen(texts: Mapping[str, str]) -> Choices:
    """The choices with some answered otherwise. Raises ConfigError for a name or an answer that there is not."""
    answers: dict[str, Any] = {_field(name): _answer(name, text) for name, text in texts.items()}
    return Choices(**answers)


def answered(choices: Choices, question: Question) -> Alternative:
    """The answer that holds."""
    answer: Alternative = getattr(choices, question.name.replace("-", "_"))
    return answer


def _plain(word: str) -> str:
    return word.strip().lower().replace("_", "-")


def _field(name: str) -> str:
    if _plain(name) not in QUESTIONS:
        hint = closest(_plain(name), QUESTIONS) or f"there are {', '.join(QUESTIONS)}"
        raise ConfigError(f"there is no choice {name!r}", hint)
    return _plain(name).replace("-", "_")


def _answer(name: str, text: str) -> Alternative:
    known = QUESTIONS[_plain(name)].alternatives
    for alternative in known:
        if alternative == _plain(text):
            return alternative
    listed = f"{', '.join(known[:-1])} or {known[-1]}"
    raise ConfigError(f"{name} can't be {text!r}: it is {listed}", closest(_plain(text), known))
