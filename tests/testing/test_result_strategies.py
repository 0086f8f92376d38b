"""What the strategies call valid, CloudFront's rules take; what they call hostile, a scenario can say."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.model import Trigger
from edgesim.rules.function_event import function_event
from edgesim.rules.function_headers import Rejected
from edgesim.rules.function_result import judge
from edgesim.rules.hooks import Hook
from edgesim.testing import strategies
from edgesim.testing.make import a_distribution, an_arrival, an_origin
from edgesim.values.headers import readable, wire


@given(st.sampled_from(list(Trigger)), strategies.hostile_requests(), strategies.hostile_responses(), st.data())
def test_a_valid_result_is_accepted(trigger, request, response, data):
    sees = response if trigger.value.endswith("response") else None
    event = function_event(trigger, a_distribution(), an_arrival(request), request, origin=an_origin(), response=sees)
    result = data.draw(strategies.valid_results(event))
    verdict = judge(Hook(trigger), json.dumps(result), request=request, origin=an_origin(), response=sees)
    assert not isinstance(verdict, Rejected), verdict


@given(st.sampled_from([Trigger.VIEWER_REQUEST, Trigger.ORIGIN_REQUEST]), strategies.generated_responses())
def test_a_generated_response_is_accepted(trigger, result):
    verdict = judge(Hook(trigger), json.dumps(result), request=an_arrival().request)
    assert not isinstance(verdict, Rejected), verdict


@given(strategies.hostile_requests(), strategies.hostile_responses())
def test_what_is_hostile_is_text(request, response):
    texts = [request.target, *(value for one in (request, response) for _, value in one.headers)]
    assert [wire(readable(text)) for text in texts] == texts


def test_what_is_public_is_there_and_says_what_it_is():
    for name in strategies.__all__:
        assert hasattr(strategies, name)
