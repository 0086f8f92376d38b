from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault
from edgesim.origins.http import HttpOrigin
from edgesim.origins.routing import OriginRouter
from edgesim.origins.targets import Directory, Url, parse_target
from edgesim.testing.make import a_distribution
from edgesim.values.headers import Headers
from edgesim.values.message import Request

WEB = Origin("web", "www.example.com")


@pytest.fixture
def router_for(clock, new_id):
    def make(origins=None, resolve=None, configured=(WEB,), distributions=()) -> OriginRouter:
        return OriginRouter(
            HttpOrigin(),
            clock=clock,
            new_id=new_id,
            distributions=distributions or [a_distribution(origins=configured)],
            origins={name: parse_target(text) for name, text in (origins or {}).items()},
            resolve={name: parse_target(text) for name, text in (resolve or {}).items()},
        )

    return make


def test_an_origin_without_a_route_is_where_its_domain_is(router_for) -> None:
    assert str(router_for().target(WEB, https=True)) == "https://www.example.com:443"
    assert str(router_for().target(WEB, https=False)) == "http://www.example.com:80"


def test_a_route_by_id_beats_one_by_domain(router_for) -> None:
    router = router_for(origins={"web": "http://a:1"}, resolve={"www.example.com": "http://b:2"})
    assert str(router.target(WEB, https=True)) == "http://a:1"


def test_a_route_by_id_does_not_follow_a_domain_that_a_function_wrote(router_for) -> None:
    router = router_for(origins={"web": "http://a:1"}, resolve={"other.example.com": "http://b:2"})
    elsewhere = replace(WEB, domain_name="other.example.com")
    assert str(router.target(elsewhere, https=True)) == "http://b:2"
    nowhere = replace(WEB, domain_name="third.example.com")
    assert str(router.target(nowhere, https=True)) == "https://third.example.com:443"


def test_a_function_that_writes_the_domain_of_another_mapped_origin_reaches_that_one(router_for) -> None:
    configured = [WEB, Origin("blue", "blue.example.com")]
    router = router_for(origins={"web": "http://a:1", "blue": "http://b:2"}, configured=configured)
    assert str(router.target(replace(WEB, domain_name="blue.example.com"), https=True)) == "http://b:2"


A = Origin("o", "a.example.com", distribution="A")
B = Origin("o", "b.example.com", distribution="B")


@pytest.fixture
def two_distributions():
    return [a_distribution(origins=[A], name="A", id="EA1"), a_distribution(origins=[B], name="B", id="EB1")]


def test_a_route_by_id_holds_for_each_distribution_with_such_an_origin(router_for, two_distributions) -> None:
    router = router_for(origins={"o": "http://a:1"}, distributions=two_distributions)
    assert [router.where(origin, https=True) for origin in (A, B)] == ["http://a:1 (--origin o)"] * 2
    assert str(router.target(replace(WEB, domain_name="b.example.com"), https=True)) == "http://a:1"


def test_a_route_may_name_the_distribution_and_comes_before_one_that_does_not(router_for, two_distributions) -> None:
    router = router_for(origins={"o": "http://a:1", "B.o": "http://b:2"}, distributions=two_distributions)
    assert router.where(A, https=True) == "http://a:1 (--origin o)"
    assert router.where(B, https=True) == "http://b:2 (--origin B.o)"
    by_id = router_for(origins={"EB1.o": "http://b:2"}, distributions=two_distributions)
    assert str(by_id.target(A, https=True)) == "https://a.example.com:443"
    assert str(by_id.target(B, https=True)) == "http://b:2"


def test_origins_of_one_id_and_one_domain_are_told_apart_by_their_distributions(router_for) -> None:
    live, staging = (Origin("o", "o.example.com", distribution=name) for name in ("Live", "Staging"))
    both = [a_distribution(origins=[one], name=one.distribution, id=f"E{one.distribution}") for one in (live, staging)]
    router = router_for(origins={"Live.o": "http://a:1", "Staging.o": "http://b:2"}, distributions=both)
    assert [str(router.target(one, https=True)) for one in (live, staging)] == ["http://a:1", "http://b:2"]


