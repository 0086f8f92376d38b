"""The request path of a distribution with a continuous deployment policy."""

from __future__ import annotations

from dataclasses import replace

from edgesim.distribution import limits
from edgesim.distribution.continuous_deployment import ByHeader, ByWeight, ContinuousDeployment, Stickiness, Traffic
from edgesim.distribution.model import Distribution, Trigger
from edgesim.logs.explain import as_data
from edgesim.logs.explain_text import as_text
from edgesim.pipeline.effects import Invoke
from edgesim.pipeline.logged import is_logged
from edgesim.rules.reasons import ArrivalReason, DeploymentReason, HookReason
from edgesim.testing.make import NOW, a_distribution, a_request
from edgesim.testing.play import visit
from tests.pipeline.helpers import returned, seen, with_functions

STAGING = a_distribution(
    with_functions(Trigger.VIEWER_REQUEST), id="E2", name="Next", domain_name="d2.cloudfront.net", staging=True
)
ANSWER = returned({"status": "200", "headers": {"set-cookie": [{"value": "own=1"}]}})
BY_HEADER = ByHeader("aws-cf-cd-x", "true")


def site(traffic: Traffic) -> tuple[Distribution, ...]:
    policy = ContinuousDeployment(("d2.cloudfront.net",), traffic)
    return STAGING, replace(a_distribution(with_functions(Trigger.VIEWER_REQUEST)), continuous_deployment=policy)


def test_the_staging_distribution_answers_as_itself() -> None:
    play = visit(a_request(aws_cf_cd_x="true"), *site(BY_HEADER)).expect(
        Invoke, reply=lambda effect: returned({"status": "200", "body": config_of(effect)})
    )
    served = play.returns(status=200, because=[DeploymentReason.HEADER, HookReason.GENERATED])
    assert served.response.body == b"E2"
    assert play.transcript.distribution is STAGING
    told = as_text(as_data(play.transcript))
    assert "continuous deployment: staging distribution: the request has the policy's header\n" in told
    assert "distribution  Next (d2.cloudfront.net)" in told


def config_of(effect: Invoke) -> str:
    identity: str = effect.event["Records"][0]["cf"]["config"]["distributionId"]
    return identity


def test_the_answer_keeps_the_session() -> None:
    cookie = f"aws-cf-cd-session=staging.{int(NOW) - 10}.{int(NOW) - 5}.0"
    play = visit(a_request(cookie=f"{cookie}; a=b"), *site(ByWeight(0, Stickiness(300, 900))))

    def sees_no_session(effect: Invoke):
        assert seen(effect)["headers"]["cookie"][0]["value"] == "a=b"
        return ANSWER

    served = play.expect(Invoke, reply=sees_no_session).returns(because=[DeploymentReason.SESSION_IN_STAGING])
    renewed = f"aws-cf-cd-session=staging.{int(NOW) - 10}.{int(NOW)}.0; Path=/; Max-Age=300; HttpOnly"
    assert served.response.headers.all("set-cookie") == ("own=1", renewed)
    assert play.transcript.headers is served.response.headers


def test_a_request_that_is_too_large_goes_nowhere() -> None:
    play = visit(a_request(f"/{'a' * limits.URL_BYTES}"), *site(BY_HEADER))
    play.returns(status=414, because=[ArrivalReason.URL_TOO_LONG])
    assert not is_logged(play.transcript)
