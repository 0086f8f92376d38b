"""Cache policies, origin request policies, and the managed ones by id and name."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Selects(StrEnum):
    """Which of the viewer's headers, cookies or query strings a policy takes, in the API's words."""

    NONE = "none"
    WHITELIST = "whitelist"
    ALL_EXCEPT = "allExcept"
    ALL = "all"
    ALL_VIEWER = "allViewer"
    ALL_VIEWER_AND_CLOUDFRONT = "allViewerAndWhitelistCloudFront"


@dataclass(frozen=True)
class Selection:
    """A choice of names. Header names compare without case; cookie and query names exactly."""

    selects: Selects = Selects.NONE
    names: tuple[str, ...] = ()

    @cached_property
    def exact(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def lower(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.names)


NONE = Selection()
ALL = Selection(Selects.ALL)


def listed(*names: str) -> Selection:
    """An allow list."""
    return Selection(Selects.WHITELIST, names)


@dataclass(frozen=True)
class CachePolicy:
    """Cache key and TTLs (seconds). Everything in the key also goes to the origin.

    documented: controlling-the-cache-key; defaults of the API: 0 / 86,400 / 31,536,000
    """

    id: str = ""
    name: str = ""
    min_ttl: float = 0
    default_ttl: float = 86_400
    max_ttl: float = 31_536_000
    headers: Selection = NONE
    cookies: Selection = NONE
    query_strings: Selection = NONE
    gzip: bool = False
    brotli: bool = False

    @property
    def caches(self) -> bool:
        """False for CachingDisabled and its like: nothing is ever stored, and requests are not collapsed."""
        return self.max_ttl > 0


@dataclass(frozen=True)
class OriginRequestPolicy:
    """What goes to the origin beyond the cache key. documented: controlling-origin-requests"""

    id: str = ""
    name: str = ""
    headers: Selection = NONE
    cookies: Selection = NONE
    query_strings: Selection = NONE


@dataclass(frozen=True)
class ForwardedValues:
    """The legacy settings of a behavior without a cache policy: what is forwarded is also keyed, except that
    `query_string_cache_keys`, where given, narrow the key alone. `headers` of `*` turn caching off.

    documented: header-caching, QueryStringParameters, Cookies; the API's ForwardedValues
    """

    query_string: bool = False
    query_string_cache_keys: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    cookies: Selection = field(default=NONE)

    @property
    def all_headers(self) -> bool:
        return "*" in self.headers


_BY_ORIGIN = ("Host", "Origin", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")

# documented: using-managed-cache-policies
MANAGED_CACHE_POLICIES = (
    CachePolicy(
        "2e54312d-136d-493c-8eb9-b001f22f67d2",
        "Managed-Amplify",
        2,
        2,
        600,
        listed("Authorization", "CloudFront-Viewer-Country", "Host"),
        ALL,
        ALL,
        gzip=True,
        brotli=True,
    ),
    CachePolicy("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "Managed-CachingDisabled", 0, 0, 0),
    CachePolicy(
        "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "Managed-CachingOptimized",
        1,
        gzip=True,
        brotli=True,
    ),
    CachePolicy(
        "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
        "Managed-CachingOptimizedForUncompressedObjects",
        1,
    ),
    CachePolicy(
        "08627262-05a9-4f76-9ded-b50ca2e3a84f",
        "Managed-Elemental-MediaPackage",
        0,
        headers=listed("Origin"),
        query_strings=listed("aws.manifestfilter", "start", "end", "m"),
        gzip=True,
    ),
    CachePolicy(
        "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
        "UseOriginCacheControlHeaders",
        0,
        0,
        headers=listed(*_BY_ORIGIN),
        cookies=ALL,
        gzip=True,
        brotli=True,
    ),
    CachePolicy(
        "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
        "UseOriginCacheControlHeaders-QueryStrings",
        0,
        0,
        headers=listed(*_BY_ORIGIN),
        cookies=ALL,
        query_strings=ALL,
        gzip=True,
        brotli=True,
    ),
)

# documented: adding-cloudfront-headers; the ones that existed in June 2022
CLOUDFRONT_HEADERS_2022_06 = (
    "CloudFront-Is-Android-Viewer", "CloudFront-Is-Desktop-Viewer", "CloudFront-Is-IOS-Viewer",
    "CloudFront-Is-Mobile-Viewer", "CloudFront-Is-SmartTV-Viewer", "CloudFront-Is-Tablet-Viewer",
    "CloudFront-Viewer-Address", "CloudFront-Viewer-ASN", "CloudFront-Viewer-Country", "CloudFront-Viewer-City",
    "CloudFront-Viewer-Country-Name", "CloudFront-Viewer-Country-Region", "CloudFront-Viewer-Country-Region-Name",
    "CloudFront-Viewer-Latitude", "CloudFront-Viewer-Longitude", "CloudFront-Viewer-Metro-Code",
    "CloudFront-Viewer-Postal-Code", "CloudFront-Viewer-Time-Zone", "CloudFront-Forwarded-Proto",
    "CloudFront-Viewer-Http-Version", "CloudFront-Viewer-TLS",
)  # fmt: skip

_PREFLIGHT = ("Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method")

# documented: using-managed-origin-request-policies
MANAGED_ORIGIN_REQUEST_POLICIES = (
    OriginRequestPolicy(
        "216adef6-5c7f-47e4-b989-5492eafa07d3",
        "Managed-AllViewer",
        Selection(Selects.ALL_VIEWER),
        ALL,
        ALL,
    ),
    OriginRequestPolicy(
        "33f36d7e-f396-46d9-90e0-52428a34d9dc",
        "Managed-AllViewerAndCloudFrontHeaders-2022-06",
        Selection(Selects.ALL_VIEWER_AND_CLOUDFRONT, CLOUDFRONT_HEADERS_2022_06),
        ALL,
        ALL,
    ),
    OriginRequestPolicy(
        "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        "Managed-AllViewerExceptHostHeader",
        Selection(Selects.ALL_EXCEPT, ("Host",)),
        ALL,
        ALL,
    ),
    OriginRequestPolicy(
        "59781a5b-3903-41f3-afcb-af62929ccde1",
        "Managed-CORS-CustomOrigin",
        listed("Origin"),
    ),
    OriginRequestPolicy(
        "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
        "Managed-CORS-S3Origin",
        listed(*_PREFLIGHT),
    ),
    OriginRequestPolicy(
        "775133bc-15f2-49f9-abea-afb2e0bf67d2",
        "Managed-Elemental-MediaTailor-PersonalizedManifests",
        listed(*_PREFLIGHT, "User-Agent", "X-Forwarded-For"),
        query_strings=ALL,
    ),
    OriginRequestPolicy("bf0718e1-ba1e-49d1-88b1-f726733018ae", "Managed-HostHeaderOnly", listed("Host")),
    OriginRequestPolicy(
        "acba4595-bd28-49b8-b9fe-13317c0390fa",
        "Managed-UserAgentRefererHeaders",
        listed("User-Agent", "Referer"),
    ),
)
