"""AWS services other than S3 that an origin access control signs requests to.

Source: private-content-restricting-access-to-origin and its pages for Lambda function URLs, MediaStore and MediaPackage
v2. inferred: the forms of their host names, from examples there.
"""

from __future__ import annotations

import re

_HOSTS = {
    "lambda": re.compile(r"[^.]+\.lambda-url\.([a-z0-9-]+)\.on\.aws"),
    "mediastore": re.compile(r"[^.]+\.data\.mediastore\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"),
    "mediapackagev2": re.compile(r"(?:[^.]+\.)+mediapackagev2\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"),
}
SERVICES = tuple(_HOSTS)


def service_of(domain_name: str) -> tuple[str, str] | None:
    """The service and the Region of a host name; None where it is none of theirs."""
    for service, pattern in _HOSTS.items():
        if match := pattern.fullmatch(domain_name.lower()):
            return service, match[1]
    return None
