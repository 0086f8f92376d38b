"""What CloudFront refuses in what decides about caching: TTLs, the lists of policies, and those of ForwardedValues.

Source: distribution-config.md §4; cloudfront-limits for the numbers; policy_headers for which headers. observed: the
texts that are quoted from public issues and deployments that failed
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from edgesim.distribution.config import (
    CachePolicyConfig,
    CookiesConfig,
    DefaultBehavior,
    Forwarded,
    HeadersConfig,
    KeyParameters,
    OriginRequestPolicyConfig,
    QueryStringsConfig,
)
from edgesim.distribution.findings import Finding, Findings, Loc, too_many
from edgesim.distribution.policy_headers import may_be_forwarded, may_be_keyed, may_be_listed_for_the_origin
from edgesim.values.durations import plain

_TTL_ORDER = (
    "MinTTL, MaxTTL and DefaultTTL should follow order MinTTL less than or equal to DefaultTTL less than or equal to "
    "MaxTTL"
)


def ttls_are_in_order(subject: DefaultBehavior | CachePolicyConfig) -> Findings:
    """Only what is written is compared: defaults give way."""
    written = [("MinTTL", subject.min_ttl), ("DefaultTTL", subject.default_ttl), ("MaxTTL", subject.max_ttl)]
    given = [(name, ttl) for name, ttl in written if ttl is not None]
    for (_, lower), (name, upper) in pairwise(given):
        if lower > upper:
            values = ", ".join(f"{name} is {plain(ttl)}" for name, ttl in given)
            yield Finding((name,), f"{_TTL_ORDER}. Here {values}.", code="InvalidTTLOrder")
            return


# ── policies ─────────────────────────────────────────────────────────────────

_NAMES_OF_A_KIND = 10
"""documented: cloudfront-limits, for each kind of names in a policy or in ForwardedValues; more can be asked for."""

_NOT_ALLOWED = "The parameter Headers contains {} that is not allowed."


def check_policy(config: CachePolicyConfig | OriginRequestPolicyConfig) -> list[Finding]:
    """Everything CloudFront would refuse in a policy."""
    if isinstance(config, CachePolicyConfig):
        part = config.parameters_in_cache_key_and_forwarded_to_origin
        loc: Loc = ("ParametersInCacheKeyAndForwardedToOrigin",)
        lists = [
            *_lists("CachePolicy", part.headers_config, part.cookies_config, part.query_strings_config),
            *_headers_may_be_listed(part.headers_config, may_be_keyed, "no cache policy can list it"),
            *_encoding_is_said_once(part),
            *(_nothing_is_keyed(part) if config.max_ttl == 0 else ()),
        ]
        return [*ttls_are_in_order(config), *(finding.under(loc) for finding in lists)]
    headers = config.headers_config
    lists = list(_lists("OriginRequestPolicy", headers, config.cookies_config, config.query_strings_config))
    if headers.header_behavior != "allExcept":
        hint = "no origin request policy can list it; Authorization goes through a cache policy"
        lists += _headers_may_be_listed(headers, may_be_listed_for_the_origin, hint)
    return lists


_LISTING = ("whitelist", "allExcept", "allViewerAndWhitelistCloudFront")


def _lists(policy: str, headers: HeadersConfig, cookies: CookiesConfig, queries: QueryStringsConfig) -> Findings:
    rows = (
        ("HeadersConfig", "Headers", headers.header_behavior, headers.headers),
        ("CookiesConfig", "Cookies", cookies.cookie_behavior, cookies.cookies),
        ("QueryStringsConfig", "QueryStrings", queries.query_string_behavior, queries.query_strings),
    )
    for structure, name, behavior, names in rows:
        if behavior in _LISTING and not names:
            yield Finding((structure,), f"{behavior} needs a list of {name}", code="InvalidArgument")
        if len(names) > _NAMES_OF_A_KIND:
            yield too_many((structure, name), len(names), _NAMES_OF_A_KIND, f"TooMany{name}In{policy}")


def _headers_may_be_listed(headers: HeadersConfig, may: Callable[[str], bool], hint: str) -> Findings:
    for index, name in enumerate(headers.headers):
        if not may(name):
            at = ("HeadersConfig", "Headers", index)
            yield Finding(at, _NOT_ALLOWED.format(name), hint, "InvalidArgument")


def _encoding_is_said_once(part: KeyParameters) -> Findings:
    """observed: refused (cdk-nextjs#188, cloudformation-coverage-roadmap#571); documented: with both off it can be
    listed. inferred: the text, which is observed for an origin request policy"""
    if part.enable_accept_encoding_gzip or part.enable_accept_encoding_brotli:
        for index, name in enumerate(part.headers_config.headers):
            if name.lower() == "accept-encoding":
                hint = "EnableAcceptEncodingGzip and -Brotli key on it already: leave it out, or switch both off"
                yield Finding(("HeadersConfig", "Headers", index), _NOT_ALLOWED.format(name), hint, "InvalidArgument")


def _nothing_is_keyed(part: KeyParameters) -> Findings:
    """observed, in many a deployment that failed: a policy whose TTLs are all 0 has nothing in its key"""
    rows = (
        ("HeadersConfig", "HeaderBehavior", part.headers_config.header_behavior != "none"),
        ("CookiesConfig", "CookieBehavior", part.cookies_config.cookie_behavior != "none"),
        ("QueryStringsConfig", "QueryStringBehavior", part.query_strings_config.query_string_behavior != "none"),
        ("", "EnableAcceptEncodingGzip", part.enable_accept_encoding_gzip),
        ("", "EnableAcceptEncodingBrotli", part.enable_accept_encoding_brotli),
    )
    for structure, name, keyed in rows:
        if keyed:
            message = f"The parameter {name} is invalid for policy with caching disabled."
            hint = "MaxTTL is 0: forward it with an origin request policy" if structure else "MaxTTL is 0"
            at: Loc = (structure, name) if structure else (name,)
            yield Finding(at, message, hint, "InvalidArgument")


# ── ForwardedValues ──────────────────────────────────────────────────────────

_COOKIE_NAMES = 512  # bytes of all names, less one for each. documented: cloudfront-limits
_QUERY_NAME, _QUERY_NAMES = 128, 512  # characters of one, and of all. documented: cloudfront-limits


def forwarded_values_agree(behavior: DefaultBehavior) -> Findings:
    """The legacy settings of a behavior."""
    values = behavior.forwarded_values
    if values is None:
        return
    if values.query_string_cache_keys and not values.query_string:
        message = "The parameter QueryString cannot be false if query strings are set in QueryStringCacheKeys"
        yield Finding(("ForwardedValues", "QueryString"), message, code="InvalidArgument")  # observed
    if values.cookies.forward == "whitelist" and not values.cookies.whitelisted_names:
        message = "Cookies.Forward is whitelist, but there are no WhitelistedNames"
        yield Finding(("ForwardedValues", "Cookies"), message, code="InvalidForwardCookies")
    if "*" in values.headers and behavior.min_ttl:
        # documented: the API's Headers, "*" wants a MinTTL of 0
        yield Finding(("MinTTL",), "MinTTL must be 0 where all headers are forwarded", code="InvalidArgument")
    for finding in (*_forwarded_headers(values), *_forwarded_lists(values)):
        yield finding.under(("ForwardedValues",))


def _forwarded_headers(values: Forwarded) -> Findings:
    """observed: the text, for Connection, Upgrade and x-amz-content-sha256"""
    for index, name in enumerate(values.headers):
        if not may_be_forwarded(name):
            message = f"The parameter Header Name with value {name} is not allowed."
            yield Finding(("Headers", index), message, "CloudFront does not cache by it", "InvalidArgument")


def _forwarded_lists(values: Forwarded) -> Findings:
    rows: tuple[tuple[Loc, Sequence[str], str], ...] = (
        (("Headers",), values.headers, "TooManyHeadersInForwardedValues"),
        (("Cookies", "WhitelistedNames"), values.cookies.whitelisted_names, "TooManyCookieNamesInWhiteList"),
        (("QueryStringCacheKeys",), values.query_string_cache_keys, "TooManyQueryStringParameters"),
    )
    for at, names, code in rows:
        if len(names) > _NAMES_OF_A_KIND:
            yield too_many(at, len(names), _NAMES_OF_A_KIND, code)
    cookies, queries = values.cookies.whitelisted_names, values.query_string_cache_keys
    if sum(map(len, cookies)) > _COOKIE_NAMES - len(cookies):
        message = f"the names of all cookies are longer than {_COOKIE_NAMES} bytes, less one for each"
        yield Finding(("Cookies", "WhitelistedNames"), message, code="InvalidArgument")
    if sum(map(len, queries)) > _QUERY_NAMES or any(len(name) > _QUERY_NAME for name in queries):
        message = f"a query string key has up to {_QUERY_NAME} characters, and all together up to {_QUERY_NAMES}"
        yield Finding(("QueryStringCacheKeys",), message, code="InvalidQueryStringParameters")
