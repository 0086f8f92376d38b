"""What CloudFront refuses although every property is valid by itself: the rules between properties.

Each rule takes one structure and yields findings with paths seen from that structure. Codes are CloudFront's; texts
in its words are quoted where they are known.
Source: distribution-config.md §4 [B] the API's model, [I] observed in public issues; the rest says what it rests on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from edgesim.distribution.config import DefaultBehavior, DistributionConfig, ErrorResponse, OriginGroupConfig
from edgesim.distribution.continuous_deployment_config import check_deploys_continuously
from edgesim.distribution.findings import Finding, Findings, Loc, closest, too_many
from edgesim.distribution.model import ALL_METHODS, GET_HEAD, GET_HEAD_OPTIONS, Trigger
from edgesim.distribution.origin_checks import ORIGIN_RULES
from edgesim.distribution.policy_checks import forwarded_values_agree, ttls_are_in_order
from edgesim.distribution.viewer_checks import check_viewers


def check(config: DistributionConfig) -> list[Finding]:
    """Everything CloudFront would refuse in a distribution."""
    return [
        *check_viewers(config),
        *_asked((), config, _DISTRIBUTION_RULES),
        *(f for loc, _, behavior in config.behaviors() for f in _asked(loc, behavior, _BEHAVIOR_RULES)),
        *(f for i, origin in enumerate(config.origins) for f in _asked(("Origins", i), origin, ORIGIN_RULES)),
        *(f for i, page in enumerate(config.custom_error_responses) for f in
          _asked(("CustomErrorResponses", i), page, _ERROR_RESPONSE_RULES)),
    ]  # fmt: skip


def _asked(loc: Loc, subject: object, rules: Iterable[Callable[..., Findings]]) -> Findings:
    for rule in rules:
        for finding in rule(subject):
            yield finding.under(loc)


# ── the distribution ─────────────────────────────────────────────────────────


def _targets_exist(config: DistributionConfig) -> Findings:
    known = [origin.id for origin in config.origins] + [group.id for group in config.origin_groups]
    for loc, _, behavior in config.behaviors():
        target = behavior.target_origin_id
        if target and known and target not in known:
            yield Finding(
                (*loc, "TargetOriginId"),
                f"One or more of your origins or origin groups do not exist. There is no '{target}'.",
                closest(target, known) or f"there {_are(list(filter(None, dict.fromkeys(known))))}",
                "NoSuchOrigin",
            )


def _origins_are_there(config: DistributionConfig) -> Findings:
    if not config.origins and "origins" in config.model_fields_set:
        yield Finding(("Origins",), "a distribution needs at least one origin")


def _ids_are_unique(config: DistributionConfig) -> Findings:
    seen: set[str] = set()
    everything: list[tuple[str, int, str]] = [("Origins", i, origin.id) for i, origin in enumerate(config.origins)]
    everything += [("OriginGroups", i, group.id) for i, group in enumerate(config.origin_groups)]
    for kind, index, name in everything:
        if name and name in seen:
            yield Finding((kind, index, "Id"), f"the origin id '{name}' is taken already", code="InvalidArgument")
        seen.add(name)


def _patterns_are_unique(config: DistributionConfig) -> Findings:
    """inferred: a second behavior of the same pattern could never match"""
    seen: dict[str, int] = {}
    for index, behavior in enumerate(config.cache_behaviors):
        pattern = behavior.path_pattern.removeprefix("/")
        if pattern and pattern in seen:
            message = f"CacheBehaviors[{seen[pattern]}] has the path pattern '{behavior.path_pattern}' already"
            yield Finding(("CacheBehaviors", index, "PathPattern"), message, code="InvalidArgument")
        seen.setdefault(pattern, index)


_PATH_CHARS = re.compile(r"[A-Za-z0-9_\-.*?$/~\"'@:+&%=,;!()]*")
_PATH_LENGTH = 255


def _patterns_are_written_well(config: DistributionConfig) -> Findings:
    """documented: DownloadDistValuesCacheBehavior, "Path pattern" (characters, 255 at most); `% = , ; ! ( )` are not
    on that list, yet let through: inferred, they occur in working templates"""
    for index, behavior in enumerate(config.cache_behaviors):
        pattern, loc = behavior.path_pattern, ("CacheBehaviors", index, "PathPattern")
        if len(pattern) > _PATH_LENGTH:
            yield Finding(loc, f"a path pattern may have {_PATH_LENGTH} characters at most", code="InvalidArgument")
        if not _PATH_CHARS.fullmatch(pattern):
            bad = _PATH_CHARS.sub("", pattern)[:1]
            hint = "a path pattern knows * and ? only, it is no regular expression"
            yield Finding(loc, f"the path pattern '{pattern}' has a character that can't be there: '{bad}'", hint,
                          "InvalidArgument")  # fmt: skip


def _root_object_has_no_slash(config: DistributionConfig) -> Findings:
    """documented: DefaultRootObject, "don't add a / before the object name" """
    name = config.default_root_object
    if name.startswith("/"):
        yield Finding(
            ("DefaultRootObject",),
            "DefaultRootObject must not begin with a slash",
            f"write {name.lstrip('/')}",
            "InvalidDefaultRootObject",
        )


_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]*\.s3[.-]([a-z0-9-]+\.)*amazonaws\.com(\.cn)?")


def _logs_go_to_a_bucket(config: DistributionConfig) -> Findings:
    """observed: the sentence; documented: the bucket is named by its domain name (AWS::CloudFront::Distribution
    Logging). Inferred: a log that is switched off may have none"""
    bucket = config.logging.bucket
    if config.logging.enabled and bucket and not _BUCKET.fullmatch(bucket):
        yield Finding(
            ("Logging", "Bucket"),
            "The parameter Logging Bucket does not refer to a valid S3 bucket.",
            f"name its domain: {bucket.partition('.')[0]}.s3.amazonaws.com",
            "InvalidArgument",
        )


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _tags_are_in_a_header(config: DistributionConfig) -> Findings:
    """inferred: the API takes any text, but nothing else could be a header's name"""
    tags = config.cache_tag_config
    if tags is not None and "header_name" in tags.model_fields_set and not _HEADER_NAME.fullmatch(tags.header_name):
        message = f"the cache tags can't be in a header '{tags.header_name}': that is no header name"
        yield Finding(("CacheTagConfig", "HeaderName"), message, "write x-amz-meta-cache-tag", "InvalidArgument")


