"""The form of signed URLs, against what AWS documents and what botocore 1.44.8 makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.values.signed import Grant, canned_policy, custom_policy, decoded, encoded


@given(st.binary(max_size=400))
def test_what_is_encoded_fits_a_query_string_and_comes_back(data):
    text = encoded(data)
    assert not set(text) & set("+/=&?#% ")
    assert decoded(text) == data


@pytest.mark.parametrize("text", ["a", "abc!", "é", "a b_", "YQ=-"])
def test_what_is_not_encoded_so_is_nothing(text):
    assert decoded(text) is None


def test_a_canned_policy_is_that_of_the_guide():
    """documented: private-content-creating-signed-url-canned-policy"""
    assert canned_policy("https://d111111abcdef8.cloudfront.net/horizon.jpg?size=large&license=yes", 1767290400) == (
        '{"Statement":[{"Resource":"https://d111111abcdef8.cloudfront.net/horizon.jpg?size=large&license=yes",'
        '"Condition":{"DateLessThan":{"AWS:EpochTime":1767290400}}}]}'
    )


@pytest.mark.parametrize(
    ("grant", "policy"),
    [
        pytest.param(
            Grant(1767261600, "https://www.example.com/*", 1735689600, "192.0.2.0/24"),
            (
                '{"Statement":[{"Resource":"https://www.example.com/*","Condition":{"DateLessThan":{"AWS:Ep'
                'ochTime":1767261600},"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"},"DateGreaterThan":{"AWS:E'
                'pochTime":1735689600}}}]}'
            ),
            id="everything",
        ),
        pytest.param(
            Grant(1767261600, 'https://www.example.com/é "x"', ip="192.0.2.1"),
            (
                '{"Statement":[{"Resource":"https://www.example.com/\\u00e9 \\"x\\"","Condition":{"DateLessTha'
                'n":{"AWS:EpochTime":1767261600},"IpAddress":{"AWS:SourceIp":"192.0.2.1/32"}}}]}'
            ),
            id="one address, and characters that JSON escapes",
        ),
        pytest.param(
            Grant(1), '{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}', id="for everything"
        ),
    ],
)
def test_a_custom_policy_is_botocores(grant, policy):
    assert custom_policy(grant) == policy
