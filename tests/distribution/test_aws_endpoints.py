"""Stand-ins for AWS's services, and the variables that SDKs look for."""

import pytest

from edgesim.distribution.aws_endpoints import EVERY_SERVICE, endpoint_variables, endpoints_line, parse_endpoint
from edgesim.errors import ConfigError

AT = "http://localhost:4566"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (AT, (EVERY_SERVICE, AT)),
        (f"dynamodb={AT}", ("dynamodb", AT)),
        ("s3=https://s3.localhost.localstack.cloud:4566", ("s3", "https://s3.localhost.localstack.cloud:4566")),
        ("http://127.0.0.1:8000/a=b", (EVERY_SERVICE, "http://127.0.0.1:8000/a=b")),
        ("sqs=http://[::1]:9324", ("sqs", "http://[::1]:9324")),
    ],
)
def test_a_url_with_or_without_a_service(text, parsed):
    assert parse_endpoint(text) == parsed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("localhost:8000", "'localhost:8000' is no endpoint"),
        ("dynamodb=localhost:8000", "'localhost:8000' is no endpoint"),
        ("dynamodb=", "'' is no endpoint"),
        ("dynamodb=ftp://localhost", "'ftp://localhost' is no endpoint"),
        ("dynamodb=http://localhost:99999", "'http://localhost:99999' is no endpoint"),
        ("dynamodb=http://local host", "'http://local host' is no endpoint"),
        ("dynamodb=http://localhost?a=1", "the endpoint http://localhost?a=1 can't have a query string"),
        (f"dynamo.db={AT}", "'dynamo.db' can't be the name of an AWS service"),
        (f"={AT}", "'' can't be the name of an AWS service"),
    ],
)
def test_what_is_none_is_refused_with_a_way_out(text, said):
    with pytest.raises(ConfigError) as caught:
        parse_endpoint(text)
    assert str(caught.value) == said
    assert "write" in caught.value.hint


@pytest.mark.parametrize(
    ("service", "variable"),
    [
        (EVERY_SERVICE, "AWS_ENDPOINT_URL"),
        ("dynamodb", "AWS_ENDPOINT_URL_DYNAMODB"),
        ("Secrets Manager", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        ("secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        ("secrets-manager", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        ("cognito-idp", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"),
        ("SSM", "AWS_ENDPOINT_URL_SSM"),
    ],
)
def test_services_have_the_variables_of_the_sdks(service, variable):
    assert endpoint_variables({service: AT}) == {variable: AT}


def test_they_are_told():
    assert endpoints_line({}) == ""
    assert endpoints_line({EVERY_SERVICE: AT, "s3": "http://localhost:9000"}) == (
        f"functions find AWS at {AT}, s3 at http://localhost:9000"
    )
