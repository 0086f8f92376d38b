import pytest
from hypothesis import given

from edgesim.distribution.model import ALL_METHODS, S3Access, SigningBehavior
from edgesim.distribution.policies import (
    MANAGED_ORIGIN_REQUEST_POLICIES,
    ForwardedValues,
    Selection,
    Selects,
    listed,
)
from edgesim.rules.forwarding import (
    KeptBack,
    forwarded_query,
    is_listed,
    kept_back,
    origin_request,
    via_of,
    with_custom_headers,
)
from edgesim.testing.make import (
    ORIGIN_DOMAIN,
    REQUEST_ID,
    a_request,
    an_arrival,
    an_origin,
    an_origin_request_policy,
    behavior,
)
from edgesim.testing.strategies import behaviors, viewer_requests
from edgesim.values.body import Ticket

EDGE = "0123456789abcdef0123456789abcdef"
VIA = f"1.1 {EDGE}.cloudfront.net (CloudFront)"
ALL_VIEWER = an_origin_request_policy(headers=Selection(Selects.ALL_VIEWER))
EXCEPT_HOST = next(p for p in MANAGED_ORIGIN_REQUEST_POLICIES if p.name == "Managed-AllViewerExceptHostHeader")


def sent(request, chosen=None, origin=None, **viewer):
    arrival = an_arrival(request, **{"ip": "198.51.100.24", **viewer})
    return origin_request(chosen or behavior(), origin or an_origin(), arrival, request, edge_name=EDGE)


def legacy(**values):
    return behavior(forwarded_values=ForwardedValues(**values))


def requesting(*names):
    return behavior(origin_request_policy=an_origin_request_policy(headers=names))


def test_with_nothing_listed_the_origin_gets_only_what_cloudfront_says():
    request = a_request("/a?x=1", user_agent="curl", accept="*/*", x_a="1", cookie="a=1", origin="http://o")
    assert sent(request) == a_request(
        "/a",
        host=ORIGIN_DOMAIN,
        user_agent="Amazon CloudFront",
        x_amz_cf_id=REQUEST_ID,
        connection="Keep-Alive",
        via=VIA,
        x_forwarded_for="198.51.100.24",
    )


FORWARDED = (
    "Cache-Control", "Pragma", "Max-Forwards", "Request-Range", "Content-Type", "Content-MD5", "From", "Warning",
    "Date", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range",
)  # fmt: skip
REMOVED = ("Accept", "Accept-Charset", "Accept-Language", "Referer", "Expect", "X-HTTP-Method-Override")
NEVER = ("Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "X-Edge-Foo", "Keep-Alive",
         "X-Forwarded-Proto", "X-Real-IP", "Upgrade")  # fmt: skip


# The header table of RequestAndResponseBehaviorCustomOrigin
@pytest.mark.parametrize("name", FORWARDED)
def test_forwarded_of_its_own_accord(name):
    value = "bytes=0-1" if name == "Range" else "1"
    assert sent(a_request(fields=[(name, value)])).headers.get(name) == value


def test_ranges_that_get_the_whole_object_are_not_asked_for():
    """documented: RangeGETs, 200 with the full object"""
    headers = sent(a_request(range="bytes=4-5,0-1", if_range='"v1"')).headers
    assert "range" not in headers
    assert "if-range" not in headers
    assert sent(a_request(method="POST", range="bytes=5-2")).headers.get("range") == "bytes=5-2"


@pytest.mark.parametrize("name", REMOVED)
def test_removed_unless_a_policy_lists_it(name):
    request = a_request(fields=[(name, "1")])
    assert name not in sent(request).headers
    assert name not in sent(request, legacy()).headers
    for chosen in (behavior(headers=[name]), requesting(name.upper()), legacy(headers=(name,)), legacy(headers=("*",))):
        assert sent(request, chosen).headers.get(name) == "1"


@pytest.mark.parametrize("name", NEVER)
def test_removed_whatever_a_policy_says(name):
    request = a_request(fields=[(name, "1")])
    for chosen in (
        behavior(),
        behavior(headers=[name]),
        behavior(origin_request_policy=ALL_VIEWER),
        legacy(headers=("*",)),
    ):
        assert name not in sent(request, chosen).headers


