import pytest

from edgesim.distribution.limits import LIMITS, Edition
from edgesim.distribution.model import ALL_METHODS, ViewerProtocolPolicy
from edgesim.rules import arrival as arrivals
from edgesim.rules.arrival import behavior_refusal, distribution_refusal, unknown_host
from edgesim.rules.reasons import ArrivalReason, Outcome
from edgesim.testing.make import a_distribution, a_request, an_arrival, behavior
from edgesim.values.body import Ticket
from edgesim.values.message import Request

R = ArrivalReason
HTTPS_ONLY = behavior(viewer_protocol_policy=ViewerProtocolPolicy.HTTPS_ONLY, allowed_methods=ALL_METHODS)
REDIRECT = behavior(viewer_protocol_policy=ViewerProtocolPolicy.REDIRECT_TO_HTTPS, allowed_methods=ALL_METHODS)


def size_refusal(arrival, edition=Edition.CURRENT):
    return arrivals.size_refusal(arrival, LIMITS[edition])


def test_a_url_of_8192_bytes_is_the_longest():
    assert size_refusal(an_arrival("/" + "a" * 8_191)) is None
    refusal = size_refusal(an_arrival("/" + "a" * 8_000 + "?" + "b" * 191))
    assert (refusal.response.status, refusal.because) == (414, R.URL_TOO_LONG)


def test_a_head_of_32768_bytes_is_the_biggest():
    fits = a_request("/", host=None, a="b" * 32_766)
    assert size_refusal(an_arrival(fits)) is None
    refusal = size_refusal(an_arrival(a_request("/", host=None, a="b" * 32_767)))
    assert (refusal.response.status, refusal.because) == (494, R.HEAD_TOO_BIG)


def test_in_2023_a_head_of_20480_bytes_was_the_biggest():
    fits = a_request("/", host=None, a="b" * 20_478)
    assert size_refusal(an_arrival(fits), Edition.OF_2023) is None
    refusal = size_refusal(an_arrival(a_request("/", host=None, a="b" * 20_479)), Edition.OF_2023)
    assert (refusal.response.status, refusal.because) == (494, R.HEAD_TOO_BIG)


def test_an_unknown_host_is_refused():
    refusal = unknown_host(an_arrival(), ())
    assert (refusal.response.status, refusal.because, refusal.outcome) == (403, R.UNKNOWN_HOST, Outcome.ERROR)
    assert b"\nBad request.\n" in refusal.response.body


def test_a_disabled_distribution_answers_nothing():
    assert distribution_refusal(an_arrival(), a_distribution()) is None
    refusal = distribution_refusal(an_arrival(), a_distribution(enabled=False))
    assert (refusal.response.status, refusal.because) == (403, R.DISABLED)


@pytest.mark.parametrize(
    ("method", "version", "status"),
    [
        pytest.param("GET", "1.1", 301, id="GET is moved"),
        pytest.param("HEAD", "1.0", 301, id="HEAD too, over HTTP/1.0 too"),
        *(
            pytest.param(method, "1.1", 307, id=f"{method} is to be repeated")
            for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH")
        ),
        pytest.param("POST", "2.0", 307, id="over HTTP/2 too"),
        pytest.param("POST", "1.0", 403, id="POST over HTTP/1.0 can't be repeated"),
    ],
)
def test_redirect_to_https(method, version, status):
    request = a_request("/a%20b?x=1", method=method, host="www.example.com")
    refusal = behavior_refusal(an_arrival(request, http_version=version), REDIRECT)
    assert refusal.response.status == status
    if status == 403:
        assert (refusal.outcome, refusal.because) == (Outcome.ERROR, R.HTTPS_ONLY)
    else:
        assert (refusal.outcome, refusal.because) == (Outcome.REDIRECT, R.REDIRECTED_TO_HTTPS)
        assert refusal.response.headers.get("location") == "https://www.example.com/a%20b?x=1"


@pytest.mark.parametrize(
    ("host", "https_port", "location"),
    [
        pytest.param(
            "localhost:8080", 8443, "https://localhost:8443/", id="the port for HTTPS takes the other's place"
        ),
        pytest.param("[::1]:8080", 8443, "https://[::1]:8443/", id="beside an IPv6 address too"),
        pytest.param("www.example.com", 8443, "https://www.example.com/", id="a name without a port stays one"),
        pytest.param("localhost:8080", None, "https://localhost:8080/", id="without a listener Host stays as it is"),
    ],
)
def test_a_redirect_leads_to_the_port_where_https_is_answered(host, https_port, location):
    refusal = behavior_refusal(an_arrival(a_request("/", host=host), https_port=https_port), REDIRECT)
    assert refusal.response.headers.get("location") == location


@pytest.mark.parametrize("request_", [a_request("/a", host=""), Request("GET", "/a")], ids=["an empty one", "none"])
def test_without_a_host_a_redirect_leads_to_the_distributions_own_name(request_):
    refusal = behavior_refusal(an_arrival(request_, http_version="1.0"), REDIRECT, "d1.cloudfront.net")
    assert refusal.response.headers.get("location") == "https://d1.cloudfront.net/a"


def test_what_is_too_large_ends_the_connection():
    assert size_refusal(an_arrival(a_request("/" + "a" * 8_192))).closes
    assert size_refusal(an_arrival(a_request(x="a" * 32_768))).closes


def test_https_only_refuses_http():
    refusal = behavior_refusal(an_arrival(), HTTPS_ONLY)
    assert (refusal.response.status, refusal.because) == (403, R.HTTPS_ONLY)


@pytest.mark.parametrize("chosen", [HTTPS_ONLY, REDIRECT], ids=["https-only", "redirect"])
def test_https_viewers_come_in(chosen):
    assert behavior_refusal(an_arrival(protocol="https"), chosen) is None


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "TRACE", "get", "BREW"])
def test_a_method_that_is_not_allowed_gets_403_not_405(method):
    refusal = behavior_refusal(an_arrival(a_request(method=method)), behavior())
    assert (refusal.response.status, refusal.because) == (403, R.METHOD_NOT_ALLOWED)
    assert b"supports only cachable requests" in refusal.response.body


@pytest.mark.parametrize(
    ("method", "body", "refused"),
    [
        pytest.param("GET", b"x", True, id="GET with a body"),
        pytest.param("GET", Ticket(None), True, id="GET with a body of unknown length"),
        pytest.param("GET", b"", False, id="GET without one"),
        pytest.param("POST", b"x", False, id="POST with a body"),
    ],
)
def test_get_may_have_no_body(method, body, refused):
    refusal = behavior_refusal(an_arrival(a_request(method=method, body=body)), behavior(allowed_methods=ALL_METHODS))
    assert (refusal is not None) is refused
    assert refusal is None or (refusal.response.status, refusal.because) == (403, R.BODY_WITH_GET)


VIA = "1.1 0123456789abcdef.cloudfront.net (CloudFront)"


@pytest.mark.parametrize(
    ("via", "refused"),
    [
        (None, False),
        (VIA, False),
        (["1.1 squid", VIA], False),
        (f"{VIA}, {VIA}", True),
        ([VIA, "1.1 squid", VIA], True),
    ],
)
def test_no_distribution_is_the_third_of_a_chain(via, refused):
    refusal = distribution_refusal(an_arrival(a_request(via=via)), a_distribution())
    assert (refusal is not None and refusal.because is ArrivalReason.CHAIN_TOO_LONG) is refused
