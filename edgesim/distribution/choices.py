"""What CloudFront does where no page of AWS's says so: one question each, its possible answers, and the one we take.

A class below is a question: its docstring says what is asked, what is known, and why the first answer is the default.
`Choices` is the table of the answers that hold. Flip one with `--choice NAME=VALUE`, with `[choices]` in edgesim.toml
or with `choices:` in a scenario; names are those of the fields, with hyphens. Nothing else in edgesim is switchable:
what is documented or observed without contradiction is a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from inspect import cleandoc
from typing import Any, get_type_hints

from edgesim.distribution.alternative import Alternative
from edgesim.distribution.edge_choices import (
    CorsExposeHeaders,
    CorsVary,
    ExpiresFrom,
    FailedFunctionFailover,
    FailoverStatus,
    ForbiddenInOutage,
    GeneratedResult,
    HoldAfterError,
    InsteadOfErrorResult,
    LoggedUri,
    MissingObject,
    OriginAge,
    OriginResponseBeforeFailover,
    OriginSslProtocols,
    ResponseHeadersPolicyOrder,
    SignatureAtViewerRequest,
    StaleAfterFailedFunction,
    StaleLimit,
    WhileRevalidatedResult,
)
from edgesim.distribution.findings import closest
from edgesim.errors import ConfigError

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


class NoQuerystring(Alternative):
    """What does a returned request ask for that has no querystring, or one that is null?

    documented: it may be changed at request triggers (lambda-event-structure); of one that is not there nothing is
    said. Nothing, as with headers: what a returned object leaves out is gone.
    """

    REMOVED = "removed", "the request goes on without a query string"
    KEPT = "kept", "the query string stays what it was"
    REFUSED = "refused", "502, the result is not valid"


class ClientIpChanged(Alternative):
    """What becomes of another clientIp in a returned request?

    documented: read-only (lambda-event-structure); the consequence is not. Ignored, since there is nothing
    that it could change: the connection is the viewer's.
    """

    IGNORED = "ignored", "the address stays what it was"
    REFUSED = "refused", "502, the result is not valid"


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


# ── events ───────────────────────────────────────────────────────────────────


class RequestWithoutBody(Alternative):
    """What does Include Body show of a request without a body?

    No page says so. An empty body, since handlers that read `request.body.data` for every method are common.
    """

    EMPTY_BODY = "empty-body", "a body object without data"
    NO_BODY = "no-body", "no body object"


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
    no_querystring: NoQuerystring = NoQuerystring.REMOVED
    client_ip_changed: ClientIpChanged = ClientIpChanged.IGNORED
    header_key: HeaderKey = HeaderKey.MAP_NAME
    header_name_twice: HeaderNameTwice = HeaderNameTwice.MERGED
    custom_header_twice: CustomHeaderTwice = CustomHeaderTwice.REFUSED
    access_control_auth_method: AccessControlAuthMethod = AccessControlAuthMethod.NONE
    region_without_identity: RegionWithoutIdentity = RegionWithoutIdentity.OMITTED
    origin_timeouts: OriginTimeouts = OriginTimeouts.QUOTA_PAGE
    tls_1_3: Tls13 = Tls13.ACCEPTED
    missing_object: MissingObject = MissingObject.BY_POLICY
    origin_ssl_protocols: OriginSslProtocols = OriginSslProtocols.MINIMUM
    failover_status: FailoverStatus = FailoverStatus.ORIGINS
    origin_response_before_failover: OriginResponseBeforeFailover = OriginResponseBeforeFailover.RUNS
    failed_function_failover: FailedFunctionFailover = FailedFunctionFailover.NEVER
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
    stale_after_failed_function: StaleAfterFailedFunction = StaleAfterFailedFunction.ERROR
    request_without_body: RequestWithoutBody = RequestWithoutBody.EMPTY_BODY
    origin_age: OriginAge = OriginAge.COUNTED
    expires_from: ExpiresFrom = ExpiresFrom.DATE
    signature_at_viewer_request: SignatureAtViewerRequest = SignatureAtViewerRequest.REMOVED
    logged_uri: LoggedUri = LoggedUri.VIEWERS
    generated_result: GeneratedResult = GeneratedResult.LAMBDA_GENERATED


STANDARD = Choices()


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
        hint = closest(_plain(name), QUESTIONS) or "edgesim choices lists them"
        raise ConfigError(f"there is no choice {name!r}", hint)
    return _plain(name).replace("-", "_")


def _answer(name: str, text: str) -> Alternative:
    known = QUESTIONS[_plain(name)].alternatives
    for alternative in known:
        if alternative == _plain(text):
            return alternative
    listed = f"{', '.join(known[:-1])} or {known[-1]}"
    raise ConfigError(f"{name} can't be {text!r}: it is {listed}", closest(_plain(text), known))
