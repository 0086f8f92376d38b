"""Which URLs the Resource of a policy covers.

`*` is any number of characters, `?` exactly one, and neither leaves its section: protocol, domain, path, query string.
Source: private-content-creating-signed-url-custom-policy, "Values that you specify", Resource.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgesim.values.uri import matches_wildcards

ESCAPED_MARK = "\\?"


def covers(resource: str, url: str) -> bool:
    """Does a policy's Resource cover a URL, `protocol://host/path?query`?

    inferred: protocol and domain compare without case
    """
    if resource == "*":
        return True
    protocol, rest = _protocol(resource)
    url_protocol, _, url_rest = url.partition("://")
    host, slash, target = url_rest.partition("/")
    path, _, query = f"{slash}{target}".partition("?")
    if not matches_wildcards(protocol.lower(), url_protocol.lower()):
        return False
    return any(
        matches_wildcards(domain.lower(), host.lower())
        and matches_wildcards(path_pattern, path)
        and matches_wildcards(query_pattern, query)
        for domain, path_pattern, query_pattern in _sections(rest)
    )


def _protocol(resource: str) -> tuple[str, str]:
    """documented: http://, https:// or *://, or none at all before a leading asterisk, which is any. What else has no
    protocol covers nothing (inferred)."""
    protocol, separator, rest = resource.partition("://")
    if separator:
        return protocol, rest
    return ("*", resource) if resource.startswith("*") else ("", resource)


def _sections(rest: str) -> Iterator[tuple[str, str, str]]:
    """Domain, path and query string of what follows the protocol, in each way in which it can be read: a question mark
    may be a wildcard or begin the query string (documented: both are written without a backslash); an escaped one
    always does the latter."""
    domain, slash, target = rest.partition("/")
    if not slash:
        # documented: a trailing asterisk of the domain goes on in path and query string
        yield (domain, "/*", "*") if domain.endswith("*") else (domain, "/", "")
        return
    for path, query in _targets(f"/{target}"):
        # documented: and that of a path goes on in the query string
        yield domain, path, query or ("*" if path.endswith("*") else "")


def _targets(target: str) -> Iterator[tuple[str, str]]:
    if ESCAPED_MARK in target:
        path, _, query = target.partition(ESCAPED_MARK)
        yield path, query.replace(ESCAPED_MARK, "?")
        return
    yield target, ""
    for at, char in enumerate(target):
        if char == "?":
            yield target[:at], target[at + 1 :]
