"""Which server or directory stands in for an origin.

First of these that fits:
1. `--origin ID=…`, or `--origin DISTRIBUTION.ID=…` before that, as long as the origin has the domain it is configured
   with: a function that writes another domain into `request.origin` means another server.
2. `--resolve DOMAIN=…`, for any domain, a function's too. An exact name beats a pattern with `*` or `?`, and a longer
   pattern beats a shorter one. Case does not count. The configured domain of an origin that `--origin` maps counts as
   an exact name, so that a function which writes that domain gets the same server (inferred: the first one's, where
   two origins of one domain are mapped to different servers).
3. The origin's own domain, in the world.

What goes out to a URL has the path: the URL's own path, then the OriginPath, then the request's. A directory stands
for the whole bucket, or its website where that is what the domain names: OriginPath is a folder in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from edgesim.distribution.buckets import Bucket, s3_region
from edgesim.distribution.edge_choices import MissingObject
from edgesim.distribution.model import Distribution, Origin
from edgesim.distribution.origin_names import known_names
from edgesim.distribution.services import service_of
from edgesim.origins.directories import Directories, as_what
from edgesim.origins.http import HttpOrigin
from edgesim.origins.signing import Signer
from edgesim.origins.targets import Directory, Target, Url, own_address
from edgesim.ports import Clock
from edgesim.values.message import Request, Response
from edgesim.values.uri import matches_wildcards

_OWN_NAME = "its own name"

_Key: TypeAlias = tuple[str, str]
"""An origin's distribution and id, which no function can change."""


def _key(origin: Origin) -> _Key:
    return origin.distribution, origin.id


class OriginRouter:
    """Sends each request where its origin is. Implements ports.OriginClient.

    `origins` maps the names that origins of the `distributions` have (distribution/origin_names.py) and `resolve` maps
    domain names or patterns to targets. `new_id` makes the request ids that directories answer with; see
    Directories for `buckets` and `missing`. `signer` signs what goes to buckets, None for nothing.
    """

    def __init__(
        self,
        http: HttpOrigin,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        distributions: Iterable[Distribution],
        origins: Mapping[str, Target] | None = None,
        resolve: Mapping[str, Target] | None = None,
        buckets: Mapping[str, Bucket] = MappingProxyType({}),
        missing: MissingObject = MissingObject.BY_POLICY,
        signer: Signer | None = None,
    ) -> None:
        self._signer = signer
        self._http = http
        self._domains: dict[_Key, str] = {}
        self._origins: dict[_Key, tuple[Target, str]] = {}
        mapped: dict[str, Target] = {}
        for origin, names in known_names(distributions):
            self._domains[_key(origin)] = domain = origin.domain_name.lower()
            if (name := next((name for name in names if name in (origins or {})), None)) is not None:
                target = (origins or {})[name]
                self._origins[_key(origin)] = target, f"--origin {name}"
                mapped.setdefault(domain, target)
        named = {domain.lower().rstrip("."): target for domain, target in (resolve or {}).items()}
        self._resolve = {**mapped, **named}
        self._rules = {domain: f"--origin, by the name {domain}" for domain in mapped}
        self._rules |= {domain: f"--resolve {domain}" for domain in named}
        self._directories = Directories(clock, new_id, buckets=buckets, missing=missing)
        self._resolved = lru_cache(maxsize=1024)(self._look_up)

    def target(self, origin: Origin, *, https: bool) -> Target:
        """Where an origin is, by the rules above. `https` is what the viewer used."""
        return self._route(origin, https=https)[0]

    def where(self, origin: Origin, *, https: bool) -> str:
        """The target, and the rule that chose it."""
        target, rule = self._route(origin, https=https)
        how = as_what(origin) if isinstance(target, Directory) else ", signed" if self._is_signed(origin, rule) else ""
        return f"{target}{how} ({rule})"

    def _route(self, origin: Origin, *, https: bool) -> tuple[Target, str]:
        domain = origin.domain_name.lower()
        if (mapped := self._origins.get(_key(origin))) is not None and self._domains.get(_key(origin)) == domain:
            return mapped
        return self._resolved(domain.rstrip(".")) or (own_address(origin, https=https), _OWN_NAME)

    async def resolve(self, origin: Origin, *, https: bool) -> None:
        """What the user has mapped needs no name. Raises OriginFault."""
        if self._route(origin, https=https)[1] == _OWN_NAME:
            await self._http.resolve(origin, https=https)

    async def fetch(self, request: Request, origin: Origin, *, https: bool) -> Response:
        """Raises OriginFault."""
        target, rule = self._route(origin, https=https)
        if isinstance(target, Url):
            if self._signer is not None and self._is_signed(origin, rule):
                request = self._signer.signed(request, origin, target.prefix)
            return await self._http.fetch_at(target, request, origin)
        return await self._directories.origin(target.path, origin).fetch(request, origin, https=https)

    def _is_signed(self, origin: Origin, rule: str) -> bool:
        """Only what the user named, or what is S3's, gets to see a signature. documented: an access control does not go
        along where a function turns to another bucket (private-content-restricting-access-to-s3); an identity does"""
        access = origin.access
        if self._signer is None or access is None or not access.signs:
            return False
        domain = origin.domain_name.lower()
        own = self._domains.get(_key(origin)) == domain or bool(origin.s3 and origin.s3.origin_access_identity)
        return own and (rule != _OWN_NAME or s3_region(domain) is not None or service_of(domain) is not None)

    async def aclose(self) -> None:
        """Close the connections behind."""
        await self._http.aclose()

    def _look_up(self, domain: str) -> tuple[Target, str] | None:
        fitting = [pattern for pattern in self._resolve if matches_wildcards(pattern, domain)]
        if domain not in self._resolve and not fitting:
            return None
        name = domain if domain in self._resolve else max(fitting, key=len)
        return self._resolve[name], self._rules[name]
