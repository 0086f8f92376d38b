"""What the terminal says of answers that were another viewer's."""

from __future__ import annotations

from edgesim.pipeline.cautions import Cautions
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.reasons import LookUpReason, SharingReason
from edgesim.testing.make import a_distribution, a_request, an_arrival


def given(because: SharingReason, *named: str, distribution: str = "E1", target: str = "/a") -> Transcript:
    made = Transcript(an_arrival(a_request(target), request_id="x=="), a_distribution(id=distribution))
    made.note(Station.CACHE, LookUpReason.FRESH)
    made.caution(Station.CACHE, because, named=named)
    return made


def test_each_cause_is_told_once_for_a_distribution() -> None:
    cautions = Cautions()
    [first] = cautions.news(given(SharingReason.COOKIES_GIVEN, "sid"))
    assert first.message == (
        "GET /a, from the cache: it was stored with its Set-Cookie, and every viewer gets the cookie sid"
    )
    assert first.hint.endswith("; edgesim explain x==")
    assert list(cautions.news(given(SharingReason.COOKIES_GIVEN, "sid", target="/b"))) == []
    assert len(list(cautions.news(given(SharingReason.COOKIES_GIVEN, "sid", distribution="E2")))) == 1
    [other] = cautions.news(given(SharingReason.GIVEN_DESPITE_VARY, "accept-language"))
    assert "another accept-language, which its Vary names and the cache key does not have" in other.message


def test_what_is_only_stored_is_nobodys_harm_yet() -> None:
    assert list(Cautions().news(given(SharingReason.SETS_COOKIES, "sid"))) == []


def test_a_name_can_not_write_on_the_terminal() -> None:
    [told] = Cautions().news(given(SharingReason.COOKIES_GIVEN, "a\x1b[2J"))
    assert "\x1b" not in told.message
