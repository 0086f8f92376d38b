"""Compression at the edge: which responses, with which coding, and what becomes of their head.

Rule 1: what is compressed is compressed before it is stored, so objects keep the form in which they came in.
Source: ServingCompressedFiles. Types compare without case and parameters, both ends of the size range count (inferred).
"""

from __future__ import annotations

from dataclasses import replace

from edgesim.distribution import limits
from edgesim.distribution.model import CacheBehavior
from edgesim.rules.reasons import CompressionReason
from edgesim.values.body import Coding, length_of
from edgesim.values.entry import CacheKey
from edgesim.values.headers import Headers, list_items
from edgesim.values.message import Response
from edgesim.values.record import record

_APPLICATION = (
    "dash+xml", "eot", "font", "font-sfnt", "javascript", "json", "opentype", "otf", "pdf", "pkcs7-mime", "protobuf",
    "rss+xml", "truetype", "ttf", "vnd.apple.mpegurl", "vnd.mapbox-vector-tile", "vnd.ms-fontobject", "wasm",
    "xhtml+xml", "xml", "x-font-opentype", "x-font-truetype", "x-font-ttf", "x-httpd-cgi", "x-javascript", "x-mpegurl",
    "x-opentype", "x-otf", "x-perl", "x-ttf",
)  # fmt: skip
_TEXT = (
    "css", "csv", "html", "javascript", "js", "plain", "richtext", "tab-separated-values", "xml", "x-component",
    "x-java-source", "x-script",
)  # fmt: skip
_OTHER = ("font/eot", "font/opentype", "font/otf", "font/ttf", "image/svg+xml", "vnd.apple.mpegurl")

# documented: ServingCompressedFiles, "file types that CloudFront compresses"
TYPES = frozenset((*(f"application/{t}" for t in _APPLICATION), *(f"text/{t}" for t in _TEXT), *_OTHER))

# documented: ServingCompressedFiles
STATUSES = frozenset({200, 403, 404})


@record
class Compressing:
    """What is done and why. `coding` is None where the body stays as it is; `varies` tells that another viewer would
    have got it compressed."""

    because: CompressionReason
    coding: Coding | None = None

    @property
    def varies(self) -> bool:
        return self.coding is not None or self.because is CompressionReason.NOT_ACCEPTED


def compressing(behavior: CacheBehavior, key: CacheKey, response: Response) -> Compressing:
    """Is this response from an origin compressed for viewers with this key? Brotli is preferred (documented)."""
    policy = behavior.cache_policy
    if not (policy.gzip or policy.brotli):
        return Compressing(CompressionReason.NOT_ENABLED)
    unfit = _unfit(response)
    if unfit is not None:
        return Compressing(unfit)
    accepted = (key.accept_encoding or "").split(",")
    if "br" in accepted:
        return Compressing(CompressionReason.BROTLI, Coding.BROTLI)
    if "gzip" in accepted:
        return Compressing(CompressionReason.GZIP, Coding.GZIP)
    return Compressing(CompressionReason.NOT_ACCEPTED)


def _unfit(response: Response) -> CompressionReason | None:
    headers = response.headers
    if response.status not in STATUSES:
        return CompressionReason.STATUS
    if "content-encoding" in headers:
        return CompressionReason.ENCODED
    length = _declared_length(headers)
    if length is None or length_of(response.body) == 0:
        return CompressionReason.NO_LENGTH
    if not limits.COMPRESSED_FROM_BYTES <= length <= limits.COMPRESSED_UP_TO_BYTES:
        return CompressionReason.SIZE
    kind = (headers.get("content-type") or "").partition(";")[0].strip().lower()
    return None if kind in TYPES else CompressionReason.TYPE


def _declared_length(headers: Headers) -> int | None:
    text = headers.get("content-length") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def compressed_headers(headers: Headers, coding: Coding) -> Headers:
    """The head of a compressed response: its coding, no length (observed), a weak ETag in a strong one's place and none
    in that of one without quotes (documented), and Vary."""
    etag = headers.get("etag")
    kept = headers.without("content-length", "content-encoding")
    if etag is not None and not etag.startswith("W/"):
        kept = kept.having("ETag", f"W/{etag}") if etag.startswith('"') else kept.without("etag")
    return varying(kept.adding(("Content-Encoding", coding.value)))


def varying(headers: Headers) -> Headers:
    """With `Vary: Accept-Encoding`. observed: also on what is sent uncompressed to those who accept nothing else"""
    named = list_items(headers.all("vary"))
    if any(name.lower() == "accept-encoding" for name in named):
        return headers
    return headers.having("Vary", ", ".join((*named, "Accept-Encoding")))


def uncompressed_response(response: Response, how: Compressing) -> Response:
    """A response that stays as it is, but for Vary."""
    return replace(response, headers=varying(response.headers)) if how.varies else response
