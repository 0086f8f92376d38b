import pytest

from edgesim.distribution.model import Trigger
from edgesim.rules.hooks import HOOKS, MadeBy, is_disallowed, time_limit, viewer_response_skipped
from edgesim.rules.reasons import HookReason
from edgesim.testing.make import a_function

VREQ, OREQ, ORES, VRES = Trigger


OREQ_READ_ONLY = (
    "accept-encoding", "cdn-loop", "content-length", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "transfer-encoding", "via",
)  # fmt: skip
VRES_READ_ONLY = ("content-encoding", "content-length", "transfer-encoding", "via", "warning")


@pytest.mark.parametrize(
    ("trigger", "names"),
    [
        (VREQ, ("cdn-loop", "content-length", "host", "transfer-encoding", "via")),
        (OREQ, OREQ_READ_ONLY),
        (ORES, ("transfer-encoding", "via")),
        (VRES, VRES_READ_ONLY),
    ],
)
def test_read_only_headers(trigger, names):
    assert tuple(sorted(HOOKS[trigger].read_only)) == names


def test_limits_are_those_of_viewer_and_origin_triggers():
    assert {trigger: HOOKS[trigger].generated_limit for trigger in Trigger} == {
        VREQ: 40_960, OREQ: 1_048_576, ORES: 1_048_576, VRES: 40_960,
    }  # fmt: skip
    assert (HOOKS[VREQ].body_limit, HOOKS[OREQ].body_limit) == (40_960, 1_048_576)


DISALLOWED = (
    "Connection", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Trailer",
    "Upgrade", "X-Accel-Buffering", "X-Accel-Charset", "X-Accel-Limit-Rate", "X-Accel-Redirect", "X-Amz-Cf-Id",
    "X-Amz-Cf-Anything", "X-Amzn-Auth", "X-Amzn-Cf-Billing", "X-Amzn-Cf-Id", "X-Amzn-Cf-Xff", "X-Amzn-Errortype",
    "X-Amzn-Fle-Profile", "X-Amzn-Header-Count", "X-Amzn-Header-Order", "X-Amzn-Lambda-Integration-Tag",
    "X-Amzn-RequestId", "X-Cache", "X-Edge-Anything", "X-Forwarded-Proto", "X-Real-IP",
)  # fmt: skip


@pytest.mark.parametrize("name", DISALLOWED)
def test_disallowed_headers(name):
    assert is_disallowed(name.lower())


@pytest.mark.parametrize("name", ["x-amz-meta-a", "x-amzn-other", "x-forwarded-for", "x-cache-a", "host", "x-amz-cf"])
def test_other_headers_are_allowed(name):
    assert not is_disallowed(name)


def test_a_function_has_its_own_timeout_up_to_thirty_seconds():
    assert time_limit(VREQ, a_function(timeout=2)) == 2
    assert time_limit(ORES, a_function(timeout=900)) == 30


@pytest.mark.parametrize(
    ("made_by", "status", "skipped"),
    [
        pytest.param(MadeBy.ORIGIN, 200, None, id="a success of the origin"),
        pytest.param(MadeBy.ORIGIN, 399, None, id="a redirect of the origin"),
        pytest.param(MadeBy.ORIGIN, 400, HookReason.SKIPPED_ERROR_STATUS, id="an error of the origin"),
        pytest.param(MadeBy.ORIGIN_REQUEST, 200, None, id="made at origin request"),
        pytest.param(MadeBy.ORIGIN_REQUEST, 404, HookReason.SKIPPED_ERROR_STATUS, id="an error made at origin request"),
        pytest.param(MadeBy.VIEWER_REQUEST, 200, HookReason.SKIPPED_GENERATED, id="made at viewer request"),
        pytest.param(MadeBy.ERROR_PAGE, 200, HookReason.SKIPPED_ERROR_PAGE, id="a custom error page"),
        pytest.param(MadeBy.FAILED_FUNCTION, 503, HookReason.SKIPPED_FUNCTION_FAILED, id="a failed function"),
        pytest.param(MadeBy.CLOUDFRONT, 403, HookReason.SKIPPED_ERROR_STATUS, id="an error of CloudFront's own"),
    ],
)
def test_when_viewer_response_runs(made_by, status, skipped):
    assert viewer_response_skipped(made_by, status) is skipped
