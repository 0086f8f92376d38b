"""From a response headers policy's configuration to the policy that the rules read."""

from __future__ import annotations

from collections.abc import Iterator

from edgesim.distribution import response_headers as model
from edgesim.distribution.config import parse
from edgesim.distribution.findings import Finding
from edgesim.distribution.response_headers_checks import check_response_headers_policy
from edgesim.distribution.response_headers_config import (
    CorsConfig,
    ResponseHeadersPolicyConfig,
    SecurityHeadersConfig,
    StrictTransportSecurity,
    XssProtection,
)
from edgesim.loaders.nodes import Node, plain
from edgesim.loaders.unknowns import Unknowns
from edgesim.values.headers import wire


def read_response_headers_policy(
    policy_id: str, unknowns: Unknowns
) -> tuple[model.ResponseHeadersPolicy, list[Finding]]:
    """A response headers policy from its raw form (ResponseHeadersPolicyConfig), and what is wrong with it."""
    config, faults = parse(ResponseHeadersPolicyConfig, plain(unknowns.tree))
    removed, timing = config.remove_headers_config, config.server_timing_headers_config
    policy = model.ResponseHeadersPolicy(
        policy_id,
        config.name,
        _cors(config.cors_config) if config.cors_config else None,
        tuple(_headers(config)),
        tuple(item.header for item in removed.items) if removed else (),
        (timing.sampling_rate or 0) if timing is not None and timing.enabled else None,
    )
    return policy, [*unknowns.softened(faults), *unknowns.sayable(check_response_headers_policy(config))]


def items_form(node: Node) -> Node:
    """The API's lists, `{Quantity, Items}`, as CloudFormation writes them here: `{Items}`."""
    if "Quantity" in node.fields:
        return node.with_value({"Items": node.get("Items").with_value(_each(node.get("Items")))})
    if node.fields:
        return node.with_value({name: items_form(child) for name, child in node.fields.items()})
    return node.with_value(_each(node)) if node.items else node


def _each(node: Node) -> list[Node]:
    return [items_form(item) for item in node.items]


# ── sections ─────────────────────────────────────────────────────────────────


def _cors(cors: CorsConfig) -> model.Cors:
    methods, exposed = cors.access_control_allow_methods.items, cors.access_control_expose_headers
    return model.Cors(
        cors.access_control_allow_origins.items,
        cors.access_control_allow_headers.items,
        model.EVERY_METHOD if "ALL" in methods else methods,
        exposed.items if exposed else (),
        cors.access_control_allow_credentials,
        cors.access_control_max_age_sec,
        cors.origin_override,
    )


def _headers(config: ResponseHeadersPolicyConfig) -> Iterator[model.PolicyHeader]:
    if config.security_headers_config is not None:
        yield from _security(config.security_headers_config)
    for item in config.custom_headers_config.items if config.custom_headers_config else ():
        # observed: ttoss#1205, it is lost beside CorsConfig
        if config.cors_config is None or item.header.lower() != "vary":
            yield model.PolicyHeader(item.header, wire(item.value), item.override)


def _security(security: SecurityHeadersConfig) -> Iterator[model.PolicyHeader]:
    """inferred: in the order of the API's structure"""
    if (xss := security.xss_protection) is not None:
        yield model.PolicyHeader("X-XSS-Protection", _xss(xss), xss.override)
    if (frames := security.frame_options) is not None:
        yield model.PolicyHeader("X-Frame-Options", frames.frame_option or "", frames.override)
    if (referrer := security.referrer_policy) is not None:
        yield model.PolicyHeader("Referrer-Policy", referrer.referrer_policy or "", referrer.override)
    if (content := security.content_security_policy) is not None:
        yield model.PolicyHeader("Content-Security-Policy", wire(content.content_security_policy), content.override)
    if (types := security.content_type_options) is not None:
        yield model.PolicyHeader("X-Content-Type-Options", "nosniff", types.override)
    if (transport := security.strict_transport_security) is not None:
        yield model.PolicyHeader("Strict-Transport-Security", _hsts(transport), transport.override)


def _xss(xss: XssProtection) -> str:
    """documented: 0, 1, 1; mode=block, 1; report=URI. inferred: 0 alone, whatever else is set"""
    if not xss.protection:
        return "0"
    if xss.mode_block:
        return "1; mode=block"
    return f"1; report={wire(xss.report_uri)}" if xss.report_uri else "1"


def _hsts(transport: StrictTransportSecurity) -> str:
    """inferred: the order"""
    parts = [f"max-age={transport.access_control_max_age_sec}"]
    parts += ["includeSubDomains"] if transport.include_subdomains else []
    parts += ["preload"] if transport.preload else []
    return "; ".join(parts)
