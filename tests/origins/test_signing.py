"""Which requests get a signature, and whose. private-content-restricting-access-to-s3."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgesim.distribution.model import Origin, S3Access, ServiceAccess, SigningBehavior
from edgesim.driver.clock import SteeredClock
from edgesim.errors import ConfigError
from edgesim.origins.http import HttpOrigin
from edgesim.origins.routing import OriginRouter
from edgesim.origins.signing import Signer, read_credentials
from edgesim.origins.sigv4 import EMPTY_PAYLOAD, UNSIGNED_PAYLOAD, Credentials
from edgesim.origins.targets import parse_target
from edgesim.testing.make import a_distribution, an_origin
from edgesim.values.headers import Headers
from edgesim.values.instant import Duration
from edgesim.values.message import Request

KEYS = Credentials("AKIAEXAMPLE", "secret")
DOMAIN = "docs.s3.eu-west-1.amazonaws.com"
CONTROLLED = S3Access("", "eu-west-1", origin_access_control=True)


def a_bucket(s3: S3Access = CONTROLLED, domain: str = DOMAIN) -> Origin:
    return Origin("docs", domain, s3=s3)


def a_request(method: str = "GET", body: bytes = b"", **headers: str) -> Request:
    fields = [("Host", DOMAIN), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return Request(method, "/a.txt", headers=Headers(fields), body=body)


@pytest.fixture
def signer(clock) -> Signer:
    return Signer(KEYS, clock)


def test_what_is_signed_is_host_and_amazons_own(signer) -> None:
    headers = signer.signed(a_request(x_amz_cf_id="id", range="bytes=0-1"), a_bucket()).headers
    date = headers.get("x-amz-date") or ""
    assert re.fullmatch(r"\d{8}T\d{6}Z", date)
    assert headers.get("x-amz-content-sha256") == EMPTY_PAYLOAD
    assert headers.get("range") == "bytes=0-1"
    assert (headers.get("authorization") or "").startswith(
        f"AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/{date[:8]}/eu-west-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-cf-id;x-amz-content-sha256;x-amz-date, Signature="
    )


@pytest.mark.parametrize(
    ("s3", "signed"),
    [
        pytest.param(CONTROLLED, True, id="always"),
        pytest.param(S3Access("", "", True, SigningBehavior.NO_OVERRIDE), True, id="no-override"),
        pytest.param(S3Access("", "", True, SigningBehavior.NEVER), False, id="never"),
        pytest.param(S3Access("E2OAI"), True, id="an identity"),
        pytest.param(S3Access(), False, id="a public bucket"),
        pytest.param(None, False, id="no bucket"),
    ],
)
def test_who_asks_for_a_signature_gets_one(signer, s3, signed) -> None:
    assert ("authorization" in signer.signed(a_request(), a_bucket(s3)).headers) is signed


FUNCTION_URL = "abc123.lambda-url.eu-west-1.on.aws"


def a_service(signing: SigningBehavior = SigningBehavior.ALWAYS, domain: str = FUNCTION_URL) -> Origin:
    return Origin("docs", domain, service=ServiceAccess("lambda", "eu-west-1", signing))


@pytest.mark.parametrize("signing", list(SigningBehavior))
def test_another_service_is_signed_for_by_its_name(signer, signing) -> None:
    value = signer.signed(a_request(), a_service(signing)).headers.get("authorization") or ""
    assert ("/eu-west-1/lambda/aws4_request, " in value) is (signing is not SigningBehavior.NEVER)


def test_an_authorization_that_is_there_stays(signer) -> None:
    request = a_request(authorization="AWS4-HMAC-SHA256 the viewer's")
    assert signer.signed(request, a_bucket()) is request


def test_a_body_is_not_read_for_its_signature(signer) -> None:
    headers = signer.signed(a_request("PUT", b"hello"), a_bucket()).headers
    assert headers.get("x-amz-content-sha256") == UNSIGNED_PAYLOAD
    forwarded = signer.signed(a_request("PUT", b"hello", x_amz_content_sha256="abc"), a_bucket()).headers
    assert forwarded.all("x-amz-content-sha256") == ("abc",)


def test_a_session_token_is_sent_and_signed(clock) -> None:
    signer = Signer(Credentials("AKIA", "secret", "token"), clock)
    headers = signer.signed(a_request(), a_bucket()).headers
    assert headers.get("x-amz-security-token") == "token"
    assert ";x-amz-security-token," in (headers.get("authorization") or "")


def test_the_time_is_the_machines() -> None:
    clock = SteeredClock()
    before = Signer(KEYS, clock).signed(a_request(), a_bucket()).headers.get("x-amz-date")
    clock.advance(Duration(86_400))
    after = Signer(KEYS, clock).signed(a_request(), a_bucket()).headers.get("x-amz-date")
    assert (before or "")[:8] == (after or "")[:8]


def test_the_path_that_is_sent_is_signed(signer) -> None:
    inside = signer.signed(a_request(), a_bucket(), "/docs").headers.get("authorization")
    assert inside != signer.signed(a_request(), a_bucket()).headers.get("authorization")


# ── where ────────────────────────────────────────────────────────────────────


@pytest.fixture
def router_for(clock, new_id):
    def make(*, signs: bool = True, **mapped: str) -> OriginRouter:
        return OriginRouter(
            HttpOrigin(),
            clock=clock,
            new_id=new_id,
            distributions=[a_distribution(origins=[an_origin(DOMAIN, id="docs")])],
            origins={name: parse_target(text) for name, text in mapped.items()},
            resolve={"evil.example.com": parse_target("http://localhost:9")},
            signer=Signer(KEYS, clock) if signs else None,
        )

    return make


async def test_an_endpoint_in_the_buckets_place_gets_the_signature_for_host_and_path(router_for, raw_server) -> None:
    async with raw_server() as server:
        router = router_for(docs=f"http://127.0.0.1:{server.port}/docs")
        assert router.where(a_bucket(), https=False) == f"http://127.0.0.1:{server.port}/docs, signed (--origin docs)"
        await router.fetch(a_request(), a_bucket(), https=False)
        await router.aclose()
    head = server.requests[0].decode()
    assert head.startswith(f"GET /docs/a.txt HTTP/1.1\r\nHost: {DOMAIN}\r\n")
    assert "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/" in head


@pytest.mark.parametrize(
    ("origin", "signs"),
    [
        pytest.param(a_bucket(), True, id="S3 itself"),
        pytest.param(a_bucket(domain="other.s3.amazonaws.com"), False, id="another bucket, by a function"),
        pytest.param(
            a_bucket(S3Access("E2OAI"), "other.s3.amazonaws.com"), True, id="another bucket with the identity"
        ),
        pytest.param(a_bucket(S3Access("E2OAI"), "www.example.com"), False, id="a host that is not S3's"),
        pytest.param(a_service(), False, id="another function URL, by a function"),
        pytest.param(a_service(domain=DOMAIN), True, id="a service of the configuration"),
    ],
)
def test_no_stranger_gets_a_signature(router_for, origin, signs) -> None:
    assert (", signed" in router_for().where(origin, https=True)) is signs


async def test_without_credentials_nothing_is_signed(router_for, raw_server) -> None:
    async with raw_server() as server:
        router = router_for(signs=False, docs=f"http://127.0.0.1:{server.port}")
        await router.fetch(a_request(), a_bucket(), https=False)
        await router.aclose()
    assert b"Authorization" not in server.requests[0]


def test_a_bucket_whose_control_always_signs_is_asked_over_https(router_for) -> None:
    assert str(router_for().target(a_bucket(), https=False)) == f"https://{DOMAIN}:443"
    public = a_bucket(S3Access("", "eu-west-1"))
    assert str(router_for().target(public, https=False)) == f"http://{DOMAIN}:80"


# ── whose ────────────────────────────────────────────────────────────────────


def test_credentials_of_the_environment() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s%1", "AWS_SESSION_TOKEN": "t"}
    assert read_credentials("env", environment, Path("/nowhere")) == Credentials("AKIA", "s%1", "t")


def test_credentials_of_a_profile(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIA\naws_secret_access_key = s%1\n\n[half]\naws_access_key_id = AKIA\n"
    )
    assert read_credentials("default", {}, tmp_path) == Credentials("AKIA", "s%1")
    with pytest.raises(ConfigError, match="has no aws_access_key_id and aws_secret_access_key"):
        read_credentials("half", {}, tmp_path)
    with pytest.raises(ConfigError, match="has no profile nobody") as raised:
        read_credentials("nobody", {}, tmp_path)
    assert raised.value.hint == "there are default, half"


def test_a_file_of_another_place(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("[me]\naws_access_key_id=A\naws_secret_access_key=B\n")
    assert read_credentials("me", {"AWS_SHARED_CREDENTIALS_FILE": str(file)}, tmp_path) == Credentials("A", "B")
    file.write_text("no section\n")
    with pytest.raises(ConfigError, match="can't be read"):
        read_credentials("me", {"AWS_SHARED_CREDENTIALS_FILE": str(file)}, tmp_path)


def test_missing_credentials_are_said() -> None:
    with pytest.raises(ConfigError, match="the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        read_credentials("env", {}, Path("/nowhere"))
    with pytest.raises(ConfigError, match="has no profile me") as raised:
        read_credentials("me", {}, Path("/nowhere"))
    assert raised.value.hint == "write --s3-credentials env"
