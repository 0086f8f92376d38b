"""Signed URLs and cookies: what lets a viewer in, and what it is told where nothing does."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.signers import Signers
from edgesim.rules.reasons import Outcome, SignatureReason
from edgesim.rules.signed import ERRORS, judged, refusal, unsigned
from edgesim.signatures.keys import key_pair_named, public_half, signature_of
from edgesim.signatures.signing import Signer, as_cookies, signed, with_parameters
from edgesim.testing.make import a_request, an_arrival
from edgesim.values.instant import Instant
from edgesim.values.signed import Grant, decoded, encoded
from edgesim.values.uri import split_target
from edgesim.values.viewer import Viewer

R = SignatureReason
HOST = "www.example.com"
BASE = f"https://{HOST}"
NOW = 1_767_261_600
RSA = (Path(__file__).parents[1] / "signatures" / "rsa.pem").read_text()
SIGNER = Signer("K1", key_pair_named("one"))
SIGNERS = Signers({"K1": public_half(SIGNER.private_key), "K2": public_half(RSA)})
VIEWER = Viewer(ip="192.0.2.7", protocol="https")
FOR_A_MINUTE = Grant(NOW + 60)


def asked(target, *, cookies=(), at=NOW, viewer=VIEWER, method="GET", host=HOST):
    path, query = split_target(target)
    request = a_request(path, method=method, host=host)
    request = replace(request, query=query)
    if cookies:
        line = "; ".join(f"{name}={value}" for name, value in cookies)
        request = replace(request, headers=request.headers.adding(("Cookie", line)))
    return replace(an_arrival(request, at=Instant(at)), viewer=viewer)


def because(target, **more):
    return judged(asked(target, **more), SIGNERS).because


def url(target="/a", grant=FOR_A_MINUTE, signer=SIGNER):
    return with_parameters(target, signed(f"{BASE}{target}", grant, signer))


def cookies(target="/a", grant=FOR_A_MINUTE, signer=SIGNER):
    return as_cookies(signed(f"{BASE}{target}", grant, signer))


ANYTHING = Grant(NOW + 60, "*")


# ── what lets in ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", ["ECDSA", "RSA"])
@pytest.mark.parametrize("hashed", ["SHA1", "SHA256"])
@pytest.mark.parametrize("grant", [Grant(NOW + 60), Grant(NOW + 60, f"{BASE}/*", NOW - 60, "192.0.2.0/24")])
def test_a_signature_lets_in(key, hashed, grant):
    """documented: RSA and ECDSA, SHA-1 and SHA-256, canned and custom policies, in URLs and in cookies"""
    signer = Signer("K1", SIGNER.private_key, hashed) if key == "ECDSA" else Signer("K2", RSA, hashed)
    assert because(url("/a?x=1", grant, signer)) is R.SIGNED_URL
    assert because("/a?x=1", cookies=cookies("/a?x=1", grant, signer)) is R.SIGNED_COOKIES


@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(["x=1", "y", "z=%20"]), unique=True, max_size=3))
def test_parameters_may_stand_in_any_order_and_between_others(lots, own):
    """documented: the query parameters in any order; those of one's own stay in theirs"""
    target = "/a" + (f"?{'&'.join(own)}" if own else "")
    added = [f"{name}={value}" for name, value in signed(f"{BASE}{target}", Grant(NOW + 60), SIGNER)]
    lots.shuffle(added)
    places = sorted(lots.randint(0, len(own)) for _ in added)
    query = list(own)
    for place, pair in reversed(list(zip(places, added, strict=True))):
        query.insert(place, pair)
    assert because(f"/a?{'&'.join(query)}") is R.SIGNED_URL


def test_percent_encoding_of_a_value_is_undone():
    """inferred: clients write ~ as %7E"""
    assert because(url(grant=ANYTHING).replace("~", "%7E").replace("_", "%5F")) is R.SIGNED_URL


