"""What is said of results that are the wrong thing altogether."""

from __future__ import annotations

import json

import pytest

from edgesim.distribution.model import Trigger
from edgesim.rules.function_headers import Rejected
from edgesim.rules.function_result_hints import hint
from tests.rules.judging import returned, verdict_on

VREQ, OREQ, ORES, VRES = Trigger
REQUEST = {"uri": "/", "method": "GET", "headers": {}}
NO_STATUS = "without status this is a request; a Lambda@Edge function writes status, not statusCode"
CF = {"config": {}, "request": REQUEST}


@pytest.mark.parametrize(
    ("trigger", "result", "wanted"),
    [
        (VREQ, {"Records": [{"cf": CF}]}, "this is the event: return its Records[0].cf.request"),
        (OREQ, {"Records": [{"cf": CF}]}, "this is the event: return its Records[0].cf.request"),
        (ORES, {"Records": [{"cf": CF}]}, "this is the event: return its Records[0].cf.response"),
        (VREQ, {"cf": CF}, "this is Records[0] of the event: return its cf.request"),
        (VREQ, CF, "this is Records[0].cf of the event: return its request"),
        (VRES, REQUEST, "this is the request: at this trigger return Records[0].cf.response of the event"),
        (VREQ, {"statusCode": 302}, NO_STATUS),
    ],
)
def test_a_well_known_mistake_has_a_way_out(trigger, result, wanted):
    verdict = verdict_on(trigger, json.dumps(result))
    assert isinstance(verdict, Rejected)
    assert verdict.hint == wanted


def test_headers_of_a_cloudfront_function_are_told_apart():
    verdict = verdict_on(VREQ, returned(VREQ, headers={"x-a": {"value": "1"}}))
    assert isinstance(verdict, Rejected)
    assert "CloudFront Functions" in verdict.hint


@pytest.mark.parametrize("result", [REQUEST, {"status": "999"}, {"headers": []}, {"request": "no object"}, {}])
def test_of_other_results_nothing_is_said(result):
    assert hint(VREQ, result) == ""
