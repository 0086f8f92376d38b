"""The control API, called as an application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest

from edgesim import __version__
from edgesim.distribution.model import Distribution
from edgesim.distribution.versions import Refused
from edgesim.driver.clock import SteeredClock
from edgesim.driver.recorder import TranscriptRing
from edgesim.logs.metrics import Metrics, Snapshot
from edgesim.server.control import Control, control_app
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_request, a_response, behavior
from edgesim.values.instant import Instant
from edgesim.values.uri import invalid_path

SITE = a_distribution(id="E1", name="Site", domain_name="d1.example")
SHOP = a_distribution(id="E2", name="Shop", domain_name="d2.example")


class Asked:
    """An edge that has answered some requests, and its control API."""

    def __init__(self, *targets: str, distributions: tuple[Distribution, ...] = (SITE,)) -> None:
        self.edge = FakeEdge(lambda request, origin: a_response(), *distributions)
        self.clock = SteeredClock()
        self._targets = targets
        metrics = Metrics(Instant(0))
        self.edge.recorder = self.edge.driver.recorder = TranscriptRing(
            on_finished=lambda told: metrics.finished(told, ())
        )
        self.figures: Callable[[], Snapshot] | None = metrics.snapshot

    def __call__(self, method: str, path: str, host: str = "localhost:8090", **more: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, host, **more))

    @staticmethod
    def functions(wanted: str) -> list[dict[str, Any]] | Refused:
        if wanted in {"", "fn:1"}:
            return [{"name": "fn", "version": "1"}]
        return Refused("ResourceNotFoundException", f"Function not found: {wanted}")

    def post(self, json: Any) -> httpx.Response:
        return self("POST", "/invalidations", json=json)

    async def _ask(self, method: str, path: str, host: str, **more: Any) -> httpx.Response:
        for target in self._targets:
            host_of, _, path_of = target.rpartition(" ")
            await self.edge.ask(a_request(path_of, host=host_of or "d1.example"))
        control = Control(
            store=self.edge.store,
            recorder=self.edge.recorder,
            clock=self.clock,
            distributions=lambda: self.edge.distributions,
            status=lambda: {"port": 8080},
            figures=self.figures,
            functions=self.functions,
            recycle=lambda names: dict.fromkeys(names, 2),
        )
        headers: Mapping[str, str] = {"Host": host, **more.pop("headers", {})}
        transport = httpx.ASGITransport(control_app(control))
        async with httpx.AsyncClient(transport=transport, base_url="http://control") as client:
            return await client.request(method, path, headers=headers, **more)

    def paths(self) -> list[str]:
        return sorted(key.path for key, _ in self.edge.store.entries())


# ── who may ask ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("host", ["localhost", "localhost:8090", "127.0.0.1:8090", "[::1]:8090", "LOCALHOST"])
def test_a_request_that_names_this_machine_is_answered(host: str) -> None:
    answer = Asked()("GET", "/", host)
    assert (answer.status_code, answer.json()) == (200, {"edgesim": __version__, "port": 8080})


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b"])
@pytest.mark.parametrize("path", ["/", "/transcript", "/invalidations", "/clock", "/metrics", "/stats", "/cache"])
def test_a_page_of_another_name_is_not_answered(host: str, path: str) -> None:
    """DNS rebinding: a page of evil.example whose name has come to mean 127.0.0.1"""
    assert Asked("/a")("POST" if path == "/invalidations" else "GET", path, host).status_code == 400


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_on_a_web_page_can_send_changes_nothing(content_type: str) -> None:
    asked = Asked("/a")
    answer = asked("POST", "/invalidations", content=b'{"paths": ["/*"]}', headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert asked.paths() == ["/a"]


def test_an_invalidation_can_not_be_a_link() -> None:
    assert Asked()("GET", "/invalidations").status_code == 405


# ── invalidations ────────────────────────────────────────────────────────────


def test_paths_are_invalidated_in_every_distribution() -> None:
    asked = Asked("d1.example /a", "d1.example /b/1", "d2.example /b/2", distributions=(SITE, SHOP))
    answer = asked.post({"paths": ["/b/*"]})
    assert answer.json() == {"paths": ["/b/*"], "distributions": ["Site", "Shop"], "invalidated": 2}
    assert asked.paths() == ["/a"]


@pytest.mark.parametrize(
    ("stored", "path", "why"),
    [
        ("/index.html", "/", "the default root object is for / alone, and this distribution has none"),
        ("/a/", "/a", "the slash at the end counts"),
        ("/A", "/a", "the case of paths counts"),
    ],
)
def test_where_nothing_was_dropped_a_path_that_is_alike_is_named(stored: str, path: str, why: str) -> None:
    asked = Asked(stored, "/other")
    answer = asked.post({"paths": [path, "/other"]}).json()
    assert answer["invalidated"] == 1
    assert answer["alike"] == [f"{path}: nothing is stored of it, but of {stored}: {why}"]


def test_what_viewers_asked_for_can_not_steer_a_terminal() -> None:
    asked = Asked("/a\x9b/")
    [told] = asked.post({"paths": ["/a%9B"]}).json()["alike"]
    assert "of /a\\x9b/: " in told
    error = Asked("/a\x9b/")("GET", "/transcript", params={"of": "http://other/a\x9b/"}).json()["error"]
    assert error.endswith("; there is http://d1.example/a\\x9b/")


def test_the_default_root_object_is_named_as_that() -> None:
    asked = Asked("/", distributions=(replace(SITE, default_root_object="index.html"),))
    answer = asked.post({"paths": ["/"]}).json()
    assert answer["alike"] == ["/: nothing is stored of it, but of /index.html: that is the default root object"]


@pytest.mark.parametrize("path", ["/A", "/a*", "#a", "/never"])
def test_otherwise_no_path_is_named(path: str) -> None:
    assert "alike" not in Asked("/A").post({"paths": [path]}).json()


def test_where_there_are_no_tags_is_said() -> None:
    tagged = a_distribution(id="E3", name="Tagged", domain_name="d3.example", cache_tag_header="X-Tags")
    asked = Asked("d1.example /a", distributions=(SITE, tagged))
    assert asked.post({"paths": ["#one", "/a"]}).json() == {
        "paths": ["#one", "/a"],
        "distributions": ["Site", "Tagged"],
        "invalidated": 1,
        "untagged": ["Site"],
    }


@pytest.mark.parametrize("name", ["Shop", "E2"])
def test_one_distribution_is_named_by_its_name_or_id(name: str) -> None:
    asked = Asked("d1.example /a", "d2.example /a", distributions=(SITE, SHOP))
    assert asked.post({"paths": ["/*"], "distribution": name}).json()["invalidated"] == 1
    assert asked.paths() == ["/a"]


def test_the_content_type_may_have_parameters_and_any_case() -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = Asked("/a")("POST", "/invalidations", content=b'{"paths": ["/a"]}', headers=headers)
    assert answer.json()["invalidated"] == 1


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        pytest.param(b"{", 400, "not JSON", id="no JSON"),
        pytest.param(b"[" * 100_000, 400, "not JSON", id="JSON without a bottom"),
        pytest.param(b"\xff\xfe", 400, "not JSON", id="no text"),
        pytest.param(b"[]", 400, "a list of paths", id="not an object"),
        pytest.param(b"{}", 400, "a list of paths", id="no paths"),
        pytest.param(b'{"paths": []}', 400, "a list of paths", id="an empty list"),
        pytest.param(b'{"paths": "/a"}', 400, "a list of paths", id="a single text"),
        pytest.param(b'{"paths": [1]}', 400, "a list of paths", id="a number"),
        pytest.param(b'{"paths": ["a"]}', 400, "does not start with /", id="no slash"),
        pytest.param(b'{"paths": ["/a", "#"]}', 400, "names no tag", id="no tag"),
        pytest.param(b'{"paths": ["http://localhost:8080/a"]}', 400, "try '/a'", id="a URL: the way out is named"),
        pytest.param(b'{"paths": ["/a"], "distribution": 1}', 400, "a name or an id", id="a number for a name"),
        pytest.param(b'{"paths": ["/a"], "distribution": []}', 400, "a name or an id", id="a list for a name"),
        pytest.param(b'{"paths": ["/a"], "distribution": "x"}', 404, "there is Site", id="an unknown name"),
    ],
)
def test_what_is_wrong_with_an_invalidation_is_told(body: bytes, status: int, says: str) -> None:
    answer = Asked("/a")("POST", "/invalidations", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert says in answer.json()["error"]


def test_a_path_can_be_too_long() -> None:
    assert invalid_path("/" + "a" * 3_999) is None
    assert "4,000" in (invalid_path("/" + "a" * 4_000) or "")


# ── transcripts ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("of", "target"),
    [
        pytest.param("", "/b?x=1", id="the last one, unless told"),
        pytest.param("?of=last", "/b?x=1", id="the last one"),
        pytest.param("?of=request-1", "/a", id="by request id"),
        pytest.param("?of=/a", "/a", id="by path"),
        pytest.param("?of=http%3A%2F%2Fd1.example%2Fb%3Fx%3D1", "/b?x=1", id="by URL"),
    ],
)
def test_a_transcript_is_told(of: str, target: str) -> None:
    answer = Asked("/a", "/b?x=1")("GET", f"/transcript{of}").json()
    assert answer["target"] == target
    assert [section["station"] for section in answer["sections"]][-1] == "delivery"


def test_a_transcript_that_is_not_there_is_told_so() -> None:
    assert Asked()("GET", "/transcript").json() == {"error": "no request came in yet"}
    answer = Asked("/a")("GET", "/transcript?of=/b")
    assert (answer.status_code, answer.json()) == (404, {"error": "no request '/b' among the last 1"})
    answer = Asked("/a")("GET", "/transcript?of=http://localhost/a")
    assert answer.json() == {"error": "no request 'http://localhost/a' among the last 1; there is http://d1.example/a"}


def test_the_latest_requests_are_listed_newest_first_without_their_stations() -> None:
    heads = Asked("/1", "/2", "/3")("GET", "/transcripts?limit=2").json()
    assert [head["target"] for head in heads] == ["/3", "/2"]
    assert all("sections" not in head for head in heads)


@pytest.mark.parametrize("limit", ["-1", "many", "²", "9" * 5_000])
def test_a_limit_that_is_none_is_the_usual_one(limit: str) -> None:
    assert len(Asked("/1", "/2")("GET", f"/transcripts?limit={limit}").json()) == 2


def test_a_miss_is_told_with_the_nearest_key_that_is_stored_now() -> None:
    keyed = a_distribution(behavior(query_strings="all"), domain_name="d1.example")
    sections = Asked("/a", "/a?x=1", distributions=(keyed,))("GET", "/transcript").json()["sections"]
    [cache] = [dict(section["details"]) for section in sections if section["station"] == "cache"]
    assert cache["nearest key stored now"] == "GET /a"
    assert cache["it differs"] == "stored without ?x=1; the cache policy keys on all query strings"


# ── what is stored ───────────────────────────────────────────────────────────


def test_stored_objects_are_listed_with_their_hits() -> None:
    told = Asked("/b", "/a", "/b", "/b")("GET", "/cache").json()
    assert [(one["key"]["path"], one["distribution"], one["hits"]) for one in told["objects"]] == [
        ("/a", "Site", 0),
        ("/b", "Site", 2),
    ]
    assert (told["stored"], told["bytes"]) == (2, 10)
    assert all("headers" not in one for one in told["objects"])


def test_an_empty_cache_is_an_empty_list() -> None:
    assert Asked()("GET", "/cache").json()["objects"] == []


@pytest.mark.parametrize("of", ["/a", "GET /a", "http://d1.example/a", "/a?"])
def test_one_object_is_told_with_its_headers(of: str) -> None:
    [one] = Asked("/a", "/b")("GET", "/cache", params={"of": of}).json()["objects"]
    assert one["key"]["path"] == "/a"
    assert "date" in {name.lower() for name, _ in one["headers"]}


@pytest.mark.parametrize("pattern", ["/api/*", "/ap*", "/*"])
def test_a_pattern_lists_what_an_invalidation_of_it_drops(pattern: str) -> None:
    asked = Asked("/api/1", "/api/2", "/b")
    told = asked("GET", "/cache", params={"of": pattern}).json()
    listed = {one["key"]["path"] for one in told["objects"]}
    before = set(asked.paths())
    asked._targets = ()
    asked.post({"paths": [pattern]})
    assert (len(listed), listed) == (told["stored"], before - set(asked.paths()))


@pytest.mark.parametrize("of", ["/c", "HEAD /a", "/a?x=1", "/c*", "/a?x*"])
def test_an_object_that_is_not_stored_is_told_so(of: str) -> None:
    answer = Asked("/a")("GET", "/cache", params={"of": of})
    assert (answer.status_code, answer.json()) == (404, {"error": f"nothing is stored of {of!r}"})


@pytest.mark.parametrize("of", [{}, {"of": "/a"}])
def test_of_one_distribution_alone(of: dict[str, str]) -> None:
    asked = Asked("d1.example /a", "d2.example /a", distributions=(SITE, SHOP))
    told = asked("GET", "/cache", params={"distribution": "Shop", **of}).json()
    assert [one["distribution"] for one in told["objects"]] == ["Shop"]
    answer = asked("GET", "/cache?distribution=x")
    assert (answer.status_code, answer.json()["error"]) == (404, "no distribution 'x'; there are Site, Shop")


def test_the_list_has_a_limit_and_tells_how_many_there_are() -> None:
    told = Asked("/1", "/2", "/3")("GET", "/cache?limit=2").json()
    assert (told["stored"], len(told["objects"])) == (3, 2)


# ── the clock ────────────────────────────────────────────────────────────────

HOUR = 3_600


def test_it_tells_what_time_it_is() -> None:
    asked = Asked()
    asked.clock.advance(HOUR)
    told = asked("GET", "/clock").json()
    assert (told["offset"], told["pace"]) == (HOUR, "shifted")
    assert abs(datetime.fromisoformat(told["now"]).timestamp() - asked.clock.now()) < HOUR / 2


def test_it_is_moved() -> None:
    asked = Asked()
    paces = [asked("GET", "/clock").json()["pace"]]
    for move in ({"advance": 0.5}, {"advance": HOUR}, {"freeze": True}, {"resume": True}):
        answer = asked("POST", "/clock", json=move)
        assert answer.status_code == 200
        paces.append(answer.json()["pace"])
    assert paces == ["machine", "shifted", "shifted", "still", "shifted"]
    assert HOUR / 2 < asked.clock.offset <= HOUR + 0.5


def test_a_frozen_clock_can_be_the_machines_again() -> None:
    asked = Asked()
    asked("POST", "/clock", json={"freeze": True})
    assert asked("POST", "/clock", json={"reset": True}).json()["pace"] == "machine"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        pytest.param(b"{", 400, "not JSON", id="no JSON"),
        pytest.param(b"[" * 100_000, 400, "not JSON", id="JSON without a bottom"),
        pytest.param(b"[]", 400, 'say one of {"advance": seconds}', id="not an object"),
        pytest.param(b"{}", 400, "say one of", id="nothing"),
        pytest.param(b'{"advance": 1, "freeze": true}', 400, "say one of", id="two moves"),
        pytest.param(b'{"rewind": true}', 400, "say one of", id="an unknown move"),
        pytest.param(b'{"__class__": true}', 400, "say one of", id="a name of Python"),
        pytest.param(b'{"advance": "1h"}', 400, "a number of seconds", id="a text"),
        pytest.param(b'{"advance": true}', 400, "a number of seconds", id="a truth"),
        pytest.param(b'{"advance": NaN}', 400, "a number of seconds", id="no number"),
        pytest.param(b'{"advance": 1e400}', 400, "a number of seconds", id="no end"),
        pytest.param(b'{"advance": 1' + b"0" * 500 + b"}", 400, "a number of seconds", id="a long number"),
        pytest.param(b'{"freeze": false}', 400, "freeze takes true", id="not frozen"),
        pytest.param(b'{"freeze": 1}', 400, "freeze takes true", id="one"),
        pytest.param(b'{"advance": -1}', 409, "can be moved on", id="back"),
        pytest.param(b'{"advance": 1e11}', 409, "the year 3000", id="too far"),
        pytest.param(b'{"reset": true}', 409, "1m ahead of the machine's, and time does not go back", id="reset"),
    ],
)
def test_what_it_can_not_be_asked_for(body: bytes, status: int, says: str) -> None:
    asked = Asked()
    asked.clock.advance(60)
    answer = asked("POST", "/clock", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert says in answer.json()["error"]
    assert asked.clock.offset == 60


def test_a_form_on_a_web_page_does_not_move_it() -> None:
    asked = Asked()
    assert (
        asked("POST", "/clock", content=b'{"advance": 60}', headers={"Content-Type": "text/plain"}).status_code == 415
    )
    assert asked.clock.offset == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_other_methods_do_not_either(method: str) -> None:
    assert Asked()(method, "/clock", json={"advance": 60}).status_code == 405


# ── figures ──────────────────────────────────────────────────────────────────


def test_prometheus_gets_the_metrics_in_its_text_format() -> None:
    answer = Asked("/a", "/a")("GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'edgesim_cloudfront_requests_total{distribution="E1",result="Hit"} 1\n' in answer.text


def test_stats_are_json_with_the_prices() -> None:
    told = Asked("/a")("GET", "/stats").json()
    assert (told["requests"]["all"], told["functions"]) == (1, [])
    assert told["prices"]["per_million_requests"] == 0.6


@pytest.mark.parametrize("path", ["/metrics", "/stats"])
def test_an_edge_that_does_not_count_says_so(path: str) -> None:
    asked = Asked()
    asked.figures = None
    answer = asked("GET", path)
    assert (answer.status_code, answer.json()) == (404, {"error": "nothing is counted here: ask an edgesim serve"})


# ── functions ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("query", ["", "?of=fn:1"])
def test_functions_are_told(query: str) -> None:
    answer = Asked()("GET", f"/functions{query}")
    assert (answer.status_code, answer.json()) == (200, [{"name": "fn", "version": "1"}])


def test_a_function_that_is_not_there_is_refused_in_lambdas_words() -> None:
    answer = Asked()("GET", "/functions?of=nobody")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "ResourceNotFoundException: Function not found: nobody"},
    )


@pytest.mark.parametrize("of", [{}, {"of": "fn:1"}])
def test_environments_are_recycled(of: dict[str, str]) -> None:
    assert Asked()("POST", "/functions/recycle", json=of).json() == {"fn": 2}


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        pytest.param({"json": {"of": "nobody"}}, 404, "Function not found: nobody", id="a function that is not there"),
        pytest.param({"json": {"off": "fn"}}, 400, 'say {"of": "NAME"}', id="another key"),
        pytest.param({"json": [1]}, 400, 'say {"of": "NAME"}', id="no object"),
        pytest.param({"content": "{}"}, 415, "send application/json", id="what a web page can send"),
        pytest.param(
            {"content": "{", "headers": {"content-type": "application/json"}}, 400, 'say {"of": "NAME"}', id="no JSON"
        ),
    ],
)
def test_what_is_not_to_be_recycled(sent: dict[str, Any], status: int, says: str) -> None:
    answer = Asked()("POST", "/functions/recycle", **sent)
    assert answer.status_code == status
    assert says in answer.json()["error"]
