import pytest

from edgesim.distribution.choices import STANDARD, Choices, ViewerResponseAfterGeneratedError
from edgesim.distribution.limits import Edition
from edgesim.distribution.model import Trigger
from edgesim.distribution.terms import Terms
from edgesim.rules.hooks import HOOKS, Hook, MadeBy, is_disallowed, time_limit, viewer_response_skipped
from edgesim.rules.reasons import HookReason
from edgesim.testing.make import a_function

VREQ, OREQ, ORES, VRES = Trigger
CURRENT = HOOKS[Edition.CURRENT]


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
    assert tuple(sorted(CURRENT[trigger].read_only)) == names


@pytest.mark.parametrize(
    ("trigger", "writable"),
    [
        (VREQ, {"cdn-loop"}),
        (OREQ, {"cdn-loop"}),
        (ORES, set()),
        (VRES, {"content-encoding", "content-length", "transfer-encoding"}),
    ],
)
def test_what_is_read_only_now_and_was_not_in_2023(trigger, writable):
    then = HOOKS[Edition.OF_2023][trigger].read_only
    assert CURRENT[trigger].read_only - then == writable
    assert then < CURRENT[trigger].read_only or not writable


@pytest.mark.parametrize(
    ("edition", "seconds"),
    [(Edition.CURRENT, (30, 30, 30, 30)), (Edition.OF_2023, (5, 30, 30, 5))],
)
def test_time_limits_by_edition(edition, seconds):
    found = tuple(time_limit(Hook(trigger, Terms(edition)), a_function(timeout=900)) for trigger in Trigger)
    assert found == seconds


def test_a_body_that_was_replaced_too_long_was_cut_in_2023():
    assert {rules.cuts_body for rules in HOOKS[Edition.OF_2023].values()} == {True}
    assert {rules.cuts_body for rules in CURRENT.values()} == {False}


def test_limits_are_those_of_viewer_and_origin_triggers():
    assert {trigger: CURRENT[trigger].generated_limit for trigger in Trigger} == {
        VREQ: 40_960, OREQ: 1_048_576, ORES: 1_048_576, VRES: 40_960,
    }  # fmt: skip
    assert (CURRENT[VREQ].body_limit, CURRENT[OREQ].body_limit) == (40_960, 1_048_576)


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
    assert time_limit(Hook(VREQ), a_function(timeout=2)) == 2
    assert time_limit(Hook(ORES), a_function(timeout=900)) == 30


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
    assert viewer_response_skipped(made_by, status, STANDARD) is skipped


@pytest.mark.parametrize(
    ("made_by", "status", "skipped"),
    [
        (MadeBy.ORIGIN_REQUEST, 404, None),
        (MadeBy.ORIGIN, 404, HookReason.SKIPPED_ERROR_STATUS),
        (MadeBy.VIEWER_REQUEST, 404, HookReason.SKIPPED_GENERATED),
        (MadeBy.FAILED_FUNCTION, 503, HookReason.SKIPPED_FUNCTION_FAILED),
    ],
)
def test_by_choice_it_runs_after_an_error_that_origin_request_generated(made_by, status, skipped):
    choices = Choices(viewer_response_after_generated_error=ViewerResponseAfterGeneratedError.RUNS)
    assert viewer_response_skipped(made_by, status, choices) is skipped
