"""What an edgesim's own transcript adds to a recording: who asked, what origins said, and what functions made of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgesim.errors import OriginTrouble
from edgesim.logs.explain import as_data
from edgesim.scenario.language.load import load_text
from edgesim.scenario.outcome import Verdict
from edgesim.scenario.playing.run import Play
from edgesim.scenario.playing.stage import Stage
from edgesim.scenario.recording.recorded import Exchange, Recorded, Wishes, recorded
from edgesim.scenario.recording.told import Told, told_of
from edgesim.scenario.recording.write_yaml import write_yaml
from edgesim.values.message import Response

PASS = "def handler(event, context):\n    return event['Records'][0]['cf']['%s']\n"
COUNTS = """def handler(event, context):
    response = event["Records"][0]["cf"]["response"]
    seen = response["headers"].get("x-count", [{"value": "0"}])[0]["value"]
    response["headers"]["x-count"] = [{"key": "X-Count", "value": str(int(seen) + 1)}]
    return response
"""
REPLACES = """def handler(event, context):
    response = event["Records"][0]["cf"]["response"]
    return {"status": response["status"], "headers": response["headers"], "body": "replaced"}
"""
MAKES = "def handler(event, context):\n    return {'status': '200', 'body': 'made'}\n"
FAILS = "def handler(event, context):\n    raise ValueError\n"
HEADERS = "{cache-control: max-age=60, etag: '\"1\"', x-own: a}"


class Served:
    """A server that was recorded: an edge with these functions by trigger."""

    def __init__(self, folder: Path, functions: dict[str, str], settings: str = "", viewer: str = "") -> None:
        self.folder, self.viewer = folder, viewer
        for trigger, code in functions.items():
            (folder / f"{trigger}.py").write_text(code)
        named = ", ".join(f"{trigger}: {{code: {trigger}.py}}" for trigger in functions)
        triggers = ", ".join(f"{trigger}: {trigger}" for trigger in functions)
        self.deployed = f"functions: {{{named}}}\ndistribution: {{{', '.join(filter(None, [triggers, settings]))}}}\n"

    def exchanges(self, steps: str) -> list[Exchange]:
        """What a recording of these steps has."""
        who = f"viewer: {self.viewer}\n" if self.viewer else ""
        file = load_text(f"title: t\n{who}{self.deployed}steps:\n{steps}", self.folder / "a.scenario.yaml")
        assert not file.problems
        (scenario,) = file.scenarios
        passed: list[Exchange] = []

        class Listening(Play):
            def judge(self, title: str, expect: Any, edge: Any, seen: Any, step: Any = None) -> Any:
                for answer in seen.answers:
                    arrival = answer.transcript.arrival
                    response = Response(answer.status, answer.headers, answer.body)
                    told = told_of(as_data(answer.transcript))
                    passed.append(Exchange(arrival.at, arrival.request, response, told=told))
                return super().judge(title, expect, edge, seen, step)

        async def story() -> None:
            async with Stage() as stage:
                await Listening(scenario, stage).whole()

        asyncio.run(story())
        return passed

    def played(self, result: Recorded) -> Verdict:
        """What comes of the recording on the same edge."""
        document = {name: value for name, value in result.document.items() if name != "distribution"}
        file = load_text(write_yaml(document) + self.deployed, self.folder / "b.scenario.yaml")
        assert not file.problems, file.problems

        async def story() -> Any:
            async with Stage() as stage:
                return await stage.play(file.scenarios[0])

        outcome = asyncio.run(story())
        assert outcome.verdict is not Verdict.BROKEN, outcome.message
        return Verdict(outcome.verdict)


OWN = Wishes(distribution="template.yaml")


def steps_of(result: Recorded) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result.document["steps"]
    return found


def the_told(exchange: Exchange) -> Told:
    assert exchange.told is not None
    return exchange.told


# ── what is told ─────────────────────────────────────────────────────────────


def test_who_asked_is_told_in_the_words_of_the_viewer_header(tmp_path: Path) -> None:
    viewer = "{protocol: https, country: DE, device: mobile, ip: 198.51.100.7, pop: IAD89-C1}"
    (one,) = Served(tmp_path, {}, viewer=viewer).exchanges("- get: /a\n")
    assert dict(the_told(one).viewer) == {
        "protocol": "https",
        "country": "DE",
        "device": "mobile",
        "ip": "198.51.100.7",
        "pop": "IAD89-C1",
    }


def test_what_goes_without_saying_is_not_told(tmp_path: Path) -> None:
    (one,) = Served(tmp_path, {}).exchanges("- get: /a\n")
    assert the_told(one) == Told(one.at, origins=the_told(one).origins)


def test_origins_are_told_with_their_answers_and_their_troubles(tmp_path: Path) -> None:
    answered, failed, hit = Served(tmp_path, {}).exchanges(
        f"- {{get: /a?x=1, origin: {{headers: {HEADERS}}}}}\n- {{get: /b, origin: {{fails: connect}}}}\n- get: /a?x=1\n"
    )
    (one,) = the_told(answered).origins
    assert (one.id, one.path, one.trouble, one.is_body) == ("site", "/a", None, True)
    assert one.answer is not None
    assert (one.answer.status, one.answer.headers.get("x-own")) == (200, "a")
    (other,) = the_told(failed).origins
    assert (other.answer, other.trouble, other.is_body) == (None, OriginTrouble.CONNECT, False)
    assert the_told(hit).origins == ()


def test_a_body_that_a_function_replaced_is_not_the_origins(tmp_path: Path) -> None:
    (one,) = Served(tmp_path, {"origin-response": REPLACES}).exchanges("- get: /a\n")
    assert [asked.is_body for asked in the_told(one).origins] == [False]
    assert the_told(one).changed
    assert the_told(one).ran == ("origin-response",)


# ── what becomes of it ───────────────────────────────────────────────────────


@pytest.mark.slow
def test_with_the_distribution_the_origin_answers_as_it_did_and_functions_make_the_same_of_it(tmp_path: Path) -> None:
    server = Served(tmp_path, {"viewer-response": COUNTS, "origin-response": COUNTS}, viewer="{protocol: https}")
    result = recorded(server.exchanges(f"- {{get: /a, origin: {{headers: {HEADERS}, body: hello}}}}\n- get: /a\n"), OWN)
    first, second = steps_of(result)
    assert first["origin"] == {
        "answers": 200,
        "headers": {"cache-control": "max-age=60", "etag": '"1"', "x-own": "a"},
        "body": "hello",
    }
    assert (first["expect"]["headers"]["x-count"], second["expect"]["headers"]["x-count"]) == ("2", "2")
    assert second["origin"] == "untouched"
    assert result.document["viewer"] == {"protocol": "https"}
    assert result.caveats == ()
    assert server.played(result) is Verdict.PASSED


@pytest.mark.slow
def test_a_body_that_nobody_knows_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    server = Served(tmp_path, {"origin-response": REPLACES})
    result = recorded(server.exchanges("- {get: /a, origin: {body: hello}}\n"), OWN)
    (step,) = steps_of(result)
    assert step["origin"] == {"answers": 200}
    assert step["expect"]["body"] == "replaced"
    assert result.caveats == (
        "A function replaced the body, so that the origin's own is not known, and it has none here: GET /a.",
    )
    assert server.played(result) is Verdict.PASSED


@pytest.mark.slow
def test_an_error_page_is_an_answer_of_its_own(tmp_path: Path) -> None:
    settings = "error-responses: {404: {page: /lost.html, status: 200}}"
    server = Served(tmp_path, {"origin-response": COUNTS}, settings)
    asked = "- {get: /a, origin: {/lost.html: {body: lost}, '*': {answers: 404, body: none}}}\n"
    result = recorded(server.exchanges(asked), OWN)
    (step,) = steps_of(result)
    assert step["origin"] == {"/lost.html": {"answers": 200, "body": "lost"}, "*": {"answers": 404}}
    assert step["expect"]["status"] == 200
    assert server.played(result) is Verdict.PASSED


@pytest.mark.slow
def test_revalidation_is_the_304_that_it_was(tmp_path: Path) -> None:
    server = Served(tmp_path, {"viewer-response": COUNTS})
    asked = f"- {{get: /a, origin: {{headers: {HEADERS}, body: hello}}}}\n- advance: 61s\n"
    result = recorded(server.exchanges(f"{asked}- {{get: /a, origin: {{answers: 304, headers: {HEADERS}}}}}\n"), OWN)
    again = steps_of(result)[2]
    assert (again["origin"]["answers"], again["expect"]["x-cache"]) == (304, "RefreshHit")
    assert "body" not in again["origin"]
    assert server.played(result) is Verdict.PASSED


@pytest.mark.parametrize(
    ("functions", "step", "origin"),
    [
        pytest.param({"viewer-request": MAKES}, "{get: /a}", "untouched", id="a generated answer"),
        pytest.param(
            {"viewer-request": FAILS}, "{get: /a}", "untouched", id="a function that failed before the origin"
        ),
        pytest.param(
            {"origin-response": FAILS},
            "{get: /a, origin: {answers: 201}}",
            {"answers": 201},
            id="one that failed after",
        ),
        pytest.param(
            {"viewer-request": PASS % "request"}, "{head: /a, origin: {answers: 201}}", {"answers": 201}, id="HEAD"
        ),
        pytest.param(
            {"viewer-request": PASS % "request"},
            "{get: /a, origin: {fails: reset}}",
            {"fails": "reset"},
            id="an origin that failed",
        ),
    ],
)
@pytest.mark.slow
def test_the_origin_does_what_it_did(tmp_path: Path, functions: dict[str, str], step: str, origin: Any) -> None:
    server = Served(tmp_path, functions)
    result = recorded(server.exchanges(f"- {step}\n"), OWN)
    assert steps_of(result)[0]["origin"] == origin
    assert server.played(result) is Verdict.PASSED


def test_without_a_distribution_functions_work_is_told_as_the_origins_and_that_is_said(tmp_path: Path) -> None:
    server = Served(tmp_path, {"viewer-response": COUNTS})
    result = recorded(server.exchanges("- {get: /a, origin: {body: hello}}\n"))
    assert steps_of(result)[0]["origin"]["headers"] == {"x-count": "1"}
    assert result.caveats == (
        "Functions of the server changed 1 of the answers; here the origin gives them as they went out.",
        "Record with --distribution SOURCE to have your functions played.",
    )


def test_what_functions_made_needs_them(tmp_path: Path) -> None:
    result = recorded(Served(tmp_path, {"viewer-request": MAKES}).exchanges("- get: /a\n"))
    assert result.caveats[0] == "1 request answered by functions, or failed in one: without yours these steps fail."


def test_a_server_that_tells_nothing_is_taken_at_its_word(tmp_path: Path) -> None:
    exchanges = [replace(one, told=None) for one in Served(tmp_path, {}).exchanges("- get: /a\n")]
    (caveat,) = recorded(exchanges, OWN).caveats
    assert caveat.startswith("What the origin answered is told as the viewer got it")
    assert recorded(exchanges).caveats == ()


def test_viewers_that_are_alike_are_told_once_and_others_by_themselves(tmp_path: Path) -> None:
    server = Served(tmp_path, {}, viewer="{country: DE}")
    exchanges = server.exchanges("- get: /a\n- {get: /b, headers: {edgesim-viewer: country=FR}}\n- get: /c\n")
    result = recorded(exchanges)
    assert result.document["viewer"] == {"country": "DE"}
    assert [step.get("viewer") for step in steps_of(result)] == [None, {"country": "FR"}, None]
