"""What an edition of the limits has against a function at a trigger."""

from __future__ import annotations

import pytest

from edgesim.distribution.edge_limits import over_limits
from edgesim.distribution.limits import LIMITS, Edition
from edgesim.distribution.model import Trigger
from edgesim.distribution.terms import Terms, edition
from edgesim.errors import ConfigError
from edgesim.testing.make import a_distribution, a_function, behavior

VIEWER, ORIGIN = Trigger.VIEWER_RESPONSE, Trigger.ORIGIN_REQUEST
MB = 1_048_576


def told(trigger, edition_, *, size=0, **settings):
    distribution = a_distribution(behavior(functions={trigger: a_function(**settings)}), terms=Terms(edition_))
    return list(over_limits(distribution, lambda function, enough: size))


@pytest.mark.parametrize(
    ("trigger", "settings", "says"),
    [
        (VIEWER, {"timeout": 5}, None),
        (VIEWER, {"timeout": 6}, "event: 6 Max allowed: 5 Function: arn:aws:lambda:us-east-1:123456789012:"),
        (ORIGIN, {"timeout": 30}, None),
        (VIEWER, {"memory": 128}, None),
        (VIEWER, {"memory": 256}, "memory size is larger than the maximum allowed size for"),
        (ORIGIN, {"memory": 3_008}, None),
        (ORIGIN, {"memory": 3_009}, "3009 Max allowed: 3008"),
        (VIEWER, {"size": MB}, None),
        (VIEWER, {"size": MB + 1}, "event: 1048577 Max allowed: 1048576"),
        (ORIGIN, {"size": 40 * MB}, None),
    ],
)  # fmt: skip
def test_in_2023_viewer_triggers_had_less(trigger, settings, says):
    excesses = told(trigger, Edition.OF_2023, **settings)
    assert len(excesses) == (says is not None)
    for excess in excesses:
        assert says in excess.message
        assert excess.where == f"Site, *, {trigger.value}"


@pytest.mark.parametrize(
    ("settings", "name", "does"),
    [
        ({"timeout": 6}, "Timeout", "ends it after 5 s at viewer-response"),
        ({"memory": 256}, "MemorySize", "lets it have all of it"),
        ({"size": MB + 1}, "Code", "runs it at viewer-response all the same"),
    ],
)
def test_each_says_what_edgesim_does_about_it(settings, name, does):
    [excess] = told(VIEWER, Edition.OF_2023, **settings)
    assert excess.property == name
    assert does in excess.hint


@pytest.mark.parametrize("trigger", Trigger)
def test_now_a_function_may_have_what_lambda_gives_it(trigger):
    """What is beyond that is told where the function is declared."""
    assert told(trigger, Edition.CURRENT, timeout=900, memory=10_240, size=100 * MB) == []


def test_the_editions_differ_in_what_the_guide_changed():
    now, then = LIMITS[Edition.CURRENT], LIMITS[Edition.OF_2023]
    assert (now.viewer.timeout, now.viewer.memory_mb, now.viewer.code_bytes) == (30, 10_240, 50 * MB)
    assert (then.viewer.timeout, then.viewer.memory_mb, then.viewer.code_bytes) == (5, 128, MB)
    assert (now.request_head_bytes, then.request_head_bytes) == (32_768, 20_480)
    assert (now.execution_error_status, then.execution_error_status) == (503, 500)


def test_an_edition_is_named_by_its_word():
    assert (edition("2023"), edition(" Current ")) == (Edition.OF_2023, Edition.CURRENT)
    with pytest.raises(ConfigError, match="limits can't be '2022': it is current or 2023"):
        edition("2022")
