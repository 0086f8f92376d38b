"""Directories in the place of S3 buckets: by the origin's host name a REST endpoint or a website."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from edgesim.distribution.buckets import Bucket, bucket_name, is_website
from edgesim.distribution.edge_choices import MissingObject
from edgesim.distribution.model import Origin
from edgesim.origins.folder import FolderOrigin
from edgesim.origins.website import WebsiteOrigin
from edgesim.ports import Clock

_UNKNOWN = Bucket()
_ANY_SERVER = Bucket(listable=True)
"""inferred: where the directory stands for a server that is no bucket, what is not there is not found."""


class Directories:
    """`buckets` is what the source says of buckets, by name; `missing` decides about keys that are not there."""

    def __init__(
        self,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        buckets: Mapping[str, Bucket] = MappingProxyType({}),
        missing: MissingObject = MissingObject.BY_POLICY,
    ) -> None:
        self._clock, self._new_id = clock, new_id
        self._buckets, self._missing = buckets, missing
        self._made: dict[tuple[Path, str], FolderOrigin] = {}

    def origin(self, path: Path, origin: Origin) -> FolderOrigin:
        """What answers for an origin out of a directory. One of a kind keeps what it knows of files."""
        domain = origin.domain_name.lower()
        if (path, domain) not in self._made:
            self._made[path, domain] = self._make(path, domain)
        return self._made[path, domain]

    def _make(self, path: Path, domain: str) -> FolderOrigin:
        name = bucket_name(domain)
        bucket = self._buckets.get(name, _UNKNOWN if name else _ANY_SERVER)
        if is_website(domain):
            return WebsiteOrigin(path, clock=self._clock, new_id=self._new_id, website=bucket.website)
        return FolderOrigin(path, clock=self._clock, new_id=self._new_id, listable=self._is_listable(bucket))

    def _is_listable(self, bucket: Bucket) -> bool:
        by_choice = {MissingObject.NO_SUCH_KEY: True, MissingObject.ACCESS_DENIED: False}
        return by_choice.get(self._missing, bucket.listable)


def as_what(origin: Origin) -> str:
    """What a directory plays for an origin where that is not a bucket, for a person."""
    return ", as an S3 website" if is_website(origin.domain_name) else ""
