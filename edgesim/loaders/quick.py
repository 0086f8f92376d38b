"""No source at all: an origin and functions by trigger, as for a first try.

The one behavior, `*`, is made for a development server (inferred: no AWS default is like it, and each of AWS's managed
choices would surprise in its own way):
- every method is allowed, over http and https;
- caching follows the origin's Cache-Control and Expires alone: nothing is kept that doesn't say so (default TTL 0);
- the key has everything that may change a page: all query strings and cookies, Origin and the method overrides, as in
  the managed policy UseOriginCacheControlHeaders-QueryStrings, but not Host, which is the origin's own here;
- the origin gets everything the viewer sent, except Host (the managed policy AllViewerExceptHostHeader).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from edgesim.distribution.buckets import Bucket, bucket_name
from edgesim.distribution.model import (
    ALL_METHODS,
    Association,
    CacheBehavior,
    Distribution,
    Origin,
    OriginProtocolPolicy,
    S3Access,
    Trigger,
)
from edgesim.distribution.policies import (
    ALL,
    MANAGED_ORIGIN_REQUEST_POLICIES,
    CachePolicy,
    listed,
)
from edgesim.distribution.problems import Problem
from edgesim.distribution.signers import Signers
from edgesim.errors import ConfigError
from edgesim.loaders.arn import ACCOUNT, REGION, domain_name, stable_id
from edgesim.loaders.associations import edge_function, handler_problems
from edgesim.loaders.code import existing, locate
from edgesim.loaders.request import Keys, Loaded, loaded
from edgesim.loaders.resources import slug
from edgesim.values.function_arn import LambdaArn

NAME = "edgesim"
ORIGIN_ID = "origin"
_NO_KEYS: Keys = MappingProxyType({})

QUICK_CACHE_POLICY = CachePolicy(
    id=f"{NAME}-quick",
    name="edgesim: as the origin says",
    default_ttl=0,
    headers=listed("Origin", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"),
    cookies=ALL,
    query_strings=ALL,
    gzip=True,
    brotli=True,
)
QUICK_ORIGIN_REQUEST_POLICY = next(
    policy for policy in MANAGED_ORIGIN_REQUEST_POLICIES if policy.name == "Managed-AllViewerExceptHostHeader"
)


def load_quick(
    origin: str,
    functions: Mapping[Trigger, str],
    *,
    include_body: Collection[Trigger] = (),
    public_keys: Keys = _NO_KEYS,
) -> Loaded:
    """A distribution for an origin, a URL or a directory, with functions given as `PATH[:HANDLER]`.

    A directory plays an S3 bucket, with index.html as its root object; `Loaded.origins` maps it. With `public_keys`
    every request must be signed with one of them.
    """
    signers, problems, files = _signers(public_keys)
    associations = dict(_associations(functions, include_body, problems))
    try:
        target, folder = _origin(origin)
    except ConfigError as error:
        return loaded([], [*problems, Problem(str(error), "--origin", error.hint)], [])
    behavior = CacheBehavior(
        "*",
        ORIGIN_ID,
        QUICK_CACHE_POLICY,
        allowed_methods=ALL_METHODS,
        origin_request_policy=QUICK_ORIGIN_REQUEST_POLICY,
        associations=MappingProxyType(associations),
        signers=signers,
    )
    distribution = Distribution(
        stable_id("E", NAME),
        NAME,
        domain_name(NAME),
        (behavior,),
        MappingProxyType({ORIGIN_ID: target}),
        default_root_object="index.html" if folder else "",
    )
    if not folder:
        return loaded([distribution], problems, files)
    # inferred: whoever has a directory may list it
    buckets = {bucket_name(target.domain_name): Bucket(listable=True)}
    return replace(loaded([distribution], problems, files, {ORIGIN_ID: folder}), buckets=buckets)


def _signers(public_keys: Keys) -> tuple[Signers | None, list[Problem], list[str]]:
    """Who must have signed each request, what is wrong with the keys, and the files that they are in."""
    if not public_keys:
        return None, [], []
    from edgesim.loaders.public_keys import KeyBook

    book = KeyBook()
    book.hand_over(public_keys)
    return Signers(MappingProxyType(book.given)), book.problems, book.files


# ── functions ────────────────────────────────────────────────────────────────


def _associations(
    functions: Mapping[Trigger, str], include_body: Collection[Trigger], problems: list[Problem]
) -> Iterator[tuple[Trigger, Association]]:
    names: dict[str, tuple[str, str, str]] = {}
    for trigger, spec in functions.items():
        try:
            located = locate(spec)
        except ConfigError as error:
            problems.append(Problem(str(error), f"--{trigger}", error.hint))
            continue
        code = (located.code.path, located.handler, located.runtime)
        stem = located.handler.partition(".")[0].rpartition("/")[2] or "function"
        # One name for one piece of code; two files of the same name get their triggers' names
        name = stem if names.setdefault(stem, code) == code else f"{stem}-{trigger}"
        function = edge_function(LambdaArn(REGION, ACCOUNT, name, "1"), located)
        problems += handler_problems(function, f"--{trigger}")
        if trigger in include_body and trigger.endswith("-response"):
            message = f"IncludeBody can't be true for {trigger}: only request events have a body"
            problems.append(Problem(message, "--include-body"))
        yield trigger, Association(trigger, function, trigger in include_body)


# ── the origin ───────────────────────────────────────────────────────────────


def _origin(text: str) -> tuple[Origin, str]:
    """The origin, and the directory that stands in for it, if it is one. Raises ConfigError."""
    if "://" in text:
        return _server(text), ""
    directory = existing(Path(), text) if text else None
    if directory is not None and directory.is_dir():
        return _bucket(directory), str(directory)
    if directory is None and _is_host_and_port(text):
        return _server(f"http://{text}"), ""
    raise ConfigError(
        f"{text or 'an empty text'} is neither a URL nor a directory that exists",
        "write http://localhost:3000 or ./public",
    )


def _is_host_and_port(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdecimal() and "/" not in text


def _bucket(directory: Path) -> Origin:
    return Origin(ORIGIN_ID, f"{slug(directory.name)}.s3.{REGION}.amazonaws.com", s3=S3Access(region=REGION))


def _server(url: str) -> Origin:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{url} is no valid URL: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        rest = url.partition("=")[2]
        named = f"without a template there is one origin, without an id: write {rest}" if "://" in rest else ""
        raise ConfigError(f"{url} is no http or https URL", named or "write http://localhost:3000")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigError(f"{url} may hold a host, a port and a path, but no user, query string or fragment")
    https = parts.scheme == "https"
    return Origin(
        ORIGIN_ID,
        host,
        parts.path.rstrip("/"),
        protocol_policy=OriginProtocolPolicy.HTTPS_ONLY if https else OriginProtocolPolicy.HTTP_ONLY,
        http_port=port or 80 if not https else 80,
        https_port=port or 443 if https else 443,
    )
