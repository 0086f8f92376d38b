"""The network of a function in the sandbox: what it listens on is its own, what it reaches is the machine's and the
world's. test_sandbox.py says what else a sandbox is."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys

import pytest

from edgesim.distribution.aws_endpoints import endpoint_variables
from edgesim.runtimes import Settings

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")]


def test_who_listens_can_be_reached_from_inside_alone(lab, expect_value):
    source = """
import socket
def handler(event, context):
    held = []
    for family, address in ((socket.AF_INET, '0.0.0.0'), (socket.AF_INET6, '::'), (socket.AF_INET6, '::1')):
        server = socket.socket(family)
        server.bind((address, 0))
        server.listen()
        held.append(server.getsockname()[:2])
        globals().setdefault('kept', []).append(server)
    return held
"""

    async def story():
        function = lab.python(source)
        await lab.deploy(function)
        bound = expect_value(await lab.call(function))
        others = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
        return bound, [_connects(family, (address, port)) for _, port in bound for family, address in others]

    bound, reached = lab.run(story())
    assert all(address.removeprefix("::ffff:").startswith("127.") for address, _ in bound)
    assert "127.0.0.1" not in {address for address, _ in bound}
    assert reached == [False] * 6


def _connects(family, address):
    with socket.socket(family) as client:
        return client.connect_ex(address) == 0


TO_ITSELF = """
import socket
FAMILIES = {'127.0.0.1': socket.AF_INET, '0.0.0.0': socket.AF_INET, '::1': socket.AF_INET6, '::': socket.AF_INET6,
            '::ffff:127.0.0.1': socket.AF_INET6}
def handler(event, context):
    with socket.socket(FAMILIES[event['at']]) as server:
        if event.get('only'):
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.bind((event['at'], 0))
        server.listen()
        port, found = server.getsockname()[1], []
        for address in FAMILIES:
            with socket.socket(FAMILIES[address]) as client:
                if client.connect_ex((address, port)) == 0:
                    server.accept()[0].close()
                    found.append(address)
        own = socket.create_connection(server.getsockname()[:2])  # by the address that it is told
        own.close()
    return found
"""
BY_V4, BY_V6 = ["127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1"], ["::1", "::"]
REACHED = {
    "127.0.0.1": BY_V4,
    "0.0.0.0": BY_V4,
    "::1": BY_V6,
    "::": [*BY_V4[:2], *BY_V6, *BY_V4[2:]],
    "::, IPv6 alone": BY_V6,
}


@pytest.mark.parametrize("at", REACHED)
def test_a_listener_is_reached_by_every_name_of_its_own_loopback(lab, expect_value, at):
    address, _, only = at.partition(", ")
    assert expect_value(lab.once(lab.python(TO_ITSELF), {"at": address, "only": only})) == REACHED[at]


FIXED_PORT = {
    "python": (
        "import socket, time\nserver = socket.create_server((%r, %d))\n"
        "def handler(event, context):\n    time.sleep(0.2)\n"
        "    client = socket.create_connection(('localhost', %d))\n"
        "    connection, _ = server.accept()\n    client.send(context.log_stream_name.encode())\n"
        "    return connection.recv(100).decode() == context.log_stream_name\n"
    ),
    "node": (
        "const http = require('http')\n"
        "const server = http.createServer((_, response) => response.end(process.env.AWS_LAMBDA_LOG_STREAM_NAME))\n"
        "const listening = new Promise((resolve) => server.listen(%2$d, %1$s, resolve))\n"
        "exports.handler = async () => { await listening; await new Promise((r) => setTimeout(r, 200))\n"
        "  const said = await (await fetch('http://localhost:%2$d/')).text()\n"
        "  return said === process.env.AWS_LAMBDA_LOG_STREAM_NAME }\n"
    ),
}


@pytest.mark.parametrize("at", ["127.0.0.1", "0.0.0.0", "::"])
@pytest.mark.parametrize("language", ["node", "python"])
def test_environments_listen_on_the_same_fixed_port_and_each_reaches_its_own(lab, expect_value, language, at):
    with socket.create_server(("127.0.0.1", 0)) as others:  # nor does it matter who has that port on this machine
        port = others.getsockname()[1]
        if language == "node":
            source = FIXED_PORT["node"].replace("%2$d", str(port)).replace("%1$s", repr(at))
            function = lab.node(source)
        elif at == "::":
            source = (FIXED_PORT["python"] % (at, port, port)).replace(
                "))", "), family=socket.AF_INET6, dualstack_ipv6=True)", 1
            )
            function = lab.python(source)
        else:
            function = lab.python(FIXED_PORT["python"] % (at, port, port))

        async def story():
            await lab.deploy(function)
            return await asyncio.gather(*(lab.call(function) for _ in range(3)))

        answers = lab.run(story())
    assert len({one.environment for one in answers}) == 3
    assert [expect_value(one) for one in answers] == [True] * 3


def test_a_port_where_nobody_listens_any_more_is_the_machines_again(lab, expect_value):
    source = """
