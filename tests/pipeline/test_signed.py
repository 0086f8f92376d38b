"""Where on the path viewers are judged: by their country, and by what is signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from edgesim.distribution.choices import Choices
from edgesim.distribution.edge_choices import SignatureAtViewerRequest
from edgesim.distribution.geo import GeoRestriction
from edgesim.distribution.model import Distribution, Trigger
from edgesim.distribution.signers import Signers
from edgesim.distribution.terms import Terms
from edgesim.pipeline.effects import Fetch, Invoke, Invoked, Keep, LookUp
from edgesim.rules.freshness import use_of
from edgesim.rules.reasons import ArrivalReason, BehaviorReason, HookReason, Outcome, SignatureReason
from edgesim.signatures.keys import key_pair_named, public_half
from edgesim.signatures.signing import Signer, as_cookies, signed, with_parameters
from edgesim.testing.make import DOMAIN, NOW, a_distribution, a_request
from edgesim.testing.play import ANY, having, visit
from edgesim.values.signed import Grant
from tests.pipeline.helpers import echo, fetched, key_of, nothing, pages, returned, seen, with_functions

SIGNER = Signer("K1", key_pair_named("one"))
SIGNERS = Signers({"K1": public_half(SIGNER.private_key)})
URL = with_parameters("/a", signed(f"http://{DOMAIN}/a", Grant(int(NOW) + 60), SIGNER))


def private(*triggers: Trigger, **more: object) -> Distribution:
    return a_distribution(replace(with_functions(*triggers), signers=SIGNERS), **more)


def test_who_is_refused_reaches_no_function_and_no_cache() -> None:
    (
        visit(a_request("/a"), private(*Trigger))
        .returns(
            status=403,
            x_cache=Outcome.ERROR,
            because=[
                BehaviorReason.DEFAULT,
                ArrivalReason.ACCEPTED,
                SignatureReason.MISSING,
                HookReason.SKIPPED_ERROR_STATUS,
                Outcome.ERROR,
            ],
        )
    )  # fmt: skip


def test_who_is_let_in_is_keyed_and_sent_without_what_was_signed() -> None:
    (
        visit(a_request(URL), private())
        .expect(LookUp((key_of("/a"),), use_of), reply=nothing())
        .expect(Fetch(having(target="/a"), ANY, ANY), reply=fetched())
        .expect(Keep)
        .returns(status=200)
    )  # fmt: skip


def told(reply: Invoked, seen_queries: list[str]) -> Callable[[Invoke], Invoked]:
    def reads(effect: Invoke) -> Invoked:
        seen_queries.append(seen(effect)["querystring"])
        return reply

    return reads


def test_a_viewer_request_function_sees_what_was_signed_by_choice_only() -> None:
    for choice, expected in ((SignatureAtViewerRequest.REMOVED, ""), (SignatureAtViewerRequest.SHOWN, URL[3:])):
        queries: list[str] = []
        terms = Terms(choices=Choices(signature_at_viewer_request=choice))
        (
            visit(a_request(URL), private(Trigger.VIEWER_REQUEST, terms=terms))
            .expect(Invoke, reply=told(returned({"status": "200"}), queries))
            .returns(status=200)
        )
        assert queries == [expected]


def test_what_a_function_leaves_of_it_is_neither_keyed_nor_sent() -> None:
    terms = Terms(choices=Choices(signature_at_viewer_request=SignatureAtViewerRequest.SHOWN))
    (
        visit(a_request(URL), private(Trigger.VIEWER_REQUEST, terms=terms))
        .expect(Invoke, reply=echo)
        .expect(LookUp((key_of("/a"),), use_of), reply=nothing())
        .expect(Fetch(having(target="/a"), ANY, ANY), reply=fetched())
        .expect(Keep)
        .returns(status=200)
    )


def test_a_country_that_is_not_served_comes_before_everything_else() -> None:
    site = private(*Trigger, geo_restriction=GeoRestriction(False, frozenset({"FR"})))
    visit(a_request("/a", method="PURGE"), site, place={"country": "FR"}).returns(
        status=403,
        because=[
            BehaviorReason.DEFAULT, ArrivalReason.GEO_BLOCKED, HookReason.SKIPPED_ERROR_STATUS, Outcome.ERROR
        ],
    )  # fmt: skip


def test_an_error_page_is_fetched_without_a_signature() -> None:
    """documented: GeneratingCustomErrorResponses; inferred: CloudFront asks itself for no signature"""
    cookie = "; ".join(["sid=1", *(f"{name}={value}" for name, value in as_cookies([("Signature", "x")]))])
    site = private(error_responses=pages(_403="/403.html"))
    (
        visit(a_request("/a", cookie=cookie), site)
        .expect(LookUp((key_of("/403.html"),), use_of), reply=nothing())
        .expect(Fetch(having(target="/403.html"), ANY, ANY), reply=fetched())
        .expect(Keep)
        .returns(status=403, x_cache=Outcome.ERROR)
    )
