"""What CloudFront refuses in the settings that say which viewers are let in."""

from __future__ import annotations

from typing import Any

import pytest

from edgesim.distribution.config import DistributionConfig, parse
from edgesim.distribution.viewer_checks import check_viewers


def checked(behavior: dict[str, Any] | None = None, geo: dict[str, Any] | None = None) -> list[tuple[Any, str, str]]:
    raw: dict[str, Any] = {"DefaultCacheBehavior": behavior or {}}
    if geo is not None:
        raw["Restrictions"] = {"GeoRestriction": geo}
    config, _ = parse(DistributionConfig, raw)
    return [(finding.at[-1], finding.code, finding.hint) for finding in check_viewers(config)]


@pytest.mark.parametrize("signers", [["self"], ["123456789012"], ["self", "123456789012"]])
def test_signers_are_this_account_or_others(signers: list[str]) -> None:
    assert checked({"TrustedSigners": signers}) == []


@pytest.mark.parametrize("signer", ["me", "12345678901", "1234567890123", "SELF"])
def test_anything_else_is_no_signer(signer: str) -> None:
    [(at, code, _)] = checked({"TrustedSigners": ["self", signer]})
    assert (at, code) == (1, "TrustedSignerDoesNotExist")


@pytest.mark.parametrize(
    ("geo", "at", "code", "hint"),
    [
        ({"RestrictionType": "none", "Locations": ["DE"]}, "Locations", "InvalidGeoRestrictionParameter", "whitelist"),
        ({"RestrictionType": "whitelist"}, "RestrictionType", "InvalidGeoRestrictionParameter", ""),
        ({"RestrictionType": "blacklist", "Locations": ["UK"]}, 0, "InvalidLocationCode", "GB"),
        ({"RestrictionType": "blacklist", "Locations": ["FR", "de"]}, 1, "InvalidLocationCode", "DE"),
        ({"RestrictionType": "blacklist", "Locations": ["Germany"]}, 0, "InvalidLocationCode", "ISO 3166-1"),
    ],
)
def test_a_restriction_that_cloudfront_refuses(geo: dict[str, Any], at: str | int, code: str, hint: str) -> None:
    [(found_at, found_code, found_hint)] = checked(geo=geo)
    assert (found_at, found_code) == (at, code)
    assert hint in found_hint


def test_a_sound_restriction_is_none_of_its_business() -> None:
    assert checked(geo={"RestrictionType": "none"}) == []
    assert checked(geo={"RestrictionType": "whitelist", "Locations": ["DE", "AT", "GB"]}) == []
