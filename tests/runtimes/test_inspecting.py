"""A debugger attaches to a function."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from edgesim.distribution.model import Code, EdgeFunction
from edgesim.errors import ConfigError
from edgesim.runtimes.inspecting import Inspector, how_to_attach, inspectors
from tests.runtimes.conftest import PLAIN

NODE = EdgeFunction("auth", Code(), "index.handler", "nodejs22.x")
OTHER = EdgeFunction("other", Code(), "index.handler", "nodejs22.x")
PYTHON = EdgeFunction("head", Code(), "app.handler", "python3.13")


# ── which, and where ─────────────────────────────────────────────────────────────────────────────────────────────


def test_ports_are_those_that_debuggers_try_first_or_the_users():
    found = inspectors({"auth": 0, "other": 0, "head": 6000}, [NODE, OTHER, PYTHON])
    assert {name: one.port for name, one in found.items()} == {"auth": 9229, "other": 9230, "head": 6000}
    assert found["auth"].debugpy is None
    assert (found["head"].debugpy / "debugpy").is_dir()


def test_a_port_that_the_user_gives_to_one_is_not_chosen_for_another():
    assert inspectors({"auth": 0, "other": 9229}, [NODE, OTHER])["auth"].port == 9230


def test_a_function_that_is_not_there_is_told_with_a_guess():
    with pytest.raises(ConfigError, match="there is no function atuh to inspect") as caught:
        inspectors({"atuh": 0}, [NODE, PYTHON])
    assert caught.value.hint == "did you mean auth?"


def test_without_debugpy_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        inspectors({"head": 0}, [PYTHON])
    assert caught.value.hint == "pip install debugpy"


@pytest.mark.parametrize(("function", "kind"), [(NODE, '"type": "node"'), (PYTHON, '"type": "debugpy"')])
def test_the_user_is_told_how_to_attach(function, kind):
    told = how_to_attach(function, Inspector(4444))
    assert told.startswith(f"{function.name}: attach ")
    assert "127.0.0.1:4444" in told
    assert kind in told


# ── real debuggers' ends ─────────────────────────────────────────────────────────────────────────────────────────


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture
def inspected(new_lab):
    """A laboratory with one function that is inspected, and the port."""
    lab, port = new_lab(PLAIN), free_port()
    debugpy = inspectors({"head": 0}, [PYTHON])["head"].debugpy
    lab.service.inspect({"fn": Inspector(port, debugpy)})
    return lab, port


def evaluate(port, expression):
    """What Node.js answers to a debugger, over its WebSocket."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
        path = json.load(answer)[0]["webSocketDebuggerUrl"].partition(f":{port}")[2]
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as peer:
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        peer.sendall(f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        stream = peer.makefile("rb")
        while stream.readline().strip():
            pass
        asked = json.dumps({"id": 1, "method": "Runtime.evaluate", "params": {"expression": expression}}).encode()
        peer.sendall(bytes([0x81, 0x80 | len(asked)]) + bytes(4) + asked)
        length = stream.read(2)[1]
        length = int.from_bytes(stream.read(2), "big") if length == 126 else length
        return json.loads(stream.read(length))["result"]["result"]["value"]


@pytest.mark.slow
def test_node_answers_a_debugger_between_events_and_has_no_limit_of_time(inspected, expect_value):
    lab, port = inspected
    function = lab.node(
        "globalThis.seen = 0; exports.handler = (event, context, callback) =>"
        " setTimeout(() => callback(null, [++seen, __filename]), event.wait)"
    )

    async def story():
        await lab.deploy(function)
        first = await lab.call(function, {"wait": 300}, limit=0.1)
        told = await asyncio.to_thread(evaluate, port, "seen * 10")
        return first, told, await lab.call(function, {"wait": 0})

    first, told, second = lab.run(story())
    assert told == 10
    assert expect_value(first) == [1, str(Path(function.code.path) / "index.js")]
    assert expect_value(second)[0] == 2


@pytest.mark.slow
def test_python_listens_for_a_debugger_and_has_no_limit_of_time(inspected, expect_value):
    lab, port = inspected
    source = "import sys, time\ndef handler(event, context):\n    time.sleep(event['wait'])\n    return __file__\n"
    function = lab.python(source)

    async def story():
        await lab.deploy(function)
        late = await lab.call(function, {"wait": 0.3}, limit=0.1)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        said = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        return late, said

    late, said = lab.run(story())
    assert expect_value(late) == str(Path(function.code.path) / "app.py")
    assert said.startswith(b"Content-Length: ")
    assert not list(Path(function.code.path).glob("__pycache__"))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["node", "python"])
def test_who_looks_at_the_time_that_is_left_has_enough_under_a_debugger(inspected, expect_value, language):
    lab, _ = inspected
    node = "exports.handler = async (event, context) => context.getRemainingTimeInMillis()"
    python = "def handler(event, context):\n    return context.get_remaining_time_in_millis()\n"
    function = lab.node(node) if language == "node" else lab.python(python)

    async def story():
        await lab.deploy(function)
        return await lab.call(function, limit=1.0)

    assert expect_value(lab.run(story())) > 3_600_000


@pytest.mark.slow
def test_a_save_takes_over_the_port(inspected, expect_value):
    lab, port = inspected
    function = lab.node("exports.handler = async () => 1")
    file = Path(function.code.path) / "index.js"

    async def story():
        await lab.deploy(function)
        one = await lab.call(function)
        file.write_text("globalThis.version = 2; exports.handler = async () => 2 // longer")
        await lab.service.refresh()
        two, told = await lab.call(function), await asyncio.to_thread(evaluate, port, "version")
        return one, two, told

    one, two, told = lab.run(story())
    assert (expect_value(one), expect_value(two), told) == (1, 2, 2)


@pytest.mark.slow
def test_whoever_waits_for_what_a_debugger_holds_is_told_why_once(inspected, monkeypatch):
    monkeypatch.setattr("edgesim.runtimes.pool.HELD_SECONDS", 0.05)
    lab, _ = inspected
    function = lab.node("exports.handler = async ({ wait }) => { await new Promise((done) => setTimeout(done, wait)) }")

    async def story():
        await lab.deploy(function)
        await lab.call(function, {"wait": 300})
        alone = list(lab.remarks)
        await asyncio.gather(*(lab.call(function, {"wait": 300}) for _ in range(3)))
        return alone, lab.remarks

    alone, told = lab.run(story())
    assert alone == []
    assert [one.message.partition(":")[0] for one in told] == ["a request has waited for fn for 5 s"]
