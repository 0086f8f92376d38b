"""Gold files: a source above the rule, below it the distribution that it means, or its problems.

EDGESIM_GOLD=1 rewrites what stands below the rule; the diff is the review.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgesim.distribution.model import CacheBehavior, Distribution, Origin
from edgesim.distribution.policies import CachePolicy, Selection
from edgesim.distribution.response_headers import ResponseHeadersPolicy
from edgesim.loaders import Loaded, load

GOLD = Path(__file__).parent.parent / "gold" / "loaders"
RULE = "\n" + "-" * 20 + "\n"


@pytest.mark.parametrize("path", sorted(GOLD.iterdir()), ids=lambda path: path.stem)
def test_gold(path: Path, tmp_path: Path) -> None:
    source, _, expected = path.read_text().partition(RULE)
    file = tmp_path / ("source.json" if source.lstrip().startswith("{") else "source.yaml")
    file.write_text(source + "\n")
    rendered = "".join(f"{line}\n" for line in render(load(file))).replace(f"{tmp_path}/", "")
    if os.environ.get("EDGESIM_GOLD"):
        path.write_text(source + RULE + rendered)
    else:
        assert rendered == expected


def render(loaded: Loaded) -> Iterator[str]:
    for problem in loaded.problems:
        yield f"{problem}{f' [{problem.code}]' if problem.code else ''}"
    for distribution in loaded.distributions:
        yield from rendered(distribution)


def rendered(distribution: Distribution) -> Iterator[str]:
    yield f"distribution {distribution.name} {distribution.id} {distribution.domain_name}"
    yield from (f"  alias {alias}" for alias in distribution.aliases)
    yield from (f"  origin {origin.id}: {shown_origin(origin)}" for origin in distribution.origins.values())
    for group in distribution.origin_groups.values():
        yield f"  group {group.id}: {', '.join(group.members)} on {', '.join(map(str, sorted(group.status_codes)))}"
    for behavior in distribution.behaviors:
        yield from shown_behavior(behavior)
    for page in distribution.error_responses.values():
        yield f"  error {page.error_code}: {page.response_code} {page.page_path or '-'} for {page.caching_min_ttl:g} s"


def shown_origin(origin: Origin) -> str:
    if origin.s3 is not None:
        return f"s3 {origin.domain_name} in {origin.s3.region} {origin.s3.origin_access_identity}".rstrip()
    ports = f"{origin.http_port}/{origin.https_port}"
    return f"{origin.protocol_policy} {origin.domain_name}{origin.path} {ports} {' '.join(origin.ssl_protocols)}"


def shown_behavior(behavior: CacheBehavior) -> Iterator[str]:
    methods = " ".join(sorted(behavior.allowed_methods))
    yield f"  behavior {behavior.path_pattern} -> {behavior.target_origin_id}"
    yield f"    {behavior.viewer_protocol_policy}, {methods}"
    yield f"    cache {shown_policy(behavior.cache_policy)}"
    if (forwards := behavior.origin_request_policy) is not None:
        yield f"    forwards {forwards.name}"
    if (answers := behavior.response_headers_policy) is not None:
        yield f"    answers with {answers.name}"
        yield from (f"      {line}" for line in shown_headers(answers))
    for trigger, association in behavior.associations.items():
        function = association.function
        code = function.code.path or f"inline {function.code.inline!r}"
        body = ", with body" if association.include_body else ""
        yield f"    {trigger}: {function.arn} {function.runtime} {function.handler} {code}{body}"


def shown_headers(policy: ResponseHeadersPolicy) -> Iterator[str]:
    if (cors := policy.cors) is not None:
        yield f"CORS for {' '.join(cors.allow_origins)}{', overriding' if cors.override else ''}"
        yield f"  {' '.join(cors.allow_methods)}; {' '.join(cors.allow_headers)}; {' '.join(cors.expose_headers)}"
        yield f"  {'with' if cors.allow_credentials else 'without'} credentials, for {cors.max_age} s"
    for header in policy.headers:
        yield f"{header.name}: {header.value}{' (overriding)' if header.override else ''}"
    if policy.remove:
        yield f"without {' '.join(policy.remove)}"
    if policy.server_timing is not None:
        yield f"Server-Timing for {policy.server_timing:g} %"


def shown_policy(policy: CachePolicy) -> str:
    parts = {"headers": policy.headers, "cookies": policy.cookies, "query": policy.query_strings}
    key = " ".join(f"{name}={shown_selection(selection)}" for name, selection in parts.items())
    return f"{policy.name}: {policy.min_ttl:.0f}/{policy.default_ttl:.0f}/{policy.max_ttl:.0f} {key}"


def shown_selection(selection: Selection) -> str:
    return f"{selection.selects}({' '.join(selection.names)})" if selection.names else str(selection.selects)