def test_options_needs_no_signature():
    """documented: private-content-signed-urls, for preflight requests"""
    assert because("/a", method="OPTIONS") is R.OPTIONS
    assert because("/a?Signature=x", method="OPTIONS") is R.OPTIONS


def test_a_policy_without_a_resource_is_for_everything():
    policy = encoded(b'{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":%d}}}]}' % (NOW + 60))
    # Signed by hand: the signer always writes one
    signature = encoded(signature_of(SIGNER.private_key, decoded(policy), "SHA1"))
    assert because(f"/any?Policy={policy}&Signature={signature}&Key-Pair-Id=K1") is R.SIGNED_URL


# ── what does not ────────────────────────────────────────────────────────────

KEY = "Key-Pair-Id=K1"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        pytest.param("/a", R.MISSING, id="nothing at all"),
        pytest.param("/a?Expires=1&Signature=x", R.KEY_MISSING, id="no key"),
        pytest.param("/a?Expires=1&Signature=x&Key-Pair-Id=", R.KEY_MISSING, id="an empty key"),
        pytest.param("/a?Expires=1&Signature=x&Key-Pair-Id=K9", R.KEY_UNKNOWN, id="a key that is not trusted"),
        pytest.param("/a?expires=1&signature=x", R.MISSING, id="names in lower case are one's own"),
        pytest.param(f"/a?Signature=x&{KEY}", R.POLICY_MISSING, id="neither Expires nor Policy"),
        pytest.param(f"/a?Expires=soon&Signature=x&{KEY}", R.POLICY_MALFORMED, id="Expires is no number"),
        pytest.param(f"/a?Policy=!&Signature=x&{KEY}", R.POLICY_MALFORMED, id="Policy is not encoded"),
        pytest.param(f"/a?Policy=YQ__&Signature=x&{KEY}", R.POLICY_MALFORMED, id="Policy is no JSON"),
        pytest.param(f"/a?Expires=1&{KEY}", R.SIGNATURE_MISSING, id="no signature"),
        pytest.param(f"/a?Expires=1&Signature=!!!&{KEY}", R.SIGNATURE_MALFORMED, id="Signature is not encoded"),
        pytest.param(f"/a?Expires=1&Signature=YQ__&{KEY}&Hash-Algorithm=MD5", R.HASH_UNKNOWN, id="another hash"),
        pytest.param(f"/a?Expires=1&Signature=YQ__&{KEY}", R.SIGNATURE_WRONG, id="no signature of this"),
        pytest.param(f"{url()}&x=1", R.SIGNATURE_WRONG, id="a parameter that was added"),
        pytest.param(url("/b").replace("/b", "/a"), R.SIGNATURE_WRONG, id="another path"),
        pytest.param(url().replace(f"{NOW + 60}", f"{NOW + 90}"), R.SIGNATURE_WRONG, id="a later time"),
        pytest.param(url().replace("K1", "K2"), R.SIGNATURE_WRONG, id="another's key"),
        pytest.param(f"{url()}&Hash-Algorithm=SHA256", R.SIGNATURE_WRONG, id="another hash than was signed"),
        pytest.param(url(grant=Grant(NOW)), R.EXPIRED, id="at the very second"),
        pytest.param(url(grant=Grant(NOW + 60, starts=NOW)), R.NOT_YET, id="on the start, not after it"),
        pytest.param(url(grant=Grant(NOW + 60, ip="198.51.100.0/24")), R.OTHER_ADDRESS, id="for another address"),
        pytest.param(url(grant=Grant(NOW + 60, f"{BASE}/b*")), R.OTHER_RESOURCE, id="for another resource"),
        pytest.param(
            f"{url(grant=Grant(NOW + 60, f'{BASE}/a'))}&x=1", R.OTHER_RESOURCE, id="a parameter beside a custom policy"
        ),
    ],
)
def test_a_request_is_refused(target, reason):
    assert because(target) is reason
    answer = refusal(reason)
    assert (answer.response.status, answer.outcome) == (403, Outcome.ERROR)


