import pytest

from edgesim.distribution.buckets import bucket_name, is_website, s3_region


@pytest.mark.parametrize(
    ("host", "name", "region", "website"),
    [
        ("b.s3.amazonaws.com", "b", "us-east-1", False),
        ("a.b.s3.eu-west-1.amazonaws.com", "a.b", "eu-west-1", False),
        ("B.s3-eu-west-1.amazonaws.com", "b", "eu-west-1", False),
        ("b.s3.dualstack.eu-west-1.amazonaws.com", "b", "eu-west-1", False),
        ("s3.eu-west-1.amazonaws.com", "", "eu-west-1", False),
        ("b.s3-website-us-east-1.amazonaws.com", "b", None, True),
        ("a.b.s3-website.eu-central-1.amazonaws.com", "a.b", None, True),
        ("b.s3-website.cn-north-1.amazonaws.com.cn", "b", None, True),
        ("www.example.com", "", None, False),
        ("b.s3.amazonaws.com.example.com", "", None, False),
        ("s3-website-us-east-1.amazonaws.com", "", None, False),
    ],
)
def test_host_names_of_buckets(host, name, region, website):
    assert (bucket_name(host), s3_region(host), is_website(host)) == (name, region, website)
