"""What CloudFront refuses in the settings that say which viewers are let in: signers, and geographic restrictions."""

from __future__ import annotations

import re

from edgesim.distribution.config import DistributionConfig, GeoRestriction
from edgesim.distribution.findings import Finding, Findings, closest
from edgesim.distribution.geo import COUNTRIES
from edgesim.distribution.key_config import KeyGroupConfig, PublicKeyConfig
from edgesim.distribution.problems import Severity
from edgesim.distribution.signers import MOST_GROUPS_OF_A_BEHAVIOR, MOST_KEYS_IN_A_GROUP
from edgesim.errors import ConfigError
from edgesim.signatures.keys import TAKEN, public_key_kind


def check_viewers(config: DistributionConfig) -> Findings:
    """Everything that CloudFront would refuse of these in a distribution."""
    yield from _signers(config)
    if "restrictions" in config.model_fields_set:
        for finding in _geo(config.restrictions.geo_restriction):
            yield finding.under(("Restrictions", "GeoRestriction"))


# ── signers ──────────────────────────────────────────────────────────────────

_ACCOUNT = re.compile(r"self|\d{12}", re.ASCII)


def _signers(config: DistributionConfig) -> Findings:
    """documented: cloudfront-limits, a warning, since quotas can be raised; the API's TrustedSigners: `self`, or
    accounts"""
    for loc, _, behavior in config.behaviors():
        groups = len(behavior.trusted_key_groups)
        if groups > MOST_GROUPS_OF_A_BEHAVIOR:
            message = f"{groups} key groups are more than the {MOST_GROUPS_OF_A_BEHAVIOR} that AWS grants at first"
            code = "TooManyKeyGroupsAssociatedToDistribution"
            yield Finding((*loc, "TrustedKeyGroups"), message, code=code, severity=Severity.WARNING)
        for index, account in enumerate(behavior.trusted_signers):
            if not _ACCOUNT.fullmatch(account):
                message = "One or more of your trusted signers do not exist."
                hint = f"'{account}' is neither self nor the twelve digits of an account"
                yield Finding((*loc, "TrustedSigners", index), message, hint, "TrustedSignerDoesNotExist")


INVALID_KEY = "Invalid request provided: AWS::CloudFront::PublicKey"
"""observed: CloudFormation's words for any key that CloudFront does not take (aws-cdk#12852)"""


def check_public_key(config: PublicKeyConfig) -> Findings:
    """Is it a key that CloudFront takes? documented: private-content-trusted-signers, RSA 2048 or ECDSA 256 in PEM"""
    if "encoded_key" not in config.model_fields_set:
        return
    why, hint = wrong_key(config.encoded_key)
    if why:
        yield Finding(("EncodedKey",), f"{INVALID_KEY}: {why}", hint, "InvalidArgument")


def wrong_key(pem: str) -> tuple[str, str]:
    """What is wrong with a public key's PEM, with a way out; nothing where nothing is."""
    try:
        kind = public_key_kind(pem)
    except ConfigError as error:
        return str(error), error.hint
    return ("", "") if kind in TAKEN else (f"this one is {kind}", f"CloudFront takes {' and '.join(TAKEN)}")


def check_key_group(config: KeyGroupConfig) -> Findings:
    """documented: cloudfront-limits, a warning, since quotas can be raised"""
    if len(config.items) > MOST_KEYS_IN_A_GROUP:
        message = f"{len(config.items)} keys are more than the {MOST_KEYS_IN_A_GROUP} that AWS grants a group at first"
        yield Finding(("Items",), message, code="TooManyPublicKeysInKeyGroup", severity=Severity.WARNING)


# ── geographic restrictions ──────────────────────────────────────────────────


def _geo(restriction: GeoRestriction) -> Findings:
    """documented: the API's GeoRestriction, which wants ISO 3166-1 codes in upper case"""
    if restriction.restriction_type == "none":
        if restriction.locations:
            message = "RestrictionType is none, but there are Locations"
            hint = "write whitelist to serve these countries alone, blacklist to serve all others"
            yield Finding(("Locations",), message, hint, "InvalidGeoRestrictionParameter")
        return
    if not restriction.locations:
        message = f"RestrictionType is {restriction.restriction_type}, but there are no Locations"
        yield Finding(("RestrictionType",), message, code="InvalidGeoRestrictionParameter")
    for index, code in enumerate(restriction.locations):
        if code not in COUNTRIES:
            hint = _OFTEN_MEANT.get(code) or closest(code, COUNTRIES) or "two letters by ISO 3166-1, such as DE"
            yield Finding(("Locations", index), f"'{code}' is no country code", hint, "InvalidLocationCode")


_OFTEN_MEANT = {"UK": "did you mean GB?", "EU": "there is none for the European Union: list its countries"}
