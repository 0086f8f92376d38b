from types import MappingProxyType

import pytest
from hypothesis import given

from edgesim.distribution.policies import (
    CLOUDFRONT_HEADERS_2022_06,
    MANAGED_ORIGIN_REQUEST_POLICIES,
    ForwardedValues,
    Selection,
    Selects,
)
from edgesim.rules.cloudfront_headers import (
    asked_for,
    device_of,
    for_error_page,
    for_the_cache,
    for_the_origin,
    without_viewers_own,
)
from edgesim.testing.make import a_cache_policy, a_request, an_arrival, an_origin_request_policy, behavior, some_headers
from edgesim.testing.strategies import headers
from edgesim.values.headers import NO_HEADERS
from edgesim.values.viewer import Device, Viewer

MANAGED = {policy.name: policy for policy in MANAGED_ORIGIN_REQUEST_POLICIES}
DEVICES = tuple(f"CloudFront-Is-{name}-Viewer" for name in ("Android", "Desktop", "IOS", "Mobile", "SmartTV", "Tablet"))

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
IPAD = "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
PIXEL = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
GALAXY_TAB = "Mozilla/5.0 (Linux; Android 13; SM-X900) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
TV = "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"


def told(*names, request=None, **viewer):
    chosen = behavior(headers=names)
    arrival = an_arrival(request or a_request(host=None), **viewer)
    return for_the_origin(chosen, arrival, for_the_cache(chosen, arrival, arrival.request.headers))


@pytest.mark.parametrize(
    ("agent", "true"),
    [
        pytest.param(IPHONE, {"IOS", "Mobile"}, id="a phone of Apple's"),
        pytest.param(IPAD, {"IOS", "Tablet"}, id="a tablet of Apple's"),
        pytest.param(PIXEL, {"Android", "Mobile"}, id="an Android phone"),
        pytest.param(GALAXY_TAB, {"Android", "Tablet"}, id="an Android tablet"),
        pytest.param(TV, {"SmartTV"}, id="a television"),
        pytest.param(FIREFOX, {"Desktop"}, id="a desktop"),
        pytest.param("", {"Desktop"}, id="nobody knows"),
    ],
)
def test_devices_by_user_agent(agent, true):
    headers = told(*DEVICES, request=a_request(user_agent=agent))
    assert {name: headers.get(name) for name in DEVICES} == {
        name: str(name.split("-")[2] in true).lower() for name in DEVICES
    }


@pytest.mark.parametrize(
    ("device", "true"),
    [
        (Device.DESKTOP, {"Desktop"}),
        (Device.MOBILE, {"Mobile"}),
        (Device.TABLET, {"Tablet"}),
        (Device.SMART_TV, {"SmartTV"}),
        (Device.ANDROID, {"Android", "Mobile"}),
        (Device.IOS, {"IOS", "Mobile"}),
    ],
)
def test_a_device_that_is_told_beats_the_user_agent(device, true):
    headers = told(*DEVICES, request=a_request(user_agent=IPAD), device=device)
    assert {name.split("-")[2] for name in DEVICES if headers.get(name) == "true"} == true
    assert device_of(Viewer(device=device), IPAD) is device


PLACE = MappingProxyType({"country": "AT", "city": "Sankt P\u00f6lten", "time-zone": "Europe/Vienna", "asn": "8447"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CloudFront-Viewer-Address", "198.51.100.10:46532"),
        ("CloudFront-Viewer-Country", "AT"),
        ("CloudFront-Viewer-City", "Sankt P%C3%B6lten"),
        ("CloudFront-Viewer-Time-Zone", "Europe/Vienna"),
        ("CloudFront-Viewer-ASN", "8447"),
        ("CloudFront-Viewer-Postal-Code", None),
        ("CloudFront-Forwarded-Proto", "https"),
        ("CloudFront-Viewer-Http-Version", "2.0"),
        ("CloudFront-Viewer-TLS", "TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake"),
        ("CloudFront-Viewer-Header-Order", "Host:Accept"),
        ("CloudFront-Viewer-Header-Count", "2"),
        ("CloudFront-Viewer-JA3-Fingerprint", None),
        ("CloudFront-Error-Uri", None),
    ],
)
def test_what_the_headers_say(name, value):
    request = a_request(host="h", accept="a")
    viewer = {"ip": "198.51.100.10", "port": 46532, "protocol": "https", "http_version": "2.0", "place": PLACE}
    assert told(name, request=request, **viewer).get(name) == value