async def test_only_what_is_not_mapped_has_to_have_a_name(router_for) -> None:
    nowhere = replace(WEB, domain_name="x" * 64)
    await router_for(resolve={"x" * 64: "http://b:2"}).resolve(nowhere, https=False)
    with pytest.raises(OriginFault):
        await router_for().resolve(nowhere, https=False)


def test_why_a_request_goes_where_it_goes_can_be_told(router_for) -> None:
    router = router_for(origins={"web": "http://a:1"}, resolve={"*.example.com": "http://b:2"})
    assert router.where(WEB, https=True) == "http://a:1 (--origin web)"
    assert router.where(replace(WEB, domain_name="x.example.com"), https=True) == "http://b:2 (--resolve *.example.com)"
    assert (
        router.where(replace(WEB, domain_name="www.example.org"), https=True)
        == "https://www.example.org:443 (its own name)"
    )


def test_a_route_by_id_still_holds_where_a_function_changed_other_fields(router_for) -> None:
    router = router_for(origins={"web": "http://a:1"})
    changed = replace(WEB, domain_name="WWW.example.com", path="/v2", https_port=8443)
    assert str(router.target(changed, https=True)) == "http://a:1"


@pytest.mark.parametrize(
    ("domain", "target"),
    [
        ("api.example.com", "http://exact:1"),
        ("API.Example.COM", "http://exact:1"),
        ("api.example.com.", "http://exact:1"),
        ("x.example.com", "http://longer:1"),
        ("a.b.example.com", "http://longer:1"),
        ("example.org", "http://shorter:1"),
        ("cdn1.test", "http://one:1"),
    ],
)
def test_exact_beats_pattern_and_longer_beats_shorter(router_for, domain, target) -> None:
    router = router_for(
        resolve={
            "*": "http://shorter:1",
            "*.Example.com": "http://longer:1",
            "api.example.com": "http://exact:1",
            "cdn?.test": "http://one:1",
        }
    )
    assert str(router.target(Origin("x", domain), https=False)) == target


def test_a_pattern_covers_the_whole_name(router_for) -> None:
    router = router_for(resolve={"*.example.com": "http://a:1"})
    assert str(router.target(Origin("x", "example.com"), https=False)) == "http://example.com:80"
    assert str(router.target(Origin("x", "a.example.com.evil"), https=False)) == "http://a.example.com.evil:80"


async def test_a_request_arrives_with_its_host_and_the_urls_path(router_for, raw_server) -> None:
    async with raw_server() as server:
        router = router_for(origins={"web": f"http://127.0.0.1:{server.port}/pre/"})
        request = Request("GET", "/a", "q", Headers([("Host", "www.example.com")]))
        response = await router.fetch(request, replace(WEB, path="/o"), https=True)
        await router.aclose()
    assert response.body == b"ok"
    assert server.requests == [b"GET /pre/o/a?q HTTP/1.1\r\nHost: www.example.com\r\n\r\n"]


async def test_a_directory_answers_as_a_bucket(router_for, tmp_path: Path) -> None:
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "a.txt").write_text("hello")
    for router in (
        router_for(origins={"web": str(tmp_path)}),
        router_for(resolve={"*.example.com": str(tmp_path)}),
    ):
        for _ in range(2):
            response = await router.fetch(Request("GET", "/a.txt"), replace(WEB, path="/o"), https=True)
            assert (response.status, response.body) == (200, b"hello")
        assert router.target(WEB, https=True) == Directory(tmp_path)
        await router.aclose()


def test_a_local_https_server_needs_no_certificate_that_others_trust(router_for) -> None:
    target = router_for(origins={"web": "https://localhost:8443"}).target(WEB, https=True)
    assert isinstance(target, Url)
    assert not target.verify