def _error_codes_are_unique(config: DistributionConfig) -> Findings:
    seen: set[int] = set()
    for index, page in enumerate(config.custom_error_responses):
        if page.error_code in seen:
            loc = ("CustomErrorResponses", index, "ErrorCode")
            yield Finding(
                loc, f"there is a custom error response for {page.error_code} already", code="InvalidArgument"
            )
        seen.add(page.error_code)


_FAILOVER_CODES = (400, 403, 404, 416, 429, 500, 502, 503, 504)


def _groups_are_whole(config: DistributionConfig) -> Findings:
    known = [origin.id for origin in config.origins]
    for index, group in enumerate(config.origin_groups):
        yield from (finding.under(("OriginGroups", index)) for finding in _group(group, known))


def _group(group: OriginGroupConfig, known: list[str]) -> Findings:
    if len(group.members) != 2 and "members" in group.model_fields_set:
        yield Finding(("Members",), "an origin group has exactly two members", code="InvalidArgument")
    for index, member in enumerate(group.members):
        if member.origin_id and member.origin_id not in known:
            message = f"One or more of your origins or origin groups do not exist. There is no '{member.origin_id}'."
            yield Finding(("Members", index, "OriginId"), message, closest(member.origin_id, known), "NoSuchOrigin")
    for code in group.failover_criteria.status_codes:
        if code not in _FAILOVER_CODES:
            message = f"{code} can't make CloudFront fail over: it is one of {_words(_FAILOVER_CODES)}"
            yield Finding(("FailoverCriteria", "StatusCodes"), message, code="InvalidArgument")


_QUOTAS = (
    ("CacheBehaviors", 75, "TooManyCacheBehaviors"),
    ("Origins", 100, "TooManyOrigins"),
    ("OriginGroups", 10, "TooManyOriginGroupsPerDistribution"),
    ("Aliases", 100, "TooManyDistributionCNAMEs"),
    ("LambdaFunctionAssociations", 100, "TooManyLambdaFunctionAssociations"),
)


