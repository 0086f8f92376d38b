"""A function that saw one request, one response and one origin, and what CloudFront makes of its answer."""

import json

from edgesim.distribution.model import S3Access, Trigger
from edgesim.distribution.terms import STANDARD_TERMS
from edgesim.rules.function_event import function_event, settled
from edgesim.rules.function_headers import Rejected
from edgesim.rules.function_result import judge
from edgesim.rules.hooks import Hook
from edgesim.rules.reasons import Rejection
from edgesim.testing.make import a_distribution, a_request, a_response, an_arrival, an_origin

VREQ, OREQ, ORES, VRES = Trigger
REQUEST_TRIGGERS, RESPONSE_TRIGGERS = (VREQ, OREQ), (ORES, VRES)
R = Rejection

REQUEST = a_request("/a?x=1", method="POST", host="h", x_a="1", x_edge_hidden="0", body=b"original")
RESPONSE = a_response(etag='"v1"', content_length="5", x_cache="hidden", reason="Fine")
ORIGIN = settled(an_origin(), "http")
S3_ORIGIN = an_origin("b.s3.amazonaws.com", s3=S3Access("E2OAI"))
OAC_ORIGIN = an_origin("b.s3.eu-west-1.amazonaws.com", s3=S3Access("", "eu-west-1", True))


def event_of(trigger, request=REQUEST, response=RESPONSE, origin=ORIGIN, body=None, terms=STANDARD_TERMS):
    seen = response if trigger in RESPONSE_TRIGGERS else None
    event = function_event(
        trigger, a_distribution(terms=terms), an_arrival(request), request, body=body, origin=origin, response=seen
    )
    return json.loads(json.dumps(event))["Records"][0]["cf"]


def verdict_on(trigger, result, request=REQUEST, response=RESPONSE, origin=ORIGIN, terms=STANDARD_TERMS):
    hook = Hook(trigger, terms)
    payload = result if isinstance(result, str) else json.dumps(result)
    seen = response if trigger in RESPONSE_TRIGGERS else None
    chosen = origin if trigger is OREQ else None
    return judge(hook, payload, request=request, origin=chosen, response=seen, client_ip=an_arrival(request).viewer.ip)


def returned(trigger, **changes):
    """What a function gives back that changes some attributes of what it saw; `...` leaves one out."""
    seen = event_of(trigger)["response" if trigger in RESPONSE_TRIGGERS else "request"]
    return {name: value for name, value in {**seen, **changes}.items() if value is not ...}


def rejection(trigger, result, **more):
    verdict = verdict_on(trigger, result, **more)
    assert isinstance(verdict, Rejected), verdict
    return verdict.code, verdict.at
