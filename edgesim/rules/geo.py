"""Geographic restrictions.

Source: georestrictions; observed: the page (moby/moby#34058 and others).
"""

from __future__ import annotations

from edgesim.distribution.model import Distribution
from edgesim.rules import error_pages
from edgesim.rules.arrival import Refusal
from edgesim.rules.reasons import ArrivalReason, Outcome
from edgesim.values.viewer import Arrival


def geo_refusal(arrival: Arrival, distribution: Distribution) -> Refusal | None:
    """A viewer in a country that is not served gets 403. documented: one whose country is not known is served"""
    restriction = distribution.geo_restriction
    country = arrival.viewer.place.get("country")
    if restriction is None or not country or (country in restriction.locations) is restriction.allows:
        return None
    page = error_pages.error_page(403, error_pages.GEO_BLOCKED, arrival.id)
    return Refusal(page, Outcome.ERROR, ArrivalReason.GEO_BLOCKED)