@pytest.mark.parametrize("name", ["X-Custom", "Origin", "Access-Control-Request-Method"])
def test_other_headers_pass_by_legacy_settings_or_when_listed(name):
    request = a_request(fields=[(name, "1")])
    assert name not in sent(request).headers
    for chosen in (legacy(), behavior(headers=[name]), requesting(name), behavior(origin_request_policy=ALL_VIEWER)):
        assert sent(request, chosen).headers.get(name) == "1"


@pytest.mark.parametrize("method", sorted(ALL_METHODS))
def test_authorization_by_method(method):
    request = a_request(method=method, authorization="Basic x")
    passes = method not in {"GET", "HEAD"}
    assert ("authorization" in sent(request).headers) is passes
    if method == "OPTIONS":
        assert "authorization" not in sent(request, behavior(cached_methods=("GET", "HEAD", "OPTIONS"))).headers
    for chosen in (behavior(headers=["Authorization"]), behavior(origin_request_policy=ALL_VIEWER)):
        assert sent(request, chosen).headers.get("authorization") == "Basic x"


@pytest.mark.parametrize(
    ("chosen", "origin", "host"),
    [
        pytest.param(behavior(), an_origin(), ORIGIN_DOMAIN, id="the origin's name"),
        pytest.param(behavior(headers=["Host"]), an_origin(), "www.example.com", id="the viewer's, where keyed"),
        pytest.param(requesting("host"), an_origin(), "www.example.com", id="the viewer's, where requested"),
        pytest.param(
            behavior(origin_request_policy=ALL_VIEWER), an_origin(), "www.example.com", id="all viewer headers"
        ),
        pytest.param(behavior(origin_request_policy=EXCEPT_HOST), an_origin(), ORIGIN_DOMAIN, id="all but Host"),
        pytest.param(legacy(headers=("*",)), an_origin(), "www.example.com", id="legacy: all headers"),
        pytest.param(requesting("Host"), an_origin(s3=S3Access()), ORIGIN_DOMAIN, id="never for S3"),
    ],
)
def test_host(chosen, origin, host):
    assert sent(a_request(host="www.example.com"), chosen, origin).headers.get("host") == host


def test_a_viewer_without_host_gives_the_origin_its_own():
    assert sent(a_request(host=None), requesting("Host")).headers.get("host") == ORIGIN_DOMAIN


def test_user_agent_is_cloudfronts_unless_listed():
    request = a_request(user_agent="curl")
    assert sent(request, requesting("User-Agent")).headers.get("user-agent") == "curl"
    assert sent(a_request()).headers.get("user-agent") == "Amazon CloudFront"


def test_hops_are_appended():
    request = a_request(x_forwarded_for=["10.0.0.1", "10.0.0.2"], via=["1.0 a", "1.1 b"])
    headers = sent(request, http_version="2.0").headers
    assert headers.all("x-forwarded-for") == ("10.0.0.1,10.0.0.2,198.51.100.24",)
    assert headers.all("via") == (f"1.0 a, 1.1 b, {via_of(EDGE, '2.0')}",)


@pytest.mark.parametrize(
    ("chosen", "forwarded"),
    [
        pytest.param(behavior(), None, id="dropped"),
        pytest.param(behavior(gzip=True), "gzip", id="normalised by the cache policy"),
        pytest.param(
            behavior(gzip=True, origin_request_policy=ALL_VIEWER),
            "gzip",
            id="an origin request policy has no effect then",
        ),
        pytest.param(behavior(headers=["Accept-Encoding"]), "gzip, x", id="as it is where listed"),
    ],
)
def test_accept_encoding(chosen, forwarded):
    assert sent(a_request(accept_encoding="gzip, x"), chosen).headers.get("accept-encoding") == forwarded