def _quotas(config: DistributionConfig) -> Findings:
    """documented: cloudfront-limits; a warning, since quotas can be raised"""
    functions = {a.lambda_function_arn for _, _, b in config.behaviors() for a in b.lambda_function_associations}
    counts = {
        "CacheBehaviors": len(config.cache_behaviors),
        "Origins": len(config.origins),
        "OriginGroups": len(config.origin_groups),
        "Aliases": len(config.aliases),
        "LambdaFunctionAssociations": len(functions),
    }
    for name, most, code in _QUOTAS:
        if counts[name] > most:
            yield too_many((name,), counts[name], most, code)


def _group_targets_only_read(config: DistributionConfig) -> Findings:
    groups = {group.id for group in config.origin_groups}
    for loc, _, behavior in config.behaviors():
        if behavior.target_origin_id in groups and set(behavior.allowed_methods) - GET_HEAD_OPTIONS:
            yield Finding(
                (*loc, "AllowedMethods"),
                "The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached behavior "
                "associated with an origin group.",
                code="InvalidArgument",
            )


_DISTRIBUTION_RULES = (
    _origins_are_there,
    _ids_are_unique,
    _targets_exist,
    _patterns_are_unique,
    _patterns_are_written_well,
    _root_object_has_no_slash,
    _logs_go_to_a_bucket,
    _tags_are_in_a_header,
    _error_codes_are_unique,
    _groups_are_whole,
    _group_targets_only_read,
    _quotas,
    check_deploys_continuously,
)


# ── behaviors ────────────────────────────────────────────────────────────────


def _methods_are_a_legal_set(behavior: DefaultBehavior) -> Findings:
    """documented: the API's AllowedMethods and CachedMethods; three sets, and two"""
    allowed, cached = frozenset(behavior.allowed_methods), frozenset(behavior.cached_methods)
    if allowed not in (GET_HEAD, GET_HEAD_OPTIONS, ALL_METHODS):
        yield Finding(
            ("AllowedMethods",),
            f"AllowedMethods can't be {_words(behavior.allowed_methods)}: GET, HEAD; these and OPTIONS; or all seven",
            f"missing from the next larger set: {_words(sorted(_next_set(allowed) - allowed))}",
            "InvalidArgument",
        )
    elif cached not in (GET_HEAD, GET_HEAD_OPTIONS):
        message = f"CachedMethods can't be {_words(behavior.cached_methods)}: GET and HEAD, or these and OPTIONS"
        yield Finding(("CachedMethods",), message, code="InvalidArgument")
    elif cached - allowed:
        yield Finding(("CachedMethods",), "CachedMethods must be allowed methods too", code="InvalidArgument")


def _next_set(methods: frozenset[str]) -> frozenset[str]:
    return next((legal for legal in (GET_HEAD, GET_HEAD_OPTIONS) if methods <= legal), ALL_METHODS)


_LEGACY_ONLY = {
    "forwarded_values": "ForwardedValues",
    "min_ttl": "MinTTL",
    "default_ttl": "DefaultTTL",
    "max_ttl": "MaxTTL",
}


def _one_way_to_say_what_is_cached(behavior: DefaultBehavior) -> Findings:
    if not behavior.cache_policy_id:
        if behavior.forwarded_values is None and "forwarded_values" not in behavior.model_fields_set:
            yield Finding(
                (), "The parameter ForwardedValues is required.", "write CachePolicyId, or the legacy ForwardedValues",
                "InvalidArgument",
            )  # fmt: skip
        return
    for field, name in _LEGACY_ONLY.items():
        if getattr(behavior, field) is not None:
            message = f"The parameter {name} cannot be used when a cache policy is associated to the cache behavior."
            yield Finding((name,), message, code="InvalidArgument")


def _policies_go_together(behavior: DefaultBehavior) -> Findings:
    """documented: controlling-origin-requests, an origin request policy needs a cache policy beside it"""
    if behavior.origin_request_policy_id and behavior.forwarded_values is not None and not behavior.cache_policy_id:
        message = "OriginRequestPolicyId works only with CachePolicyId, not with ForwardedValues"
        yield Finding(("OriginRequestPolicyId",), message, code="InvalidArgument")


