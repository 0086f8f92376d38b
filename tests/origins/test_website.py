"""A directory as an S3 website: S3's user guide, WebsiteEndpoints and the pages that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.distribution.buckets import Redirect, RoutingRule, Website
from edgesim.distribution.model import Origin
from edgesim.origins.website import WebsiteOrigin
from edgesim.values.headers import Headers
from edgesim.values.message import Request, Response

HOST = "docs.s3-website-us-east-1.amazonaws.com"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, text in {
        "index.html": "home",
        "page.html": "page",
        "docs/index.html": "docs",
        "docs/a b/index.html": "spaced",
        "empty/other.html": "other",
        "error.html": "sorry",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def website_for(site, clock, new_id):
    return lambda **settings: WebsiteOrigin(site, clock=clock, new_id=new_id, website=Website(**settings))


async def ask(
    website: WebsiteOrigin, path: str, method: str = "GET", prefix: str = "", query: str = "", **headers: str
) -> Response:
    fields = [("Host", HOST), *((name.replace("_", "-"), value) for name, value in headers.items())]
    request = Request(method, path, query, Headers(fields))
    return await website.fetch(request, Origin("site", HOST, prefix), https=False)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, b"home"),
        ("/page.html", 200, b"page"),
        ("/docs/", 200, b"docs"),
        ("/docs/index.html", 200, b"docs"),
        ("/docs/a%20b/", 200, b"spaced"),
        ("/nothing", 404, b"sorry"),
        ("/nothing/", 404, b"sorry"),
        ("/empty", 404, b"sorry"),
        ("/empty/", 404, b"sorry"),
    ],
)
async def test_every_folder_has_an_index_document_and_what_is_missing_the_error_document(
    website_for, path, status, body
) -> None:
    response = await ask(website_for(), path)
    assert (response.status, response.body) == (status, body)
    assert response.headers.get("content-type") == "text/html"
    assert response.headers.get("server") == "AmazonS3"


@pytest.mark.parametrize(
    ("path", "prefix", "location"),
    [("/docs", "", "/docs/"), ("/docs/a%20b", "", "/docs/a%20b/"), ("/a%20b", "/docs", "/docs/a%20b/")],
)
async def test_a_folder_without_its_slash_is_sent_to_the_one_with(website_for, path, prefix, location) -> None:
    response = await ask(website_for(), path, prefix=prefix)
    assert (response.status, response.headers.get("location")) == (302, location)


async def test_the_documents_have_the_names_that_are_configured(website_for, site) -> None:
    (site / "docs" / "default.htm").write_text("default")
    website = website_for(index="default.htm", error="page.html")
    assert (await ask(website, "/docs/")).body == b"default"
    missing = await ask(website, "/")
    assert (missing.status, missing.body) == (404, b"page")
    assert missing.headers.get("x-amz-error-code") == "NoSuchKey"
    assert missing.headers.get("x-amz-error-detail-key") == "default.htm"


async def test_without_an_error_document_the_error_is_html(website_for) -> None:
    response = await ask(website_for(error=""), "/a%3Cb")
    assert (response.status, response.headers.get("content-type")) == (404, "text/html; charset=utf-8")
    assert response.body == (
        b"<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n<ul>\n"
        b"<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n<li>Key: a&lt;b</li>\n"
        b"<li>RequestId: ID1</li>\n<li>HostId: ID0</li>\n</ul>\n<hr/>\n</body>\n</html>\n"
    )


async def test_an_error_document_that_is_missing_is_told_too(website_for) -> None:
    response = await ask(website_for(error="404.html"), "/nothing")
    assert b"<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>" in response.body
    assert b"<li>Key: 404.html</li>" in response.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_it_is_for_reading(website_for, method) -> None:
    response = await ask(website_for(), "/", method)
    assert (response.status, response.headers.get("x-amz-error-code")) == (405, "MethodNotAllowed")


async def test_head_has_no_body_whatever_it_finds(website_for) -> None:
    for path, status in (("/", 200), ("/docs", 302), ("/nothing", 404)):
        response = await ask(website_for(), path, "HEAD")
        assert (response.status, response.body) == (status, b"")


async def test_conditions_and_ranges_hold_as_for_any_object(website_for) -> None:
    website = website_for()
    etag = (await ask(website, "/")).headers.get("etag")
    assert (await ask(website, "/", if_none_match=etag)).status == 304
    part = await ask(website, "/", range="bytes=0-1")
    assert (part.status, part.body) == (206, b"ho")


RULES = (
    RoutingRule(Redirect(replace_prefix="docs/"), "old/"),
    RoutingRule(Redirect(host="www.example.com", protocol="https", replace_key="gone.html", status=302), "moved"),
    RoutingRule(Redirect(host="fallback.example.com"), "empty/", 404),
    RoutingRule(Redirect(replace_prefix="#!/"), "app/", 404),
)


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        pytest.param("/old/a", 301, f"http://{HOST}/docs/a", id="a prefix replaced"),
        pytest.param("/moved/b", 302, "https://www.example.com/gone.html", id="a key replaced"),
        pytest.param("/empty/x", 301, "http://fallback.example.com/empty/x", id="for what is missing"),
        pytest.param("/empty/other.html", 200, None, id="not for what is there"),
        pytest.param("/app/x", 301, f"http://{HOST}/%23%21/x", id="escaped"),
        pytest.param("/page.html", 200, None, id="no rule"),
    ],
)
async def test_routing_rules_redirect(website_for, path, status, location) -> None:
    response = await ask(website_for(rules=RULES), path)
    assert (response.status, response.headers.get("location")) == (status, location)


async def test_everything_may_be_redirected(website_for) -> None:
    website = website_for(redirect_all=Redirect("www.example.com", "https"))
    response = await ask(website, "/docs/x", query="a=1")
    assert (response.status, response.headers.get("location")) == (301, "https://www.example.com/docs/x?a=1")
