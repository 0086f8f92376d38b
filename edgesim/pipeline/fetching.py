"""Asking an origin, and looking whether what it sends can be used."""

from __future__ import annotations

from edgesim.distribution.model import CacheBehavior, Origin
from edgesim.pipeline.effects import Fetched, FetchFailed, Steps, fetch
from edgesim.rules.usable import SENTENCES, trouble_with
from edgesim.values.message import Request


def fetch_usable(
    behavior: CacheBehavior, request: Request, origin: Origin, *, https: bool
) -> Steps[Fetched | FetchFailed]:
    """The origin's response; one that CloudFront does not take is as good as none."""
    fetched = yield from fetch(request, origin, https=https)
    if isinstance(fetched, FetchFailed):
        return fetched
    trouble = trouble_with(behavior, request, fetched.response)
    return fetched if trouble is None else FetchFailed(trouble, SENTENCES[trouble], fetched.at, fetched.where)