_RESPONSE_EVENTS = (Trigger.ORIGIN_RESPONSE, Trigger.VIEWER_RESPONSE)
_VIEWER_EVENTS = (Trigger.VIEWER_REQUEST, Trigger.VIEWER_RESPONSE)


def _one_function_per_event(behavior: DefaultBehavior) -> Findings:
    events = Counter(a.event_type for a in behavior.lambda_function_associations)
    for index, association in enumerate(behavior.lambda_function_associations):
        event = association.event_type
        if event is not None and events[event] > 1:
            both = ", ".join(
                a.lambda_function_arn for a in behavior.lambda_function_associations if a.event_type == event
            )
            yield Finding(
                ("LambdaFunctionAssociations", index, "EventType"),
                "The event type of a function association must be unique in the cache behavior. "
                f"Event type {event} cannot be associated with two functions: {both}",
                code="InvalidLambdaFunctionAssociation",
            )
            return


def _bodies_belong_to_requests(behavior: DefaultBehavior) -> Findings:
    """observed: lambda-edge.md §9; the text is not known"""
    for index, association in enumerate(behavior.lambda_function_associations):
        if association.include_body and association.event_type in _RESPONSE_EVENTS:
            yield Finding(
                ("LambdaFunctionAssociations", index, "IncludeBody"),
                f"IncludeBody can't be true for {association.event_type}: only request events have a body",
                code="InvalidLambdaFunctionAssociation",
            )


def _one_kind_of_function_at_the_viewer(behavior: DefaultBehavior) -> Findings:
    """documented: lambda-edge.md §9; the code is probable only"""
    if not behavior.function_associations:
        return
    for index, association in enumerate(behavior.lambda_function_associations):
        if association.event_type in _VIEWER_EVENTS:
            yield Finding(
                ("LambdaFunctionAssociations", index, "EventType"),
                "a behavior with a CloudFront Function can't have Lambda@Edge functions on viewer events",
                "use origin-request or origin-response, or one kind of function for both viewer events",
                "InvalidFunctionAssociation",
            )


_BEHAVIOR_RULES = (
    _methods_are_a_legal_set,
    _one_way_to_say_what_is_cached,
    _policies_go_together,
    ttls_are_in_order,
    forwarded_values_agree,
    _one_function_per_event,
    _bodies_belong_to_requests,
    _one_kind_of_function_at_the_viewer,
)


# ── error pages ──────────────────────────────────────────────────────────────

_ERROR_CODES = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)


def _error_code_is_known(page: ErrorResponse) -> Findings:
    if page.error_code and page.error_code not in _ERROR_CODES:
        message = f"there is no custom error response for {page.error_code}: it is one of {_words(_ERROR_CODES)}"
        yield Finding(("ErrorCode",), message, code="InvalidErrorCode")


def _response_code_is_known(page: ErrorResponse) -> Findings:
    if page.response_code is not None and page.response_code not in (200, *_ERROR_CODES):
        message = f"ResponseCode can't be {page.response_code}: it is one of {_words((200, *_ERROR_CODES))}"
        yield Finding(("ResponseCode",), message, code="InvalidResponseCode")


def _page_and_code_go_together(page: ErrorResponse) -> Findings:
    if page.response_code is not None and not page.response_page_path:
        message = "ResponseCode is set, but ResponsePagePath is not: they go together"
        yield Finding(("ResponseCode",), message, code="InvalidArgument")
    if page.response_page_path and page.response_code is None:
        message = "ResponsePagePath is set, but ResponseCode is not: they go together"
        yield Finding(("ResponsePagePath",), message, code="InvalidArgument")
    if page.response_page_path and not page.response_page_path.startswith("/"):
        hint = f"write /{page.response_page_path}"
        yield Finding(("ResponsePagePath",), "ResponsePagePath must begin with a slash", hint, "InvalidRelativePath")


_ERROR_RESPONSE_RULES = (_error_code_is_known, _response_code_is_known, _page_and_code_go_together)


def _are(names: Sequence[str]) -> str:
    return f"{'is' if len(names) == 1 else 'are'} {_words(names)}"


def _words(values: Iterable[object]) -> str:
    return ", ".join(map(str, values)) or "empty"
