import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.rules.policy_statement import Malformed, canned, statement
from edgesim.testing.strategies import json_values
from edgesim.values.signed import Grant, custom_policy

UNTIL = {"DateLessThan": {"AWS:EpochTime": 5}}


def policy(condition, resource="https://a/*", **more):
    return json.dumps({"Statement": [{"Resource": resource, "Condition": condition}], **more}).encode()


@given(
    st.builds(
        Grant,
        st.integers(0, 2**63 - 1),
        st.none() | st.text("ab*?/\\:.", max_size=20).filter(lambda text: "\\" not in text),
        st.none() | st.integers(0, 2**63 - 1),
        st.none() | st.ip_addresses(v=4).map(str),
    )
)
def test_what_is_written_is_read(grant):
    read = statement(custom_policy(grant).encode())
    assert (read.expires, read.resource, read.starts) == (grant.expires, grant.resource, grant.starts)
    assert read.ip == (None if grant.ip is None else f"{grant.ip}/32")


@pytest.mark.parametrize(
    ("text", "grant"),
    [
        pytest.param(policy(UNTIL), Grant(5, "https://a/*"), id="the least"),
        pytest.param(policy(UNTIL, Version="2012-10-17"), Grant(5, "https://a/*"), id="members that nobody reads"),
        pytest.param(
            json.dumps({"Statement": {"Condition": UNTIL}}).encode(), Grant(5), id="the statement without a list"
        ),
        pytest.param(
            policy({**UNTIL, "IpAddress": {"AWS:SourceIp": "192.0.2.9/24"}}),
            Grant(5, "https://a/*", ip="192.0.2.0/24"),
            id="a range by one of its addresses",
        ),
        pytest.param(
            rb'{"Statement":[{"Resource":"https://a/b\?c","Condition":{"DateLessThan":{"AWS:EpochTime":5}}}]}',
            Grant(5, r"https://a/b\?c"),
            id="a backslash that JSON does not know, as in the guide",
        ),
        pytest.param(policy(UNTIL, r"https://a/b\?c"), Grant(5, r"https://a/b\?c"), id="and as JSON has it"),
    ],
)
def test_a_policy_is_read(text, grant):
    assert statement(text) == grant


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no statement"),
        pytest.param(json.dumps({"Statement": [{"Condition": UNTIL}] * 2}).encode(), id="two statements"),
        pytest.param(json.dumps({"Statement": []}).encode(), id="none"),
        pytest.param(policy({}), id="no DateLessThan"),
        pytest.param(policy({"DateLessThan": {"AWS:EpochTime": "5"}}), id="a time in quotation marks"),
        pytest.param(policy({"DateLessThan": {"AWS:EpochTime": 5.5}}), id="a time with a fraction"),
        pytest.param(policy({"DateLessThan": {"AWS:EpochTime": True}}), id="a truth value"),
        pytest.param(policy({"DateLessThan": {"AWS:EpochTime": 2**63}}), id="more than 64 bits"),
        pytest.param(policy({**UNTIL, "IpAddress": {"AWS:SourceIp": "2001:db8::/32"}}), id="IPv6"),
        pytest.param(policy({**UNTIL, "IpAddress": {"AWS:SourceIp": ["192.0.2.1"]}}), id="several addresses"),
        pytest.param(policy(UNTIL, ["https://a/"]), id="several resources"),
    ],
)
def test_a_policy_that_cloudfront_can_not_read(text):
    with pytest.raises(Malformed):
        statement(text)


@given(json_values)
def test_no_value_does_more_than_be_malformed(value):
    with contextlib.suppress(Malformed):
        statement(json.dumps(value).encode())


@pytest.mark.parametrize("expires", ["", "x", "-1", "1.5", str(2**63), "٣", "1" * 5_000])
def test_expires_is_a_number_of_seconds(expires):
    with pytest.raises(Malformed):
        canned("https://a/", expires)


def test_the_last_second_has_64_bits():
    """documented: private-content-creating-signed-url-canned-policy"""
    assert canned("https://a/", str(2**63 - 1)) == Grant(2**63 - 1, "https://a/")
