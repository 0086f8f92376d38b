"""The request path of a distribution with a continuous deployment policy: who answers, and the viewer's session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from edgesim.distribution.model import Distribution
from edgesim.pipeline.effects import Steps
from edgesim.pipeline.journey import Served
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.continuous_deployment import routed, without_session
from edgesim.values.viewer import Arrival


def deployed_continuously(
    arrival: Arrival,
    primary: Distribution,
    distributions: Sequence[Distribution],
    transcript: Transcript,
    through: Callable[[Arrival, Distribution, Transcript], Steps[Served]],
) -> Steps[Served]:
    """`through` the primary or the staging distribution. The answer keeps the viewer's session."""
    to = routed(arrival, primary, distributions)
    distribution = transcript.distribution = to.distribution
    transcript.note(Station.DEPLOYMENT, to.because, distribution=distribution, primary=primary)
    served = yield from through(replace(arrival, request=without_session(arrival.request)), distribution, transcript)
    if not to.cookie:
        return served
    headers = served.response.headers.adding(("Set-Cookie", to.cookie))
    transcript.headers = headers
    return replace(served, response=replace(served.response, headers=headers))