def test_an_ipv6_address_has_a_port_too():
    assert (
        told("CloudFront-Viewer-Address", ip="2001:db8::1", port=1).get("cloudfront-viewer-address") == "2001:db8::1:1"
    )


def test_http_says_nothing_of_tls():
    assert not len(told("CloudFront-Viewer-TLS"))


def test_the_order_of_headers_is_cut():
    request = a_request(host=None, fields=[("N" * 99, "")] * 100)
    assert len(told("CloudFront-Viewer-Header-Order", request=request).get("cloudfront-viewer-header-order")) == 7_680


ALL_EXCEPT_HOST = tuple(n for n in CLOUDFRONT_HEADERS_2022_06 if not n.endswith(("Address", "ASN")))


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        pytest.param(behavior(), (), id="nothing"),
        pytest.param(behavior(headers=["X-A", "cloudfront-viewer-city"]), ("cloudfront-viewer-city",), id="keyed"),
        pytest.param(
            behavior(headers=["A"], origin_request_policy=an_origin_request_policy(headers=["CloudFront-Viewer-ASN"])),
            ("CloudFront-Viewer-ASN",),
            id="requested",
        ),
        pytest.param(
            behavior(
                origin_request_policy=an_origin_request_policy(
                    headers=Selection(Selects.ALL_EXCEPT, ("CloudFront-Viewer-ASN",))
                )
            ),
            (),
            id="blocked is not asked for",
        ),
        pytest.param(
            behavior(origin_request_policy=MANAGED["Managed-AllViewerAndCloudFrontHeaders-2022-06"]),
            CLOUDFRONT_HEADERS_2022_06,
            id="all of June 2022",
        ),
        pytest.param(
            behavior(origin_request_policy=MANAGED["Managed-AllViewerExceptHostHeader"]),
            ALL_EXCEPT_HOST,
            id="all viewer headers except Host",
        ),
        pytest.param(
            behavior(forwarded_values=ForwardedValues(headers=("CloudFront-Viewer-Country", "Accept"))),
            ("CloudFront-Viewer-Country",),
            id="legacy",
        ),
    ],
)
def test_which_headers_are_asked_for(chosen, names):
    assert asked_for(chosen) == names


def test_a_header_that_a_function_made_is_overwritten():
    request = a_request(host=None, cloudfront_forwarded_proto="made up")
    assert told("CloudFront-Forwarded-Proto", request=request).all("cloudfront-forwarded-proto") == ("http",)


def test_viewers_of_http_1_0_lose_their_accept_encoding():
    request = a_request(host=None, accept_encoding="gzip")
    assert not len(told(request=request, http_version="1.0"))
    assert told(request=request).get("accept-encoding") == "gzip"


@given(headers)
def test_a_viewer_supplies_none_of_them_itself(some):
    assert not any(name.startswith("cloudfront-") for name in without_viewers_own(some).index)


def test_headers_without_any_stay_the_same_object():
    plain = some_headers(accept="a")
    assert without_viewers_own(plain) is plain


def test_a_page_is_told_of_the_request_it_is_about_where_a_policy_says_so():
    arrival = an_arrival("/a?b=1")
    asked = behavior(origin_request_policy=an_origin_request_policy(headers=["CloudFront-Error-Uri"]))
    assert for_error_page(asked, arrival, NO_HEADERS).fields == (("CloudFront-Error-Uri", "/a"),)
    keyed_too = behavior(cache_policy=a_cache_policy(headers=["cloudfront-error-args"]))
    assert for_error_page(keyed_too, arrival, NO_HEADERS).fields == (("cloudfront-error-args", "b=1"),)
    assert for_error_page(behavior(), arrival, NO_HEADERS) is NO_HEADERS