@pytest.mark.parametrize(
    ("chosen", "forwarded"),
    [
        pytest.param(behavior(), None, id="none"),
        pytest.param(behavior(cookies="all"), "A=9; a=1; b=2; c=3", id="all, sorted by name"),
        pytest.param(behavior(cookies=["c", "a"]), "a=1; c=3", id="some"),
        pytest.param(behavior(cookies=["x"]), None, id="none of the listed ones is there"),
        pytest.param(
            behavior(cookies=["c"], origin_request_policy=an_origin_request_policy(cookies=["a"])),
            "a=1; c=3",
            id="both",
        ),
        pytest.param(legacy(cookies=listed("?")), "A=9; a=1; b=2; c=3", id="legacy wildcards"),
        pytest.param(legacy(headers=("*",)), None, id="legacy: all headers are not all cookies"),
    ],
)
def test_cookies(chosen, forwarded):
    request = a_request(cookie=["c=3; malformed; b=2", "a=1; A=9"])
    assert sent(request, chosen).headers.get("cookie") == forwarded


@pytest.mark.parametrize(
    ("chosen", "forwarded"),
    [
        pytest.param(behavior(), "", id="none"),
        pytest.param(behavior(query_strings="all"), "&&b=2&a", id="all, as written"),
        pytest.param(behavior(query_strings=["a"]), "a", id="some"),
        pytest.param(
            behavior(query_strings=["a"], origin_request_policy=an_origin_request_policy(query_strings="all")),
            "&&b=2&a",
            id="all by the origin request policy",
        ),
        pytest.param(legacy(query_string=True), "&&b=2&a", id="legacy"),
        pytest.param(
            legacy(query_string=True, query_string_cache_keys=("a",)),
            "&&b=2&a",
            id="legacy: cache keys narrow the key alone",
        ),
        pytest.param(legacy(), "", id="legacy: none"),
    ],
)
def test_query_strings(chosen, forwarded):
    assert forwarded_query(chosen, "&&b=2&a") == forwarded


@pytest.mark.parametrize(
    ("body", "said", "framing"),
    [
        pytest.param(b"", {}, (None, None), id="no body"),
        pytest.param(b"", {"content_length": "0"}, ("0", None), id="an empty body that is told"),
        pytest.param(b"abc", {"content_length": "9"}, ("3", None), id="the length that it has"),
        pytest.param(Ticket(7), {}, ("7", None), id="a stream of known length"),
        pytest.param(Ticket(), {"transfer_encoding": "chunked"}, (None, "chunked"), id="a stream of unknown length"),
    ],
)
def test_framing(body, said, framing):
    headers = sent(a_request(method="POST", body=body, **said)).headers
    assert (headers.get("content-length"), headers.get("transfer-encoding")) == framing


@pytest.mark.parametrize(
    ("selection", "name", "is_in"),
    [
        (Selection(Selects.ALL_VIEWER_AND_CLOUDFRONT, ("CloudFront-Viewer-City",)), "cloudfront-viewer-city", True),
        (Selection(Selects.ALL_VIEWER_AND_CLOUDFRONT, ("CloudFront-Viewer-City",)), "cloudfront-viewer-asn", False),
        (Selection(Selects.ALL_VIEWER_AND_CLOUDFRONT), "x-a", True),
        (Selection(Selects.ALL_EXCEPT, ("X-A",)), "x-a", False),
        (Selection(Selects.ALL_EXCEPT, ("X-A",)), "x-b", True),
    ],
)
def test_headers_that_an_origin_request_policy_takes(selection, name, is_in):
    assert is_listed(behavior(origin_request_policy=an_origin_request_policy(headers=selection)), name) is is_in


def test_custom_headers_overwrite_the_viewers():
    origin = an_origin(custom_headers={"x-a": "mine", "User-Agent": "mine too"})
    before = sent(a_request(x_a="viewer"), legacy(), origin)
    assert "x-a" not in before.headers
    assert "user-agent" not in before.headers
    after = with_custom_headers(before, origin).headers
    assert (after.all("x-a"), after.all("user-agent")) == (("mine",), ("mine too",))


