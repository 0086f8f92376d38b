"""Scripted origins: which answer, and how long it takes by the clock."""

from __future__ import annotations

import asyncio

import pytest

from edgesim.driver.virtual_clock import VirtualClock
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.ports import BodyStream
from edgesim.scenario.model import Answer, Content, Rule, Script
from edgesim.scenario.playing.origins import ScriptedOrigins
from edgesim.testing.make import a_request, an_origin
from edgesim.values.message import Response


def answering(*answers, path="*", method=None):
    return Script((Rule(path, answers, method),))


def text(body):
    return Answer(body=Content(text=body))


class Lab:
    """Origins on a clock that jumps on whenever all wait for it."""

    def __init__(self, **scripts):
        self.clock = VirtualClock()
        self.origins = ScriptedOrigins(self.clock, lambda: "id")
        self.origins.set({name.replace("any", "*"): script for name, script in scripts.items()})

    async def ask(self, request="/a", origin=None, **more):
        request = a_request(request, **more) if isinstance(request, str) else request
        return await self.going_on(self.origins.fetch(request, origin or an_origin(), https=False))

    async def going_on(self, work):
        task = asyncio.ensure_future(work)
        while not task.done() and await self.clock.jump():
            pass
        return await task

    async def body(self, response: Response) -> bytes:
        async def read():
            assert isinstance(response.body, BodyStream)
            return b"".join([chunk async for chunk in response.body.chunks()])

        return response.body if isinstance(response.body, bytes) else await self.going_on(read())


def run(story):
    return asyncio.run(story)


def test_an_origin_without_a_script_says_who_it_is_and_what_it_was_asked():
    lab = Lab()
    response = run(lab.ask("/a?x=1"))
    assert (response.status, response.body) == (200, b"origin origin: GET /a?x=1")


def test_an_origin_sees_its_own_path_before_the_viewers(tmp_path):
    (tmp_path / "v2").mkdir()
    (tmp_path / "v2" / "a.txt").write_text("from the bucket")
    lab, origin = Lab(), an_origin(path="/v2")
    assert run(lab.ask("/a?x=1", origin)).body == b"origin origin: GET /v2/a?x=1"
    lab.origins.set({"origin": answering(text("ruled"), path="/v2/*")})
    assert run(lab.ask("/a", origin)).body == b"ruled"
    lab.origins.set({"origin": Script(folder=tmp_path)})
    assert run(lab.ask("/a.txt", origin)).body == b"from the bucket"
    assert [asked.request.path for asked in lab.origins.asked] == ["/v2/a", "/v2/a", "/v2/a.txt"]


def test_answers_come_by_turn_and_the_last_one_goes_on():
    lab = Lab(origin=answering(text("one"), text("two")))

    async def story():
        return [(await lab.ask()).body for _ in range(3)]

    assert run(story()) == [b"one", b"two", b"two"]


def test_the_first_rule_that_fits_answers_and_another_method_has_another():
    rules = (Rule("/a*", (text("a"),)), Rule("/b", (text("posted"),), "POST"), Rule("/b", (text("got"),)))
    lab = Lab(origin=Script(rules))

    async def story():
        asked = [lab.ask("/a/b"), lab.ask("/b", method="POST"), lab.ask("/b"), lab.ask("/c")]
        return [(await one).body for one in asked]

    assert run(story()) == [b"a", b"posted", b"got", b"no rule for origin origin: GET /c"]


def test_an_origins_own_script_comes_before_that_for_any_and_a_steps_before_both():
    lab = Lab(any=answering(text("any")), origin=answering(text("own")))

    async def story():
        with lab.origins.during("step", {"*": answering(text("step"))}):
            first = await lab.ask()
        return [first.body, (await lab.ask()).body, (await lab.ask(origin=an_origin(id="other"))).body]

    assert run(story()) == [b"step", b"own", b"any"]
    assert [(asked.origin, asked.step) for asked in lab.origins.asked] == [
        ("origin", "step"),
        ("origin", None),
        ("other", None),
    ]


def test_an_answer_takes_its_time():
    lab = Lab(origin=answering(Answer(after=29)))
    begun = lab.clock.now()
    assert run(lab.ask()).status == 200
    assert lab.clock.now() - begun == 29


