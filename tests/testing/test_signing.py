"""Signed requests of the edge in Python: the equal of `sign:` and `keys:` in scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

import edgesim.testing
from edgesim.errors import ConfigError
from edgesim.testing import LiveEdge

SIGNATURES = Path(__file__).parents[1] / "signatures"


@pytest.fixture
def live():
    with edgesim.testing.edge({"signers": ["members"]}) as edge:
        yield edge


def test_a_request_is_signed_as_in_a_scenario(live: LiveEdge):
    assert "refused: neither a signed URL nor signed cookies" in live.get("/a").because
    assert "the signed URL is valid" in live.get("/a", sign="1h").because
    cookies = {"key": "members", "cookies": True, "resource": "/*"}
    assert "the signed cookies are valid" in live.get("/b?x=1", sign=cookies).because
    assert live.get("/b", sign={"for": "/a"}).status == 403


def test_a_signed_target_holds_until_the_clock_says_otherwise(live: LiveEdge):
    target = live.sign("/a?x=1", expires="1m")
    assert target.startswith("/a?x=1&Expires=")
    assert live.get(target).status == 200
    live.clock.advance("2m")
    assert "refused: the policy has expired" in live.get(target).because


def test_a_reason_may_be_named_in_the_words_of_scenarios(live: LiveEdge):
    because = live.get(live.sign("/a", expires="-1s")).because
    assert "refused: the policy has expired" in because
    assert [word in because for word in ("expired", "Expired", "SignatureReason.EXPIRED")] == [True] * 3
    assert [word in because for word in ("signed url", "exp", "", 1)] == [False] * 4
    assert because == list(because)
    assert isinstance(because[0], str)


def test_it_is_signed_for_the_viewers_own_protocol():
    with edgesim.testing.edge({"signers": ["members"]}, viewer={"protocol": "https"}) as edge:
        assert edge.get("/a", sign={"resource": "/*"}).status == 200
        assert edge.get("/a", sign={"resource": "/*"}, protocol="http").status == 200
        assert edge.get(edge.sign("/a", resource="https://*")).status == 200


def test_requests_at_once_are_signed_too(live: LiveEdge):
    answers = live.parallel(["/a", {"target": "/a", "sign": "1h"}])
    assert [one.status for one in answers] == [403, 200]


def test_keys_may_be_ones_own_and_deployed_later():
    with edgesim.testing.edge({"signers": ["m"]}, keys={"m": "rsa.pem"}, folder=SIGNATURES) as edge:
        assert edge.get("/a", sign="1h").status == 200
        old = edge.sign("/a")
        edge.deploy(keys={"m": "made"})
        assert edge.get(old).status == 403
        assert edge.get("/a", sign="1h").status == 200
        edge.deploy({"signers": ["n"]})
        assert edge.get("/a", sign={"key": "n"}).status == 200


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"key": "memers"}, "there is no key 'memers' (did you mean members?)"),
        ({"kye": "members"}, "sign has no key 'kye'"),
        ("soon", "'soon' is no point in time (write 1h"),
    ],
)
def test_mistakes_are_explained(live: LiveEdge, how, told):
    with pytest.raises(ConfigError) as caught:
        live.get("/a", sign=how)
    assert told in str(caught.value)


def test_cookies_are_no_part_of_a_target(live: LiveEdge):
    with pytest.raises(ConfigError, match="cookies are signed with a request"):
        live.sign("/a", cookies=True)


def test_of_keys_that_are_wrong_all_is_said():
    with pytest.raises(ConfigError) as caught, edgesim.testing.edge({"signers": ["m"]}, keys={"m": "nowhere.pem"}):
        raise AssertionError("unreachable")
    assert "there is no nowhere.pem" in str(caught.value)