@pytest.mark.parametrize(
    ("s3", "stays"),
    [
        pytest.param(S3Access("", "", True, SigningBehavior.ALWAYS), False, id="always"),
        pytest.param(S3Access("", "", True, SigningBehavior.NO_OVERRIDE), True, id="no-override"),
        pytest.param(S3Access("", "", True, SigningBehavior.NEVER), True, id="never"),
        pytest.param(S3Access(), True, id="no access control"),
        pytest.param(None, True, id="no bucket"),
    ],
)
def test_an_access_control_that_always_signs_leaves_no_other_authorization(s3, stays):
    sending = with_custom_headers(a_request(authorization="Bearer t"), an_origin(s3=s3))
    assert ("authorization" in sending.headers) is stays


def test_an_empty_accept_encoding_as_custom_header_removes_it():
    origin = an_origin(custom_headers={"Accept-Encoding": "", "X-Empty": ""})
    request = sent(a_request(accept_encoding="gzip"), behavior(gzip=True), origin)
    after = with_custom_headers(a_request(host=None, accept_encoding="gzip"), origin).headers
    assert "accept-encoding" not in request.headers
    assert after.fields == (("Host", ORIGIN_DOMAIN), ("X-Empty", ""))


def test_a_host_that_a_function_took_away_becomes_the_origins():
    request = a_request(host=None, accept="b")
    assert with_custom_headers(request, an_origin()).headers.fields == (("Host", ORIGIN_DOMAIN), ("Accept", "b"))


@given(viewer_requests(), behaviors())
def test_what_is_sent_has_one_of_each_header_that_cloudfront_writes(request, chosen):
    headers = sent(request, chosen).headers
    for name in ("host", "user-agent", "x-amz-cf-id", "connection", "via", "x-forwarded-for"):
        assert len(headers.all(name)) == 1
    assert not any(name.startswith("x-edge-") for name in headers.index)


@pytest.mark.parametrize(
    ("headers", "chosen", "told"),
    [
        ({"X_Foo": "1", "accept": "*/*"}, behavior(), {"X-Foo": KeptBack.UNLISTED, "Accept": KeptBack.UNLISTED}),
        ({"X_Foo": "1"}, requesting("X-Foo"), {}),
        ({"cache_control": "no-cache"}, behavior(), {}),
        ({"user_agent": "curl"}, behavior(), {"User-Agent": KeptBack.UNLISTED}),
        ({"authorization": "Basic eA=="}, behavior(), {"Authorization": KeptBack.AUTHORIZATION}),
        ({"accept_encoding": "deflate"}, behavior(), {"Accept-Encoding": KeptBack.UNLISTED}),
        ({"keep_alive": "5"}, requesting("X-Foo"), {"Keep-Alive": KeptBack.NEVER}),
        ({"x_edge_a": "1"}, behavior(), {"X-Edge-A": KeptBack.NEVER}),
        ({"upgrade": "h2c", "connection": "Upgrade"}, behavior(), {"Upgrade": KeptBack.UPGRADE}),
        ({"cloudfront_viewer_city": "Bonn"}, behavior(), {"Cloudfront-Viewer-City": KeptBack.CLOUDFRONT}),
        ({"range": "bytes=5-1"}, behavior(), {"Range": KeptBack.WHOLE}),
        ({"cookie": "a=1", "via": "1.1 x"}, behavior(), {}),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_what_does_not_go_on_has_its_reason(headers, chosen, told):
    asked = a_request(host=None, **headers)
    assert kept_back(chosen, asked, sent(asked, chosen)) == told


def test_a_host_goes_to_no_s3_origin_and_a_custom_header_takes_the_place_of_the_viewers():
    asked, chosen = a_request(x_a="1"), behavior(origin_request_policy=ALL_VIEWER)
    origin = an_origin(s3=S3Access(), custom_headers={"X-A": "2"})
    told = {"Host": KeptBack.HOST_OF_S3, "X-A": KeptBack.REPLACED}
    assert kept_back(chosen, asked, sent(asked, chosen, origin)) == told


@given(viewer_requests(), behaviors())
def test_no_header_is_gone_without_a_reason(request, chosen):
    went = sent(request, chosen)
    told = {name.lower() for name in kept_back(chosen, request, went)}
    gone = {name for name in request.headers.index if name not in went.headers}
    assert gone - told <= {"content-length", "cookie", "transfer-encoding"}
    assert told & went.headers.index.keys() <= {"host", "user-agent"}
