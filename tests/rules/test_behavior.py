import pytest

from edgesim.rules.behavior import behavior_for, distribution_for, host_name, names_of, names_staging
from edgesim.rules.reasons import BehaviorReason
from edgesim.testing.make import a_distribution, behavior

SITE = a_distribution(behavior("/a/b*"), behavior("/a*"), behavior("*.jpg"), behavior("/API/*"))


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        pytest.param("/a/b/c", "/a/b*", id="the first that matches"),
        pytest.param("/a/b/..", "/a*", id="two dots are resolved first (documented example)"),
        pytest.param("/%61/%62", "/a/b*", id="escapes of plain letters too"),
        pytest.param("//a//b", "/a/b*", id="repeated slashes too"),
        pytest.param("/x/y.jpg", "*.jpg", id="anywhere by a leading star"),
        pytest.param("/Api/x", "*", id="case counts"),
        pytest.param("/", "*", id="the default behavior"),
    ],
)
def test_the_behavior_of_a_path(path, pattern):
    found, because = behavior_for(SITE, path)
    assert found.path_pattern == pattern
    assert because is (BehaviorReason.DEFAULT if pattern == "*" else BehaviorReason.FIRST_MATCH)


def test_a_distribution_with_a_default_behavior_alone_has_that():
    assert behavior_for(a_distribution(), "/x") == (behavior(), BehaviorReason.DEFAULT)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        pytest.param("Example.COM", "example.com", id="case does not count"),
        pytest.param("example.com:8080", "example.com", id="a port does not count"),
        pytest.param("example.com:", "example.com", id="nor an empty one"),
        pytest.param("[::1]:8080", "[::1]", id="IPv6 with a port"),
        pytest.param("[::1]", "[::1]", id="IPv6"),
        pytest.param(" example.com ", "example.com", id="spaces around"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_name_in_a_host_header(host, name):
    assert host_name(host) == name


ONE = a_distribution(name="One", domain_name="d1.cloudfront.net", aliases=("www.example.com", "*.example.org"))
TWO = a_distribution(name="Two", domain_name="d2.cloudfront.net", aliases=("*.a.example.org", "b.example.org"))


@pytest.mark.parametrize(
    ("host", "found"),
    [
        pytest.param("d2.cloudfront.net", TWO, id="its own domain name"),
        pytest.param("WWW.example.com:8080", ONE, id="an alias"),
        pytest.param("two.localhost:8080", TWO, id="its logical id under localhost"),
        pytest.param("x.example.org", ONE, id="a wildcard alias"),
        pytest.param("x.y.example.org", ONE, id="a wildcard covers several labels"),
        pytest.param("b.example.org", TWO, id="an exact alias beats a wildcard"),
        pytest.param("x.a.example.org", TWO, id="the longest wildcard counts"),
        pytest.param("example.org", None, id="a wildcard does not cover the bare name"),
        pytest.param("localhost", None, id="an unknown host is nobody's"),
        pytest.param("", None, id="no host is nobody's"),
    ],
)
def test_the_distribution_of_a_host(host, found):
    assert distribution_for((ONE, TWO), host) is found


def test_a_single_distribution_takes_every_host():
    assert distribution_for((ONE,), "whatever") is ONE
    assert distribution_for((), "whatever") is None


def test_the_names_of_a_distribution():
    assert names_of(ONE) == ("d1.cloudfront.net", "one.localhost", "www.example.com", "*.example.org")


STAGING = a_distribution(id="ESTAGING", name="Next", domain_name="d3.cloudfront.net", staging=True)


@pytest.mark.parametrize(
    ("host", "found"), [("localhost", ONE), ("next.localhost", None), ("D3.cloudfront.net:80", None)]
)
def test_a_staging_distribution_has_no_viewers_of_its_own(host, found):
    assert distribution_for((STAGING, ONE), host) is found
    assert names_staging((STAGING, ONE), host) is (found is None)


def test_a_staging_distribution_alone_is_served_by_itself():
    assert distribution_for((STAGING,), "whatever") is STAGING
