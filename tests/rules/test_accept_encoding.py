import pytest

from edgesim.rules.accept_encoding import forwarded_encoding, keyed_encoding, switched_off, without_old_encodings
from edgesim.testing.make import a_cache_policy, a_distribution, an_origin, some_headers

BOTH, GZIP, BROTLI = (
    a_cache_policy(gzip=True, brotli=True),
    a_cache_policy(gzip=True),
    a_cache_policy(brotli=True),
)


# The table of controlling-the-cache-key: in the key, and to the origin
@pytest.mark.parametrize(
    ("policy", "said", "keyed", "forwarded"),
    [
        pytest.param(BOTH, "gzip, deflate, br", "br,gzip", "br,gzip", id="both on, both accepted"),
        pytest.param(BOTH, "gzip", "gzip", "gzip", id="both on, gzip accepted"),
        pytest.param(BOTH, "br", "br", "br", id="both on, br accepted"),
        pytest.param(GZIP, "br, gzip", "gzip", "gzip", id="gzip on, both accepted"),
        pytest.param(BROTLI, "br, gzip", "br", "br", id="brotli on, both accepted"),
        pytest.param(BROTLI, "gzip", None, "identity", id="brotli on, gzip accepted"),
        pytest.param(BOTH, "deflate", None, "identity", id="both on, neither accepted"),
        pytest.param(BOTH, "", None, "identity", id="both on, an empty header"),
        pytest.param(BOTH, "*", None, "identity", id="a star is no coding"),
        pytest.param(BOTH, None, None, None, id="both on, no header"),
        pytest.param(BOTH, "GZIP , BR", "br,gzip", "br,gzip", id="case does not count"),
        pytest.param(BOTH, "gzip;q=0, br", "br", "br", id="q=0 is absent"),
        pytest.param(BOTH, "gzip; q=0.000, br;Q=0", None, "identity", id="q=0 in other words"),
        pytest.param(BOTH, "gzip;q=, br", "br", "br", id="a weight without a value is none"),
        pytest.param(BOTH, "gzip;q=0.5, br;q=1.0", "br,gzip", "br,gzip", id="other weights do not count"),
        pytest.param(BOTH, "xgzip", None, "identity", id="part of a name"),
    ],
)
def test_accept_encoding_is_normalised(policy, said, keyed, forwarded):
    headers = some_headers(accept_encoding=said)
    assert keyed_encoding(policy, headers) == keyed
    assert forwarded_encoding(policy, headers) == forwarded


def test_several_lines_are_one_list():
    assert keyed_encoding(BOTH, some_headers(accept_encoding=["br", "gzip"])) == "br,gzip"


def test_without_either_flag_it_has_no_part_in_the_key():
    assert keyed_encoding(a_cache_policy(), some_headers(accept_encoding="gzip, br")) is None


@pytest.mark.parametrize(
    ("custom_headers", "off"),
    [({"accept-Encoding": ""}, True), ({"Accept-Encoding": "br"}, False), ({"X-A": ""}, False), ({}, False)],
)
def test_an_empty_custom_header_switches_it_off(custom_headers, off):
    distribution = a_distribution(origins=[an_origin(custom_headers=custom_headers)])
    assert switched_off(distribution, distribution.behaviors[-1]) is off


def test_an_origin_group_switches_nothing_off():
    distribution = a_distribution(origins=[an_origin(id="another")])
    assert not switched_off(distribution, distribution.behaviors[-1])


def test_viewers_of_http_1_0_have_none():
    headers = some_headers(accept_encoding="gzip", accept="*/*")
    assert without_old_encodings(headers, "1.0") == some_headers(accept="*/*")
    assert without_old_encodings(headers, "1.1") is headers
