import pytest

from edgesim.distribution.geo import GeoRestriction
from edgesim.rules.geo import geo_refusal
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import ArrivalReason, Outcome
from edgesim.rules.result_types import result_types
from edgesim.testing.make import a_distribution, an_arrival

ALLOWED = a_distribution(geo_restriction=GeoRestriction(True, frozenset({"DE", "AT"})))
BLOCKED = a_distribution(geo_restriction=GeoRestriction(False, frozenset({"DE", "AT"})))


def from_country(country):
    return an_arrival(place={"country": country} if country else {})


@pytest.mark.parametrize(
    ("distribution", "country", "served"),
    [
        pytest.param(ALLOWED, "DE", True, id="on the allow list"),
        pytest.param(ALLOWED, "FR", False, id="not on the allow list"),
        pytest.param(BLOCKED, "DE", False, id="on the block list"),
        pytest.param(BLOCKED, "FR", True, id="not on the block list"),
        pytest.param(ALLOWED, "", True, id="unknown, with an allow list"),
        pytest.param(BLOCKED, "", True, id="unknown, with a block list"),
        pytest.param(a_distribution(), "FR", True, id="no restriction"),
    ],
)
def test_viewers_are_served_by_country(distribution, country, served):
    """documented: georestrictions; where the location is not known, the content is served"""
    assert (geo_refusal(from_country(country), distribution) is None) is served


def test_the_refusal_is_cloudfronts_page():
    """observed: moby/moby#34058"""
    refusal = geo_refusal(from_country("FR"), ALLOWED)
    assert (refusal.response.status, refusal.outcome, refusal.because) == (
        403, Outcome.ERROR, ArrivalReason.GEO_BLOCKED
    )  # fmt: skip
    assert b"is configured to block access from your country." in refusal.response.body
    assert result_types(refusal.outcome, MadeBy.CLOUDFRONT, refusal.because).detailed == "ClientGeoBlocked"