@pytest.mark.parametrize(
    ("answer", "method", "seconds", "asked", "trouble"),
    [
        pytest.param(Answer(after=31), "GET", 90, 3, OriginTrouble.READ_TIMEOUT, id="a GET is tried three times"),
        pytest.param(Answer(after=31), "POST", 30, 1, OriginTrouble.READ_TIMEOUT, id="a POST is not repeated"),
        pytest.param(
            Answer(fails=OriginTrouble.CONNECT_TIMEOUT),
            "POST",
            30,
            3,
            OriginTrouble.CONNECT_TIMEOUT,
            id="connecting is",
        ),
        pytest.param(Answer(fails=OriginTrouble.CONNECT), "GET", 0, 3, OriginTrouble.CONNECT, id="refused"),
        pytest.param(Answer(fails=OriginTrouble.DNS), "GET", 0, 1, OriginTrouble.DNS, id="no such name"),
        pytest.param(Answer(fails=OriginTrouble.RESET, after=2), "GET", 2, 1, OriginTrouble.RESET, id="reset"),
    ],
)
def test_failures_take_as_long_as_cloudfront_waits(answer, method, seconds, asked, trouble):
    lab = Lab(origin=answering(answer))
    begun = lab.clock.now()
    with pytest.raises(OriginFault) as fault:
        run(lab.ask(method=method))
    assert fault.value.trouble is trouble
    assert (lab.clock.now() - begun, len(lab.origins.asked)) == (seconds, asked)


def test_a_second_attempt_gets_the_next_turn():
    lab = Lab(origin=answering(Answer(fails=OriginTrouble.CONNECT), text("back again")))
    assert run(lab.ask()).body == b"back again"


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("if_none_match", '"v1"', 304),
        ("if_none_match", 'W/"v1", "v2"', 304),
        ("if_none_match", '"v2"', 200),
        ("if_modified_since", "Tue, 06 May 2025 10:00:00 GMT", 304),
        ("if_modified_since", "Tue, 06 May 2025 09:59:59 GMT", 200),
    ],
)
def test_an_answer_that_validates_is_a_304_where_nothing_changed(header, value, status):
    fields = (("ETag", '"v1"'), ("Last-Modified", "Tue, 06 May 2025 10:00:00 GMT"), ("Content-Type", "text/css"))
    lab = Lab(origin=answering(Answer(headers=fields, body=Content(text="one"), validates=True)))
    response = run(lab.ask(**{header: value}))
    assert response.status == status
    assert ("content-type" in response.headers) is (status == 200)
    assert response.body == (b"" if status == 304 else b"one")


def test_a_stream_comes_in_pieces_with_time_in_between_and_without_a_length():
    lab = Lab(origin=answering(Answer(chunks=("one", "two"), every=2)))

    async def story():
        response = await lab.ask()
        return response, await lab.body(response)

    begun = lab.clock.now()
    response, body = run(story())
    assert (body, lab.clock.now() - begun) == (b"onetwo", 4)
    assert "content-length" not in response.headers
    assert response.headers.get("transfer-encoding") == "chunked"


def test_a_truncated_body_was_announced_as_a_whole():
    lab = Lab(origin=answering(Answer(body=Content(text="hello"), truncate=3)))

    async def story():
        response = await lab.ask()
        with pytest.raises(OriginFault):
            await lab.body(response)
        return response

    assert run(story()).headers.get("content-length") == "5"


def test_a_head_request_gets_the_head_alone():
    response = run(Lab(origin=answering(text("hello"))).ask(method="HEAD"))
    assert (response.body, response.headers.get("content-length")) == (b"", "5")


def test_a_directory_plays_a_bucket(tmp_path):
    (tmp_path / "a.txt").write_text("from the bucket")
    lab = Lab(origin=Script(folder=tmp_path))
    response = run(lab.ask("/a.txt"))
    assert (response.body, len(lab.origins.asked)) == (b"from the bucket", 1)


def test_filler_has_the_size_that_was_asked_for():
    assert len(run(Lab(origin=answering(Answer(body=Content(size=100_001)))).ask()).body) == 100_001