def test_host_and_protocol_belong_to_what_is_signed():
    """documented: the URL that the viewer uses"""
    assert because(url(), host="other.example.com") is R.SIGNATURE_WRONG
    assert because(url(), viewer=replace(VIEWER, protocol="http")) is R.SIGNATURE_WRONG


def test_an_ipv6_viewer_is_in_no_ipv4_range_unless_it_is_one():
    """documented: IPv6 is not supported"""
    grant = Grant(NOW + 60, ip="192.0.2.0/24")
    assert because(url(grant=grant), viewer=replace(VIEWER, ip="2001:db8::1")) is R.OTHER_ADDRESS
    assert because(url(grant=grant), viewer=replace(VIEWER, ip="::ffff:192.0.2.7")) is R.SIGNED_URL


def test_a_url_with_any_parameter_is_signed_and_cookies_do_not_count():
    """documented: the URL wins"""
    assert because("/a", cookies=cookies()) is R.SIGNED_COOKIES
    assert because("/a?Expires=1", cookies=cookies("/a?Expires=1", ANYTHING)) is R.KEY_MISSING


def test_a_signer_is_one_of_its_behavior_alone():
    """documented: private-content-trusted-signers"""
    assert judged(asked(url()), Signers({"K2": SIGNERS.keys["K2"]})).because is R.KEY_UNKNOWN
    assert judged(asked(url()), Signers({})).because is R.KEY_UNKNOWN


@given(st.data())
def test_no_change_of_a_signed_url_goes_unnoticed(data):
    whole = url("/films/a.mp4?x=1")
    at = data.draw(st.integers(1, len(whole) - 1))
    other = data.draw(st.sampled_from("aZ09-_~/=&?.").filter(lambda char: char != whole[at]))
    changed = whole[:at] + other + whole[at + 1 :]
    answer = because(changed)
    # ECDSA's DER ends where it says so, and base64 has bits to spare in its last character before the padding
    assert answer is not R.SIGNED_URL or whole[at + 1 : at + 2] in ("_", "&")


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(-(10**6), 10**6))
def test_only_differences_of_time_count(expires, now, shift):
    """time translation"""
    if min(expires, now) + shift < 0:
        return
    one = because(url(grant=Grant(expires)), at=now)
    assert because(url(grant=Grant(expires + shift)), at=now + shift) is one


# ── what goes on ─────────────────────────────────────────────────────────────


def test_nothing_of_a_signature_goes_on():
    """documented: QueryStringParameters, private-content-signed-cookies"""
    arrival = asked(url("/a?x=1&&y"), cookies=[("sid", "1"), *cookies(), ("CloudFront-Own", "2")])
    request = unsigned(arrival.request)
    assert request.target == "/a?x=1&&y"
    assert request.headers.all("cookie") == ("sid=1; CloudFront-Own=2",)
    assert unsigned(request) == request


def test_a_cookie_header_of_nothing_else_is_gone():
    assert "cookie" not in unsigned(asked("/a", cookies=cookies()).request).headers


# ── the page ─────────────────────────────────────────────────────────────────


def test_the_page_is_that_of_the_wire():
    """observed: 146 bytes for MissingKey"""
    response = refusal(R.MISSING).response
    assert response.body == (
        b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>MissingKey</Code>'
        b"<Message>Missing Key-Pair-Id query parameter or cookie value</Message></Error>"
    )
    assert len(response.body) == 146
    assert list(response.headers) == [
        ("Server", "CloudFront"), ("Content-Type", "text/xml"), ("Content-Length", "146")
    ]  # fmt: skip


def test_every_refusal_has_its_code():
    assert set(ERRORS) == set(R) - {R.SIGNED_URL, R.SIGNED_COOKIES, R.OPTIONS}
    assert {code for code, _ in ERRORS.values()} == {
        "MissingKey", "InvalidKey", "MalformedPolicy", "MalformedSignature", "AccessDenied"
    }  # fmt: skip
