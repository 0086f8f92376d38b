"""Response headers policies as the user writes them, in CloudFormation's spelling: see config.py.

Source: CloudFormation's AWS::CloudFront::ResponseHeadersPolicy, the API's ResponseHeadersPolicyConfig.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgesim.distribution.config import COMMENT_CHARS, Part, Texts

Method = Literal["GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "ALL"]
WholeSeconds = Annotated[int, Field(ge=0)]


# ── CORS ─────────────────────────────────────────────────────────────────────


class NameList(Part):
    """The wrapping that lists of names have here, in CloudFormation too."""

    required = ("items",)

    items: Texts = ()


class MethodList(Part):
    required = ("items",)

    items: tuple[Method, ...] = ()


class CorsConfig(Part):
    required = (
        "access_control_allow_origins",
        "access_control_allow_headers",
        "access_control_allow_methods",
        "access_control_allow_credentials",
        "origin_override",
    )

    access_control_allow_origins: NameList = NameList()
    access_control_allow_headers: NameList = NameList()
    access_control_allow_methods: MethodList = MethodList()
    access_control_allow_credentials: bool = False
    access_control_expose_headers: NameList | None = None
    access_control_max_age_sec: WholeSeconds | None = None
    origin_override: bool = False


# ── security headers ─────────────────────────────────────────────────────────


class SecurityHeader(Part):
    """What each of them has."""

    required: ClassVar[tuple[str, ...]] = ("override",)

    override: bool = False


class ContentSecurityPolicy(SecurityHeader):
    required = ("content_security_policy", "override")

    content_security_policy: str = ""


class ContentTypeOptions(SecurityHeader):
    pass


class FrameOptions(SecurityHeader):
    required = ("frame_option", "override")

    frame_option: Literal["DENY", "SAMEORIGIN"] | None = None


class ReferrerPolicy(SecurityHeader):
    required = ("referrer_policy", "override")

    referrer_policy: (
        Literal[
            "no-referrer",
            "no-referrer-when-downgrade",
            "origin",
            "origin-when-cross-origin",
            "same-origin",
            "strict-origin",
            "strict-origin-when-cross-origin",
            "unsafe-url",
        ]
        | None
    ) = None


class StrictTransportSecurity(SecurityHeader):
    required = ("access_control_max_age_sec", "override")

    access_control_max_age_sec: WholeSeconds = 0
    include_subdomains: bool = False
    preload: bool = False


class XssProtection(SecurityHeader):
    required = ("protection", "override")

    protection: bool = False
    mode_block: bool = False
    report_uri: str = ""


class SecurityHeadersConfig(Part):
    """In the order of the API's structure, in which they are sent (inferred)."""

    xss_protection: XssProtection | None = Field(None, alias="XSSProtection")
    frame_options: FrameOptions | None = None
    referrer_policy: ReferrerPolicy | None = None
    content_security_policy: ContentSecurityPolicy | None = None
    content_type_options: ContentTypeOptions | None = None
    strict_transport_security: StrictTransportSecurity | None = None


# ── the others ───────────────────────────────────────────────────────────────


class CustomHeaderItem(Part):
    """Value must be written too, yet may be an empty text, which looks like none here."""

    required = ("header", "override")

    header: str = ""
    value: str = ""
    override: bool = False


class CustomHeadersConfig(Part):
    required = ("items",)

    items: tuple[CustomHeaderItem, ...] = ()


class RemoveHeaderItem(Part):
    required = ("header",)

    header: str = ""


class RemoveHeadersConfig(Part):
    required = ("items",)

    items: tuple[RemoveHeaderItem, ...] = ()


class ServerTimingHeadersConfig(Part):
    required = ("enabled",)

    enabled: bool = False
    sampling_rate: Annotated[float, Field(ge=0, le=100)] | None = None


class ResponseHeadersPolicyConfig(Part):
    required = ("name",)

    name: str = ""
    comment: str = Field("", max_length=COMMENT_CHARS)
    cors_config: CorsConfig | None = None
    security_headers_config: SecurityHeadersConfig | None = None
    custom_headers_config: CustomHeadersConfig | None = None
    remove_headers_config: RemoveHeadersConfig | None = None
    server_timing_headers_config: ServerTimingHeadersConfig | None = None
