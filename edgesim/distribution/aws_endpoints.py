"""Where functions find AWS's services: stand-ins on this machine, say. On Lambda@Edge nothing of the kind can be set.

documented: the AWS SDKs' reference, service-specific endpoints: AWS_ENDPOINT_URL for all services, and for one
AWS_ENDPOINT_URL_ with its id in capital letters, which goes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from edgesim.errors import ConfigError

EVERY_SERVICE = "*"

Endpoints = Mapping[str, str]
"""URLs by service, as users name it; EVERY_SERVICE for those that have none of their own."""

NO_ENDPOINTS: Endpoints = MappingProxyType({})

_VARIABLE = "AWS_ENDPOINT_URL"
_SERVICE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[ _-][A-Za-z0-9]+)*")

_IDS = {
    # the names of the AWS CLI's commands and of hosts, where they are not the services' ids
    "APIGATEWAY": "API_GATEWAY",
    "COGNITO_IDP": "COGNITO_IDENTITY_PROVIDER",
    "DYNAMODBSTREAMS": "DYNAMODB_STREAMS",
    "EVENTS": "EVENTBRIDGE",
    "LOGS": "CLOUDWATCH_LOGS",
    "SECRETSMANAGER": "SECRETS_MANAGER",
    "STATES": "SFN",
    "STEPFUNCTIONS": "SFN",
}


def parse_endpoint(text: str) -> tuple[str, str]:
    """(service, URL) of `[SERVICE=]URL`. Raises ConfigError."""
    before, equals, after = text.partition("=")
    service, url = (EVERY_SERVICE, text) if not equals or "://" in before else (before.strip(), after)
    check_endpoint(service, url)
    return service, url


def check_endpoint(service: str, url: str) -> None:
    """Raises ConfigError where a service or its URL can be none."""
    variable_of(service)
    if not _is_url(url):
        raise ConfigError(f"{url!r} is no endpoint", f"{_example(service)}, with http or https")
    if "?" in url or "#" in url:
        raise ConfigError(f"the endpoint {url} can't have a query string", _example(service))


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False
    return named and parts.scheme in ("http", "https") and not any(one.isspace() for one in text)


def _example(service: str) -> str:
    named = "" if service == EVERY_SERVICE else f"{service}="
    return f"write {named}http://localhost:8000"


def variable_of(service: str) -> str:
    """The environment variable that SDKs look for. Raises ConfigError."""
    if service == EVERY_SERVICE:
        return _VARIABLE
    if _SERVICE.fullmatch(service) is None:
        raise ConfigError(f"{service!r} can't be the name of an AWS service", "write dynamodb, s3, secrets-manager …")
    name = re.sub("[ -]", "_", service).upper()
    return f"{_VARIABLE}_{_IDS.get(name, name)}"


def endpoint_variables(endpoints: Endpoints) -> dict[str, str]:
    """What functions find in their environment."""
    return {variable_of(service): url for service, url in endpoints.items()}


def endpoints_line(endpoints: Endpoints) -> str:
    """What to say of them, empty where there are none."""
    told = (f"{'AWS' if service == EVERY_SERVICE else service} at {url}" for service, url in endpoints.items())
    return f"functions find {', '.join(told)}" if endpoints else ""
