"""The keys of signed URLs: from a template, from what the AWS CLI prints, and from the user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgesim.distribution.problems import Severity
from edgesim.distribution.signers import Signers
from edgesim.loaders import Loaded, Overrides, load
from edgesim.loaders.quick import load_quick
from edgesim.loaders.request import Pem
from edgesim.signatures.keys import key_pair_named, public_half
from tests.loaders.conftest import Load

ONE, TWO, OTHER = (public_half(key_pair_named(name)) for name in ("one", "two", "other"))


def key(name: str, encoded: str) -> str:
    return f"""\
{name}:
  Type: AWS::CloudFront::PublicKey
  Properties:
    PublicKeyConfig: {{Name: {name}, CallerReference: c, EncodedKey: {encoded}}}
"""


def group(name: str, items: str) -> str:
    return f"""\
{name}:
  Type: AWS::CloudFront::KeyGroup
  Properties:
    KeyGroupConfig: {{Name: {name}, Items: {items}}}
"""


def quoted(pem: str) -> str:
    return json.dumps(pem)


RESOURCES = key("One", quoted(ONE)) + key("Two", quoted(TWO)) + group("Both", "[!Ref One, !GetAtt Two.Id]")


def keys(loaded: Loaded) -> dict[str, str]:
    assert loaded.errors == (), loaded.problems
    signers = loaded.distributions[0].behaviors[-1].signers
    assert isinstance(signers, Signers)
    return dict(signers.keys)


def test_a_behavior_without_signers_wants_no_signature(distribution: Load) -> None:
    assert distribution(resources=RESOURCES).distributions[0].behaviors[0].signers is None


def test_a_behavior_trusts_the_keys_of_its_groups_by_their_logical_ids(distribution: Load) -> None:
    loaded = distribution("TrustedKeyGroups: [!Ref Both]", resources=RESOURCES)
    assert loaded.problems == ()
    assert keys(loaded) == {"One": ONE, "Two": TWO}


def test_a_key_that_is_handed_over_takes_the_place_of_the_templates(distribution: Load) -> None:
    loaded = distribution("TrustedKeyGroups: [!Ref Both]", resources=RESOURCES, public_keys={"One": Pem(OTHER)})
    assert keys(loaded) == {"One": OTHER, "Two": TWO}


@pytest.mark.parametrize(
    ("behavior", "message", "hint"),
    [
        ("", "no cache behavior trusts the key K1, nor any other", "give a cache behavior TrustedKeyGroups"),
        ("TrustedKeyGroups: [!Ref Both]", "no cache behavior trusts the key K1", "there are One, Two"),
    ],
)
def test_a_key_that_is_handed_over_for_nothing_is_warned_of(
    distribution: Load, tmp_path: Path, behavior: str, message: str, hint: str
) -> None:
    (tmp_path / "k1.pem").write_text(OTHER)
    given = {"K1": str(tmp_path / "k1.pem")}
    [problem] = distribution(behavior, resources=RESOURCES, public_keys=given).problems
    assert (problem.severity, problem.message, problem.at) == (Severity.WARNING, message, "--public-key K1")
    assert hint in problem.hint


def test_a_key_that_can_not_be_known_is_wanted_from_the_user(distribution: Load) -> None:
    unknown = key("One", "'{{resolve:ssm:/key}}'") + group("G", "[!Ref One]")
    first, second = distribution("TrustedKeyGroups: [!Ref G]", resources=unknown).problems
    assert (first.severity, first.hint) == (Severity.WARNING, "hand the public key over: --public-key One=FILE.pem")
    assert (second.severity, second.message) == (
        Severity.WARNING,
        "no key of these signers is known here, so that no request is let in",
    )
    loaded = distribution("TrustedKeyGroups: [!Ref G]", resources=unknown, public_keys={"One": Pem(ONE)})
    assert (loaded.problems, keys(loaded)) == ((), {"One": ONE})


@pytest.mark.parametrize(
    "behavior",
    [
        "TrustedKeyGroups: [!ImportValue Group]",
        "TrustedKeyGroups: [8dfe44b1-2fb4-4de9-8e7f-c8dcdbf43a5e]",
        "TrustedSigners: [self]",
        "TrustedSigners: ['123456789012']",
    ],
)
def test_where_it_is_not_known_who_signs_those_keys_count_that_belong_nowhere_else(
    distribution: Load, behavior: str
) -> None:
    assert keys(distribution(behavior, resources=RESOURCES)) == {}
    given = {"K2JCJMDEHXQW5F": Pem(OTHER), "One": Pem(ONE)}
    assert keys(distribution(behavior, resources=RESOURCES, public_keys=given)) == {"K2JCJMDEHXQW5F": OTHER}


def test_a_group_may_have_a_key_that_the_template_has_not(distribution: Load) -> None:
    resources = key("One", quoted(ONE)) + group("G", "[!Ref One, K2JCJMDEHXQW5F]")
    given = {"K2JCJMDEHXQW5F": Pem(OTHER), "Stray": Pem(TWO)}
    loaded = distribution("TrustedKeyGroups: [!Ref G]", resources=resources, public_keys=given)
    assert keys(loaded) == {"One": ONE, "K2JCJMDEHXQW5F": OTHER}


def test_a_key_that_cloudfront_does_not_take_is_told_with_its_line(distribution: Load) -> None:
    loaded = distribution("TrustedKeyGroups: [!Ref G]", resources=key("One", "abc") + group("G", "[!Ref One]"))
    [error] = loaded.errors
    assert error.message.startswith("Invalid request provided: AWS::CloudFront::PublicKey: ")
    assert error.at == "Resources.One.Properties.PublicKeyConfig.EncodedKey"
    assert error.line


def test_more_keys_and_groups_than_aws_grants_are_warned_of(distribution: Load) -> None:
    """documented: cloudfront-limits"""
    resources = "".join(group(f"G{n}", "[a, b, c, d, e, f]" if n == 0 else "[a]") for n in range(5))
    loaded = distribution(f"TrustedKeyGroups: [{', '.join(f'!Ref G{n}' for n in range(5))}]", resources=resources)
    assert {problem.code for problem in loaded.problems} >= {
        "TooManyPublicKeysInKeyGroup",
        "TooManyKeyGroupsAssociatedToDistribution",
    }
    assert loaded.errors == ()


def test_unknown_properties_are_told(distribution: Load) -> None:
    resources = "K:\n  Type: AWS::CloudFront::PublicKey\n  Properties: {PublicKeyConfg: {}}\n"
    assert "did you mean PublicKeyConfig?" in [error.hint for error in distribution(resources=resources).errors]


# ── files ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        ONE,
        json.dumps({"PublicKey": {"Id": "K1", "PublicKeyConfig": {"Name": "a", "EncodedKey": ONE}}, "ETag": "E"}),
        json.dumps({"PublicKeyConfig": {"Name": "a", "EncodedKey": ONE}}),
    ],
    ids=["PEM", "get-public-key", "get-public-key-config"],
)
def test_a_file_is_pem_or_what_aws_prints(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    loaded = load_quick("http://localhost:3000", {}, public_keys={"K1": str(file)})
    assert keys(loaded) == {"K1": ONE}
    assert loaded.files == (str(file),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no such file"),
        ("x", "this is no public key in PEM form"),
        (key_pair_named("one"), "this is a private key, and CloudFront has the public one"),
        ("{}", "this is no public key in PEM form"),
    ],
)
def test_what_is_no_key_is_told(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "key"
    if text is not None:
        file.write_text(text)
    [error] = load_quick("http://localhost:3000", {}, public_keys={"K1": str(file)}).errors
    assert error.message == message
    assert error.file == str(file)


# ── what the AWS CLI prints ──────────────────────────────────────────────────


def wrapped(*items: Any) -> dict[str, Any]:
    return {"Enabled": bool(items), "Quantity": len(items), "Items": list(items)}


def printed(tmp_path: Path, *, active: bool) -> Path:
    behavior = {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "TrustedKeyGroups": wrapped("g1"),
        "TrustedSigners": wrapped(),
    }
    origin = {"Id": "o", "DomainName": "a.example.com", "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"}}
    configuration = {"Enabled": True, "Origins": wrapped(origin), "DefaultCacheBehavior": behavior}
    groups = wrapped({"KeyGroupId": "g1", "KeyPairIds": {"Quantity": 1, "Items": ["K1"]}})
    whole = {"Id": "E1", "DistributionConfig": configuration}
    path = tmp_path / "d.json"
    path.write_text(json.dumps({"Distribution": whole | ({"ActiveTrustedKeyGroups": groups} if active else {})}))
    return path


@pytest.mark.parametrize(("active", "trusted"), [(True, ["K1"]), (False, ["K1", "K2"])])
def test_who_is_in_a_group_is_what_get_distribution_says(tmp_path: Path, active: bool, trusted: list[str]) -> None:
    given = {"K1": Pem(ONE), "K2": Pem(TWO)}
    loaded = load(printed(tmp_path, active=active), Overrides(public_keys=given))
    assert list(keys(loaded)) == trusted


# ── geographic restrictions ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{RestrictionType: none}", None),
        ("{RestrictionType: whitelist, Locations: [DE, AT]}", (True, {"DE", "AT"})),
        ("{RestrictionType: blacklist, Locations: [FR]}", (False, {"FR"})),
    ],
)
def test_a_geographic_restriction_is_read(
    distribution: Load, written: str, expected: tuple[bool, set[str]] | None
) -> None:
    loaded = distribution(config=f"Restrictions: {{GeoRestriction: {written}}}\n")
    assert loaded.problems == ()
    found = loaded.distributions[0].geo_restriction
    assert (found and (found.allows, found.locations)) == expected
