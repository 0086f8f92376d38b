"""Examples that AWS published: S3's API reference (sig-v4-header-based-auth) and the Signature Version 4 test suite."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.origins.sigv4 import (
    EMPTY_PAYLOAD,
    Credentials,
    Scope,
    Signable,
    amz_date,
    authorization,
    canonical_request,
)
from edgesim.values.instant import Instant

S3 = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
AT = "20130524T000000Z"
HOST = ("Host", "examplebucket.s3.amazonaws.com")
WELCOME = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()

SUITE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SUITE_FIELDS = (("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z"))


def s3(method: str, path: str, query: str = "", *more: tuple[str, str], payload: str = EMPTY_PAYLOAD) -> str:
    headers = (HOST, *more, ("x-amz-content-sha256", payload), ("x-amz-date", AT))
    return authorization(Signable(method, path, query, headers, payload), S3, Scope(AT, "us-east-1"))


@pytest.mark.parametrize(
    ("signed", "signature"),
    [
        pytest.param(
            s3("GET", "/test.txt", "", ("Range", "bytes=0-9")),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            id="GET Object",
        ),
        pytest.param(
            s3(
                "PUT",
                "/test$file.text",
                "",
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                payload=WELCOME,
            ),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            id="PUT Object",
        ),
        pytest.param(
            s3("GET", "/", "lifecycle"),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            id="GET Bucket Lifecycle",
        ),
        pytest.param(
            s3("GET", "/", "prefix=J&max-keys=2"),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            id="GET Bucket",
        ),
    ],
)
def test_s3s_examples(signed, signature):
    assert signed.endswith(f", Signature={signature}")


def test_the_header_names_scope_and_signed_headers():
    assert s3("GET", "/test.txt", "", ("Range", "bytes=0-9")) == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


@pytest.mark.parametrize(
    ("method", "query", "signature"),
    [
        ("GET", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("GET", "Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ],
    ids=["get-vanilla", "post-vanilla", "get-vanilla-query-order-key-case"],
)
def test_examples_of_the_test_suite(method, query, signature):
    request = Signable(method, "/", query, SUITE_FIELDS, EMPTY_PAYLOAD)
    scope = Scope("20150830T123600Z", "us-east-1", "service")
    assert authorization(request, SUITE, scope).endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/a b", "/a%20b"),
        ("/a%20b", "/a%20b"),
        ("/a+b", "/a%2Bb"),
        ("/caf\xc3\xa9", "/caf%C3%A9"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("//a/../b", "//a/../b"),
        ("/%7Ea", "/~a"),
    ],
)
def test_a_path_is_encoded_once_however_it_was_sent_and_not_normalised(path, canonical):
    assert canonical_request(Signable("GET", path, "", (HOST,), "")).split("\n")[1] == canonical


def test_headers_are_folded_and_sorted():
    headers = (("X-Amz-B", "  a   b "), ("x-amz-a", "1"), ("X-AMZ-A", "2"))
    assert "\nx-amz-a:1,2\nx-amz-b:a b\n\nx-amz-a;x-amz-b\n" in canonical_request(Signable("GET", "/", "", headers, ""))


def test_a_date_is_in_utc():
    assert amz_date(Instant(1369353600.5)) == AT


def test_secrets_are_in_no_repr():
    assert "secret" not in repr(Credentials("AKIA", "secret", "secret token"))


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_everything_that_can_be_sent_can_be_signed(path, query):
    assert s3("GET", f"/{path}", query)


def test_for_other_services_a_path_is_encoded_once_more():
    request = Signable("GET", "/a b/%41%2f.txt", "", (HOST,), "")
    assert canonical_request(request, "lambda").split("\n")[1] == "/a%20b/%2541%252f.txt"
