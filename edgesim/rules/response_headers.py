"""What a response headers policy does to the head of a response: headers go, then headers come.

Source: understanding-response-headers-policies. CORS and Server-Timing have modules of their own.
"""

from __future__ import annotations

from edgesim.distribution.choices import Choices
from edgesim.distribution.edge_choices import ResponseHeadersPolicyOrder
from edgesim.distribution.response_headers import ResponseHeadersPolicy
from edgesim.values.headers import Headers


def with_policy_headers(policy: ResponseHeadersPolicy, headers: Headers) -> Headers:
    """The head without what the policy removes and with its security and custom headers; itself where that changes
    nothing.

    documented: removed first, so that what is both removed and added is there; a header that overrides takes the place
    of the origin's, another gives way to it
    """
    if not policy.removed.isdisjoint(headers.index):
        headers = headers.only(lambda name: name not in policy.removed)
    if not policy.headers:
        return headers
    if headers.index.keys().isdisjoint(policy.head.index):
        return headers.followed_by(policy.head)
    for header in policy.headers:
        if header.override or header.name not in headers:
            headers = headers.having(header.name, header.value)
    return headers


_EDGES_OWN = frozenset({"x-cache", "age"})


def unsent(policy: ResponseHeadersPolicy) -> frozenset[str]:
    """The headers of CloudFront's own, in lower case, that the policy keeps from viewers.

    documented: Via and X-Amz-Cf-* can't be removed, and X-Cache no longer is among those; inferred: so it can, and Age
    """
    return policy.removed & _EDGES_OWN


def before_function(choices: Choices) -> bool:
    """Is the policy applied before the viewer-response function?"""
    return choices.response_headers_policy_order is ResponseHeadersPolicyOrder.BEFORE_FUNCTION