import socket
def handler(event, context):
    with socket.create_server(('127.0.0.1', event['port'])):
        pass
    with socket.create_connection(('127.0.0.1', event['port'])) as client:
        return client.recv(10).decode()
"""
    with socket.create_server(("127.0.0.1", 0)) as server:

        async def story():
            function = lab.python(source)
            await lab.deploy(function)
            answer = asyncio.ensure_future(lab.call(function, {"port": server.getsockname()[1]}))
            connection, _ = await asyncio.to_thread(server.accept)
            with connection:
                connection.send(b"machine")
            return await answer

        assert expect_value(lab.run(story())) == "machine"


def test_what_another_environment_listens_on_is_out_of_reach(lab, expect_value):
    listens = (
        "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
        "def handler(event, context):\n    return server.getsockname()\n"
    )
    connects = (
        "import socket\ndef handler(event, context):\n"
        "    return socket.socket().connect_ex((event['to'][0], event['to'][1]))\n"
    )

    async def story():
        listener, other = lab.python(listens, name="listener"), lab.python(connects, name="other")
        await lab.deploy(listener, other)
        address = expect_value(await lab.call(listener))
        return await lab.call(other, {"to": address})

    assert expect_value(lab.run(story())) == errno.ECONNREFUSED


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "0.0.0.0", "::ffff:127.0.0.1"])
def test_a_closed_port_of_this_machine_is_out_of_reach(new_lab, expect_value, address):
    source = (
        "import socket\ndef handler(event, context):\n    try:\n"
        "        socket.create_connection((event['to'], event['port'])).close()\n"
        "    except OSError as error:\n        return error.errno\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as closed, socket.create_server(("127.0.0.1", 0)) as opened:
        ports = [one.getsockname()[1] for one in (closed, opened)]
        lab = new_lab(Settings(spares={}, closed_ports=frozenset(ports[:1])))
        answers = lab.each(lab.python(source), {port: {"to": address, "port": port} for port in ports})
    assert [expect_value(one) for one in answers.values()] == [errno.ECONNREFUSED, None]


ASKS = {
    "python": """
import os, urllib.request
def handler(event, context):
    with urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL_DYNAMODB']) as answer:
        return [answer.status, os.environ['AWS_ENDPOINT_URL']]
""",
    "node": """
exports.handler = async () => {
  const { AWS_ENDPOINT_URL_DYNAMODB: at, AWS_ENDPOINT_URL: all } = process.env;
  return [(await fetch(at)).status, all];
};
""",
}


@pytest.mark.parametrize("language", ASKS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_stand_in_on_this_machine_is_reached(new_lab, expect_value, language, host):
    async def answers(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoints = {"*": "http://192.0.2.1", "dynamodb": f"http://{host}:{listener.getsockname()[1]}"}
        lab = new_lab(Settings(spares={}, variables=endpoint_variables(endpoints)))

        async def story():
            async with await asyncio.start_server(answers, sock=listener):
                function = getattr(lab, language)(ASKS[language])
                await lab.deploy(function)
                return await lab.call(function)

        assert expect_value(lab.run(story())) == [204, "http://192.0.2.1"]


def test_node_listens_and_answers_itself(lab, expect_value):
    source = """
const http = require('http');
exports.handler = async () => {
  const server = http.createServer((request, response) => response.end('hello'));
  await new Promise((resolve) => server.listen(0, resolve));
  const { port } = server.address();
  const read = (response, resolve) => response.on('data', (data) => resolve(String(data)));
  const body = await new Promise((done) => http.get({ port, host: '127.0.0.1' }, (response) => read(response, done)));
  server.close();
  return [body, server.listening];
};
"""
    assert expect_value(lab.once(lab.node(source))) == ["hello", False]


def test_a_socket_without_an_address_is_not_reachable_under_all(said):
    assert said("(lambda s: s.listen() or s.getsockname()[0])(socket.socket())").startswith("127.")


def test_port_25_is_closed_and_others_are_open(said):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert said(f"socket.create_connection(('127.0.0.1', {port})).close()") is None
    attempt = "__import__('socket').socket().connect_ex(('127.0.0.1', 25))"
    assert said(attempt) == 13
    assert "Operation not permitted" in said(
        "__import__('subprocess').run([sys.executable, '-c', 'import socket;"
        ' socket.socket().sendto(b"x", 0x20000000, ("127.0.0.1", 25))\'], capture_output=True).stderr.decode()'
    )
