"""Signed URLs, byte for byte those that botocore 1.44.8 (CloudFrontSigner) made with the key beside this file."""

from pathlib import Path

import pytest

from edgesim.signatures.keys import key_pair_named, public_half, verifies
from edgesim.signatures.signing import Signer, as_cookies, signed, with_parameters
from edgesim.values.signed import Grant, canned_policy, decoded

KEY = (Path(__file__).parent / "rsa.pem").read_text()
SIGNER = Signer("K2JCJMDEHXQW5F", KEY)
AT = 1767261600
RECORDED = {
    "https://www.example.com/a.jpg": (
        "https://www.example.com/a.jpg?Expires=1767261600&Signature=zWzZu4QwPSBNZY-kNRNYnuhb2-Fd5Ww"
        "eCz5LXHopgMklT~mnVgn3BNdAmsFG2ZZ0~KSyTkvD-PBcSvlEBisx2QQ6~EMhpLsBeDRr4N0D8X-7YGsjRRf7545R1"
        "uMk-lCoqsJWhnpUJLLa~J3YzgCxF3w9cXYpM2SD~jiheoo6RT0dm~CpIfsjy-fjHY-z8nnBiVihU2LYyTH90Y95Wrw"
        "dW65Gh4xy~aBt9mES5CH~DGjjjz1aCJdhXZxpzH6hstT2Ja1pzIRE4NGXmM5Rf6WDTGSgoAGI~sJxZAbiitl8kXb0M"
        "smF2opWTJKRtads3XbR1apTQpA7ugYLw5SQR6YivQ__&Key-Pair-Id=K2JCJMDEHXQW5F"
    ),
    "https://www.example.com/a.jpg?size=large": (
        "https://www.example.com/a.jpg?size=large&Expires=1767261600&Signature=EFASKYo7otq7V3CS7f9T"
        "wkr4lJsMG2WvCH~rwlcSdSrtYrRMspUJwnYAyjixUl75W-FtJHFTMyVvKMPJNDUBF94n~Ji2mrmOMfi6OhhRSNVHq0"
        "ElyGhLnjq7GxbFXwOs3jUO0kjMPjxf-wYjJ8kj28hiVGr9FH7cxw~aP3tsQ64JL79JL6zqxQ5i8iUetEiXZjUAXKdN"
        "Q0pZ8hDNiKnh8A7qZu07fI840-c0CLBywy69H19dWZaKahkj7mLCQgYypEp7BkROK3eWfXccKeCjgQI23NM~1kbGc1"
        "uZ8wnv9g0vaqG5j22JREms9cr67tu3MhsZUhTg6nng~38rIdskDg__&Key-Pair-Id=K2JCJMDEHXQW5F"
    ),
}
CUSTOM = (
    "https://www.example.com/a.jpg?Policy=eyJTdGF0ZW1lbnQiOlt7IlJlc291cmNlIjoiaHR0cHM6Ly93d3cuZ"
    "XhhbXBsZS5jb20vKiIsIkNvbmRpdGlvbiI6eyJEYXRlTGVzc1RoYW4iOnsiQVdTOkVwb2NoVGltZSI6MTc2NzI2MTY"
    "wMH0sIklwQWRkcmVzcyI6eyJBV1M6U291cmNlSXAiOiIxOTIuMC4yLjAvMjQifSwiRGF0ZUdyZWF0ZXJUaGFuIjp7I"
    "kFXUzpFcG9jaFRpbWUiOjE3MzU2ODk2MDB9fX1dfQ__&Signature=INvlt85tewmDj232V3AA3VTItGR4BuhViFAM"
    "VY80bLqlkkwW4SjtOA-XPCBgKMoLpZC9i0GChkjDkZuOPIpIlDdKiOiIhp-fuby0mFaJ6j0rWcy~2sC7SoDtv6U4nX"
    "kw8iehMutpOtqT3JvxrVfFI3egyC2Oi7IOKLPwhcdrFtetFXSUL8Gf9PZ7pTqODKPocJWNln9WRkQHeE-pUFGUSmZR"
    "d5SrUrfGrn9jdW2drAM9wUdgtZcjSeg6IG4R91OxqG0KLyErHGe4MaYyg~eRHtjgxkXWjkjr3dKkVW0sG~XLOeiBKh"
    "OuQVCUIo8sabKfLyAnZXhonB1tmrqHEquR5Q__&Key-Pair-Id=K2JCJMDEHXQW5F"
)


@pytest.mark.parametrize(("url", "recorded"), RECORDED.items())
def test_a_canned_policy_gives_botocores_url(url, recorded):
    assert with_parameters(url, signed(url, Grant(AT), SIGNER)) == recorded


def test_a_custom_policy_gives_botocores_url():
    url, grant = "https://www.example.com/a.jpg", Grant(AT, "https://www.example.com/*", 1735689600, "192.0.2.0/24")
    assert with_parameters(url, signed(url, grant, SIGNER)) == CUSTOM


def test_a_custom_policy_without_a_resource_is_for_the_url_itself():
    url = "https://www.example.com/a.jpg"
    assert signed(url, Grant(AT, ip="192.0.2.1"), SIGNER) == signed(url, Grant(AT, url, ip="192.0.2.1"), SIGNER)


def test_the_hash_is_named_where_it_is_not_sha_1():
    """documented: Hash-Algorithm, SHA1 where nothing is said"""
    names = [name for name, _ in signed("https://a/", Grant(AT), Signer("K", KEY, "SHA256"))]
    assert names == ["Expires", "Signature", "Key-Pair-Id", "Hash-Algorithm"]


def test_cookies_have_the_same_values():
    """documented: private-content-setting-signed-cookie-canned-policy"""
    parameters = signed("https://a/", Grant(AT), SIGNER)
    assert as_cookies(parameters) == [(f"CloudFront-{name}", value) for name, value in parameters]


@pytest.mark.parametrize("hashed", ["SHA1", "SHA256"])
@pytest.mark.parametrize("key", [KEY, key_pair_named("a")], ids=["RSA", "ECDSA"])
def test_the_other_half_verifies_it_with_this_hash_alone(key, hashed):
    parameters = dict(signed("https://a/", Grant(AT), Signer("K", key, hashed)))
    message, signature = canned_policy("https://a/", AT).encode(), decoded(parameters["Signature"])
    assert verifies(public_half(key), message, signature, hashed)
    assert not verifies(public_half(key), message, signature, "SHA1" if hashed == "SHA256" else "SHA256")
    assert not verifies(public_half(key_pair_named("b")), message, signature, hashed)
