"""A directory that plays an S3 bucket's website endpoint: index documents, redirects, an error document, HTML.

Rule 1: GET and HEAD alone.
Rule 2: RedirectAllRequestsTo, then routing rules without an error, then the object, then a folder's redirect, then
        routing rules for the error, then the error document.
Rule 3: a key that is not there is 404 NoSuchKey whoever asks (observed, for buckets that may not be listed).
Left out: x-amz-website-redirect-location of single objects, since files have none.
Source: S3's user guide, WebsiteEndpoints, IndexDocumentSupport, CustomErrorDocSupport, how-to-page-redirect; observed:
the error page, in public reports; inferred: where they leave it open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from urllib.parse import quote

from edgesim.distribution.buckets import Redirect, RoutingRule, Website
from edgesim.distribution.model import Origin
from edgesim.origins.folder import NO_SUCH_KEY, NOT_ALLOWED, FolderOrigin, Refusal
from edgesim.origins.objects import Object, content_type, contents, validators
from edgesim.ports import Clock
from edgesim.values.body import NO_BODY
from edgesim.values.headers import Field
from edgesim.values.message import Request, Response, standard_reason

_READS = frozenset({"GET", "HEAD"})
_FOLDER = Refusal(302, "Moved Temporarily", "Found", "Resource Found")
_NO_DOCUMENT = "An Error Occurred While Attempting to Retrieve a Custom Error Document"


class WebsiteOrigin(FolderOrigin):
    """Implements ports.OriginClient. `website` is the bucket's configuration."""

    def __init__(self, root: Path, *, clock: Clock, new_id: Callable[[], str], website: Website) -> None:
        super().__init__(root, clock=clock, new_id=new_id)
        self._website = website

    def refused_method(self, method: str) -> Refusal | None:
        """What keeps a method from being answered."""
        return None if method in _READS else NOT_ALLOWED

    async def answer_key(self, request: Request, origin: Origin, key: str) -> Response:
        """The object, its folder's index, a redirect, or the error document."""
        if self._website.redirect_all is not None:
            target = f"/{quote(key)}{f'?{request.query}' if request.query else ''}"
            return self._sent_to(_location(self._website.redirect_all, request, target), 301)
        if (rule := self._rule(key, None)) is not None:
            return self._routed(request, key, rule)
        is_folder = not key or key.endswith("/")
        wanted = f"{key}{self._website.index}" if is_folder else key
        found = await self.objects.find(wanted)
        if found is not None:
            return await self.answer_object(request, found)
        if not is_folder and await self.objects.find(f"{key}/{self._website.index}") is not None:
            return self._error_page(request, _FOLDER, {}, (("Location", f"/{quote(key)}/"),))
        if (rule := self._rule(wanted, NO_SUCH_KEY.status)) is not None:
            return self._routed(request, wanted, rule)
        return await self._error(request, wanted)

    def object_fields(self, found: Object) -> list[Field]:
        """What the head says of an object. inferred: encryption and ranges are not told"""
        return validators(found)

    # ── redirects ────────────────────────────────────────────────────────────

    def _rule(self, key: str, error: int | None) -> RoutingRule | None:
        """The first rule for a key, of those for this error or of those for none."""
        return next((r for r in self._website.rules if r.error == error and key.startswith(r.prefix)), None)

    def _routed(self, request: Request, key: str, rule: RoutingRule) -> Response:
        redirect = rule.redirect
        if redirect.replace_key:
            key = redirect.replace_key
        elif redirect.replace_prefix is not None:
            key = redirect.replace_prefix + key.removeprefix(rule.prefix)
        return self._sent_to(_location(redirect, request, f"/{quote(key)}"), redirect.status)

    def _sent_to(self, location: str, status: int) -> Response:
        headers = self.headers([("Location", location), ("Content-Length", "0")])
        return Response(status, headers, reason=standard_reason(status))

    # ── errors ───────────────────────────────────────────────────────────────

    async def _error(self, request: Request, key: str) -> Response:
        if not self._website.error:
            return self.refuse(request, NO_SUCH_KEY, Key=key)
        document = await self.objects.find(self._website.error)
        if document is None:
            return self._error_page(request, NO_SUCH_KEY, {"Key": key}, missing_document=self._website.error)
        headers = self.headers(
            [
                ("x-amz-error-code", NO_SUCH_KEY.code),
                ("x-amz-error-message", NO_SUCH_KEY.message),
                ("x-amz-error-detail-Key", quote(key)),
                *validators(document),
                ("Content-Type", content_type(document)),
                ("Content-Length", str(document.size)),
            ]
        )
        whole = range(document.size)
        body = NO_BODY if request.method == "HEAD" else await contents(document.path, whole)
        return Response(NO_SUCH_KEY.status, headers, body, NO_SUCH_KEY.reason)

    def refuse(self, request: Request, refusal: Refusal, **details: str) -> Response:
        """S3's HTML error."""
        return self._error_page(request, refusal, details)

    def _error_page(
        self,
        request: Request,
        refusal: Refusal,
        details: Mapping[str, str],
        fields: tuple[Field, ...] = (),
        missing_document: str = "",
    ) -> Response:
        """S3's HTML error page. observed: its form"""
        headers = self.headers(
            [
                ("x-amz-error-code", refusal.code),
                ("x-amz-error-message", refusal.message),
                *((f"x-amz-error-detail-{name}", quote(value)) for name, value in details.items()),
                *fields,
                ("Content-Type", "text/html; charset=utf-8"),
            ]
        )
        told = {
            "Code": refusal.code,
            "Message": refusal.message,
            **details,
            "RequestId": headers.get("x-amz-request-id") or "",
            "HostId": headers.get("x-amz-id-2") or "",
        }
        page = _page(refusal, told, missing_document).encode()
        if request.method == "HEAD":
            return Response(refusal.status, headers, NO_BODY, refusal.reason)
        return Response(refusal.status, headers.having("Content-Length", str(len(page))), page, refusal.reason)


def _location(redirect: Redirect, request: Request, target: str) -> str:
    """documented: how-to-page-redirect; the endpoint itself speaks http, and its host is what the request says"""
    host = redirect.host or request.headers.get("host") or ""
    return f"{redirect.protocol or 'http'}://{host}{target}"


def _page(refusal: Refusal, told: dict[str, str], missing_document: str) -> str:
    title = f"{refusal.status} {standard_reason(refusal.status)}"
    document = ""
    if missing_document:
        failed = {"Code": NO_SUCH_KEY.code, "Message": NO_SUCH_KEY.message, "Key": missing_document}
        document = f"<h3>{_NO_DOCUMENT}</h3>\n{_list(failed)}"
    head = f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
    return f"{head}{_list(told)}{document}<hr/>\n</body>\n</html>\n"


def _list(items: dict[str, str]) -> str:
    lines = "".join(f"<li>{name}: {escape(value, quote=False)}</li>\n" for name, value in items.items())
    return f"<ul>\n{lines}</ul>\n"
