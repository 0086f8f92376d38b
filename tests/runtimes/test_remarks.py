"""What a function is told of that it gets away with here."""

from __future__ import annotations

import asyncio
import sys

import pytest

from edgesim.runtimes import Settings
from edgesim.runtimes.remarks import Leftover, of_processor

SETTINGS = Settings(spares={}, freeze_after=0.01, publishes=False)

NODE = {
    "timers": ("setTimeout(() => {}, 60000)", Leftover.TIMERS),
    "an interval": ("setInterval(() => {}, 60000)", Leftover.TIMERS),
    "a name that is looked up": ("require('dns').lookup('x.example', () => {})", Leftover.WORK),
    "a request that is not awaited": ("require('http').get('http://x.example').on('error', () => {})", Leftover.WORK),
    "a process": ("require('child_process').spawn('/bin/sleep', ['60'])", Leftover.PROCESSES),
}
PYTHON = {
    "a thread": ("threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", Leftover.THREADS),
    "a process": ("subprocess.Popen(['/bin/sleep', '60'])", Leftover.PROCESSES),
}
NOTHING = {
    "node": {
        "nothing": "0",
        "timers that hold nobody": "setTimeout(() => {}, 60000).unref()",
        "what was awaited": "await new Promise((resolve) => setTimeout(resolve, 1))",
        "a process that has ended": "require('child_process').execSync('true')",
    },
    "python": {
        "nothing": "0",
        "a thread that has ended": "[one.start() or one.join() for one in [threading.Thread(target=time.time)]]",
        "a process that has ended": "subprocess.run(['/bin/true'])",
    },
}


def function(lab, language, does):
    if language == "node":
        return lab.node(f"exports.handler = async () => {{ {does}; return 1 }}", memory=512)
    return lab.python(f"import subprocess, threading, time\ndef handler(event, context):\n    {does}\n    return 1\n")


def remarks(lab, one, times=1):
    """Those that came of so many invocations, and of the rest afterwards."""

    async def story():
        await lab.deploy(one)
        lab.remarks.clear()
        for _ in range(times):
            await lab.call(one)
            await asyncio.sleep(0.1)

    lab.run(story())
    return lab.remarks


LEFT = [
    *(pytest.param("node", *case, id=f"node: {name}") for name, case in NODE.items()),
    *(pytest.param("python", *case, id=f"python: {name}") for name, case in PYTHON.items()),
]


@pytest.mark.slow
@pytest.mark.parametrize(("language", "does", "leftover"), LEFT)
def test_what_a_function_leaves_behind_is_said_once(new_lab, language, does, leftover):
    lab = new_lab(SETTINGS)
    [said] = remarks(lab, function(lab, language, does), times=2)
    assert said.message.startswith(f"fn has answered and left {leftover.value}: they stand still until its next event")
    assert said.severity == "warning"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "does"),
    [pytest.param(one, does, id=f"{one}: {name}") for one, cases in NOTHING.items() for name, does in cases.items()],
)
def test_who_leaves_nothing_behind_is_told_nothing(new_lab, language, does):
    lab = new_lab(SETTINGS)
    assert remarks(lab, function(lab, language, does)) == []


CONNECTS = """
import socket
def handler(event, context):
    for address in event['to']:
        with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET) as one:
            one.settimeout(0.01)
            try:
                one.connect((address, 5432))
            except OSError:
                pass
"""
PRIVATE = ["10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.1.1", "100.64.0.1", "fd00::1", "::ffff:10.1.2.4"]
SHOWN = ["10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.1.1", "100.64.0.1", "[fd00::1]", "10.1.2.4"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_connections_to_private_addresses_are_said_once(new_lab):
    lab = new_lab(SETTINGS)

    async def story():
        one = lab.python(CONNECTS)
        await lab.deploy(one)
        for _ in range(2):
            await lab.call(one, {"to": [*PRIVATE, "127.0.0.1", "::1", "198.51.100.1", "172.32.0.1"]})

    lab.run(story())
    assert [one.message.split(",")[0] for one in lab.remarks] == [f"fn connects to {one}:5432" for one in SHOWN]


AVX2 = "flags\t\t: fpu sse avx avx2 bmi\n"


@pytest.mark.parametrize(
    ("machine", "said", "lacks"),
    [
        ("x86_64", AVX2, ""),
        ("AMD64", "", ""),
        ("x86_64", "flags\t\t: fpu sse avx\n", "no AVX2"),
        ("arm64", "", "is arm64"),
        ("aarch64", AVX2, "is aarch64"),
    ],
)
def test_a_processor_that_lacks_what_lambdas_have_is_noted(machine, said, lacks):
    found = of_processor(machine, said)
    assert (found is None) == (not lacks)
    assert found is None or (lacks in found.message and found.severity == "note")
