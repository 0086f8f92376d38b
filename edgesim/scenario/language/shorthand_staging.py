"""Continuous deployment in a distribution's short form: who gets to the staging distribution, and what that has
otherwise than the primary one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgesim.loaders.nodes import Node
from edgesim.scenario.language import reading as r
from edgesim.scenario.language import shorthand_nodes as n
from edgesim.scenario.language.document import Element
from edgesim.scenario.language.reading import Reading, Shape, Wrong

POLICY = "inline"
"""The policy's id."""


def _header(reading: Reading, element: Element) -> Node:
    fields = r.fields_of(element, "header")
    if len(fields) != 1:
        raise Wrong(element, "the header that leads to staging is one", "write header: {aws-cf-cd-new: 'true'}")
    ((name, value),) = fields.items()
    return n.node(element, {"Header": n.node(value, name), "Value": n.text(reading, value)})


SESSIONS = Shape(
    "sessions",
    {"idle": n.seconds, "maximum": n.seconds},
    {"idle-ttl": "write idle", "maximum-ttl": "write maximum", "max": "write maximum"},
)
_SESSION_NAMES = {"idle": "IdleTTL", "maximum": "MaximumTTL"}


def _sessions(reading: Reading, element: Element) -> Node:
    return n.node(element, n.renamed(SESSIONS.read(reading, element), _SESSION_NAMES))


STAGING = Shape(
    "staging",
    {"header": _header, "weight": n.text, "sessions": _sessions, "enabled": n.truth, "distribution": r.element_itself},
    {
        "stickiness": "write sessions: {idle: 5m, maximum: 1h}",
        "value": "write header: {aws-cf-cd-new: 'true'}",
        "domain": "the staging distribution is made of this one, with what staging.distribution says",
    },
)


def traffic(element: Element, found: Mapping[str, Any], domain_name: str) -> Node:
    """The continuous deployment policy, in CloudFormation's spelling. `found` is what `staging` says, `element`."""
    if ("header" in element.fields) is ("weight" in element.fields):
        hint = "write {header: {aws-cf-cd-new: 'true'}}, or {weight: 0.1}"
        raise Wrong(element, "viewers get to staging by a header or by weight", hint)
    if "sessions" in element.fields and "weight" not in element.fields:
        raise Wrong(element.fields["sessions"], "there are sessions by weight alone", "leave them out")
    kind = "SingleHeader" if "header" in element.fields else "SingleWeight"
    config = {"Type": n.node(element, kind)}
    if "header" in found:
        config["SingleHeaderConfig"] = found["header"]
    if "weight" in found:
        sessions = {"SessionStickinessConfig": found["sessions"]} if "sessions" in found else {}
        config["SingleWeightConfig"] = n.node(element, {"Weight": found["weight"], **sessions})
    policy = {
        "Enabled": found.get("enabled", n.node(element, "true")),
        "StagingDistributionDnsNames": n.node(element, [n.node(element, domain_name)]),
        "TrafficConfig": n.node(element, config),
    }
    return n.node(element, policy)


def staged(primary: Element, said: Element) -> Element:
    """The staging distribution in short form: the primary one's, with what `staging.distribution` says over it.
    documented: it has no viewers of its own, so no aliases"""
    over = r.fields_of(said, "distribution")
    if "staging" in over:
        raise Wrong(over["staging"], "a staging distribution has none beside it")
    kept = {key: child for key, child in primary.fields.items() if key not in ("staging", "aliases")}
    return said.with_fields({**kept, **over})
