"""`edgesim serve` as a user runs it: real processes, real sockets."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import httpx
import pytest

from tests.e2e.origin import BIG, Origin
from tests.e2e.program import Program, edgesim, serving

pytestmark = [pytest.mark.slow, pytest.mark.long]

REPOSITORY = Path(__file__).parent.parent.parent
SPIN = "exports.handler = async () => { while (true) {} };\n"
STAMP = """exports.handler = async (event) => {
  const response = event.Records[0].cf.response;
  response.headers['x-stamp'] = [{ key: 'X-Stamp', value: '%s' }];
  return response;
};
"""


def _children(pid: int) -> list[int]:
    """Every process below one, by /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    below, new = [], [pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new]
        below += new
    return below


def _alive(pid: int) -> bool:
    try:
        return "Z" not in (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0])
    except OSError:
        return False


@pytest.fixture(scope="module")
def edge(dev_origin: Origin) -> Iterator[Program]:
    """One server without functions, for all that need no other."""
    with serving("serve", "--origin", dev_origin.url, "--https-port", "0") as program:
        yield program


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    return folder


def test_a_template_serves_with_all_its_functions(dev_origin: Origin) -> None:
    template = REPOSITORY / "scenarios" / "demo.template.yaml"
    with serving("serve", str(template), "--origin", f"site={dev_origin.url}") as edge:
        page = edge.get("/")
        assert page.headers["x-cache"] == "Miss from cloudfront"
        assert page.headers["strict-transport-security"]
        assert edge.get("/").headers["x-cache"] == "Hit from cloudfront"
        assert edge.get("/shop/", edgesim_viewer="country=DE").headers["location"] == "/shop/de/"
        assert edge.get("/hello").headers["x-cache"] == "LambdaGeneratedResponse from cloudfront"
        edge.wait_for("[origin-response SecurityHeaders] REPORT RequestId:")
    assert dev_origin.hits.count("GET /") == 1


def test_quick_mode_needs_no_file_but_the_function(dev_origin: Origin, code: Path) -> None:
    (code / "stamp.py").write_text(
        "def add(event, context):\n"
        "    response = event['Records'][0]['cf']['response']\n"
        "    response['headers']['x-python'] = [{'value': 'yes'}]\n"
        "    return response\n"
    )
    flags = ("--origin", dev_origin.url, "--origin-response", f"{code}/stamp.py:add")
    with serving("serve", *flags) as edge:
        assert edge.get("/a").headers["x-python"] == "yes"


def test_what_is_relaxed_is_said_and_not_enforced(dev_origin: Origin, code: Path) -> None:
    (code / "edgesim.toml").write_text('relax = "timeouts"\n')
    (code / "slow.js").write_text(
        "exports.handler = async (event) => { await new Promise((r) => setTimeout(r, 3500));"
        " return event.Records[0].cf.request };\n"
    )
    flags = (
        "--origin",
        dev_origin.url,
        "--viewer-request",
        str(code / "slow.js"),
        "--config",
        str(code / "edgesim.toml"),
    )
    with serving("serve", *flags) as edge:
        assert any(line.strip() == "not enforced: timeouts" for line in edge.seen)
        assert edge.get("/a").status_code == 200  # 3 s would be Lambda's limit


def test_an_account_that_is_full_throttles(dev_origin: Origin, code: Path) -> None:
    (code / "slow.py").write_text(
        "import time\ndef handler(event, context):\n    time.sleep(1)\n"
        "    return event['Records'][0]['cf']['request']\n"
    )
    flags = ("--origin", dev_origin.url, "--viewer-request", f"{code}/slow.py", "--concurrency", "2")
    with serving("serve", *flags) as edge, ThreadPoolExecutor(5) as viewers:
        answers = list(viewers.map(edge.get, [f"/{number}" for number in range(5)]))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503]
    throttled = {answer.headers["x-cache"] for answer in answers if answer.status_code == 503}
    assert throttled == {"LambdaLimitExceeded from cloudfront"}


def test_a_directory_plays_a_bucket(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>here")
    with serving("serve", "--origin", str(tmp_path)) as edge:
        assert edge.get("/").text == "<p>here"
        missing = edge.get("/nothing")
        assert missing.status_code == 404
        assert "NoSuchKey" in missing.text


def test_explain_and_invalidate_talk_to_the_running_server(edge: Program) -> None:
    request_id = edge.get("/a?x=1").headers["x-amz-cf-id"]
    edge.get("/b")
    told = edge.ask("explain", "/a?x=1")
    assert told.returncode == 0
    assert "cache: not in the cache" in told.stdout
    assert "TTL  60 s from max-age" in told.stdout
    assert edge.ask("explain", request_id).stdout == told.stdout
    assert "/b" in edge.ask("explain", "last").stdout
    assert "GET /a" in edge.ask("cache").stdout
    assert "header Cache-Control" in edge.ask("cache", "GET", "/a?x=1").stdout
    assert edge.ask("invalidate", "/a*").stdout == "invalidated 1 object\n"
    assert edge.get("/a?x=1").headers["x-cache"] == "Miss from cloudfront"
    assert edge.get("/b").headers["x-cache"] == "Hit from cloudfront"
    assert "/B: nothing is stored of it, but of /b: the case of paths counts" in edge.ask("invalidate", "/B").stderr
    unknown = edge.ask("explain", "/never")
    assert unknown.returncode == 1
    assert "no request '/never'" in unknown.stderr


def test_functions_are_listed_with_their_versions(dev_origin: Origin, code: Path) -> None:
    function = code / "stamp.js"
    function.write_text(STAMP % "one")
    with serving("serve", "--origin", dev_origin.url, "--viewer-response", str(function)) as edge:
        function.write_text(STAMP % "two")
        name = edge.wait_for("reloaded: version 2").split()[1]
        edge.get("/a")
        told = edge.ask("functions").stdout
        assert f"function:{name}:2" in told
        assert "leads to" in edge.ask("functions", f"{name}:1").stdout
        assert ["version", "2"] in [line.split() for line in edge.ask("explain", "last").stdout.splitlines()]
        assert f"{name}: 1 environment ended" in edge.ask("functions", name, "--recycle").stdout
        assert edge.ask("functions", "--recycle", "--json").stdout.strip() == json.dumps({name: 0}, indent=2)
        unknown = edge.ask("functions", f"{name}:9")
        assert (unknown.returncode, "ResourceNotFoundException" in unknown.stderr) == (1, True)


def test_time_passes_when_it_is_told_to(dev_origin: Origin, code: Path) -> None:
    (code / "index.js").write_text(
        "exports.handler = async (event) => {\n"
        "  const request = event.Records[0].cf.request;\n"
        "  if (request.uri !== '/time') return request;\n"
        "  return { status: '200', body: new Date().toISOString() };\n"
        "};\n"
    )
    with serving("serve", "--origin", dev_origin.url, "--viewer-request", str(code)) as edge:
        assert edge.ask("clock").stdout.endswith("Z, the machine's time\n")
        frozen = edge.ask("clock", "freeze")
        assert frozen.stdout.endswith(", standing still\n"), frozen.stderr
        assert edge.get("/aged").headers["x-cache"] == "Miss from cloudfront"
        moved = edge.ask("clock", "advance", "59s").stdout
        aged = edge.get("/aged")
        assert (aged.headers["x-cache"], aged.headers["age"]) == ("Hit from cloudfront", "59")
        assert edge.get("/time").text == moved.partition(",")[0]
        assert "ahead of the machine's time, standing still" in edge.ask("clock", "advance", "1h").stdout
        assert edge.get("/aged").headers["x-cache"] == "Miss from cloudfront"
        assert "ahead of the machine's time\n" in edge.ask("clock", "resume").stdout
        before, seen, after = edge.ask("clock").stdout, edge.get("/time").text, edge.ask("clock").stdout
        assert before.partition(",")[0] <= seen <= after.partition(",")[0]
        refused = edge.ask("clock", "reset")
        assert refused.returncode == 1
        assert "time does not go back" in refused.stderr


def test_asking_a_server_that_is_not_there_says_so() -> None:
    told = edgesim("explain", "last", "--control-port", "1")
    assert told.returncode == 2
    assert told.stderr.startswith("edgesim: no edgesim answers on control port 1")
    assert "Traceback" not in told.stderr


def test_a_spinning_function_is_killed_and_disturbs_nobody(dev_origin: Origin, code: Path) -> None:
    (code / "spin.js").write_text(SPIN)
    (code / "template.yaml").write_text(_two_behaviors())
    with serving("serve", str(code / "template.yaml"), "--origin", f"site={dev_origin.url}") as edge:
        spun: list[httpx.Response] = []
        spinning = threading.Thread(target=lambda: spun.append(edge.get("/spin/a")))
        spinning.start()
        answers = [edge.get(f"/dynamic/{n}").status_code for n in range(20)]
        assert answers == [200] * 20
        spinning.join()
        assert spun[0].status_code == 503
        assert spun[0].headers["x-cache"] == "LambdaExecutionError from cloudfront"
        edge.wait_for("Task timed out after 1.00 seconds")


def _two_behaviors() -> str:
    return """
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Code: ., Handler: spin.handler, Runtime: nodejs22.x, Timeout: 1, Role: "arn:aws:iam::1:role/r"}
  V:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Fn}
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins: [{Id: site, DomainName: site.example.com, CustomOriginConfig: {OriginProtocolPolicy: http-only}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
        CacheBehaviors:
          - PathPattern: /spin/*
            TargetOriginId: site
            ViewerProtocolPolicy: allow-all
            CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad
            LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !Ref V}]
"""


# ── hot reload ───────────────────────────────────────────────────────────────


def test_a_saved_function_is_live_and_a_broken_one_leaves_the_last_good_one(dev_origin: Origin, code: Path) -> None:
    function = code / "stamp.js"
    function.write_text(STAMP % "one")
    with serving("serve", "--origin", dev_origin.url, "--viewer-response", str(function)) as edge:
        assert edge.get("/a").headers["x-stamp"] == "one"
        function.write_text(STAMP % "two")
        _until(lambda: edge.get("/a").headers["x-stamp"] == "two")
        function.write_text("exports.handler = async (event) => {\n  return event.Records[0.cf;\n};\n")
        assert "stamp.js:2" in edge.wait_for("error: Runtime.UserCodeSyntaxError")
        assert edge.get("/a").headers["x-stamp"] == "two"
        function.write_text(STAMP % "three")
        _until(lambda: edge.get("/a").headers["x-stamp"] == "three")


def test_a_saved_template_is_live_and_a_broken_one_leaves_the_last_good_one(dev_origin: Origin, code: Path) -> None:
    (code / "spin.js").write_text(STAMP % "one")
    template = code / "template.yaml"
    good = _two_behaviors().replace("viewer-request", "viewer-response")
    template.write_text(good)
    with serving("serve", str(template), "--origin", f"site={dev_origin.url}") as edge:
        assert edge.get("/spin/a").headers["x-stamp"] == "one"
        template.write_text(good.replace("/spin/*", "/other/*"))
        edge.wait_for("configuration reloaded")
        assert "x-stamp" not in edge.get("/spin/a").headers
        assert edge.get("/other/a").headers["x-stamp"] == "one"
        template.write_text(good.replace("ViewerProtocolPolicy: allow-all", "ViewerProtocolPolicy: allow-al"))
        line = edge.wait_for("error")
        assert "template.yaml:" in line
        edge.wait_for("goes on serving")
        assert edge.get("/other/a").headers["x-stamp"] == "one"


def test_what_a_build_removes_and_makes_anew_is_live_each_time(dev_origin: Origin, code: Path) -> None:
    function = code / "stamp.js"
    function.write_text(STAMP % "zero")
    with serving("serve", "--quiet", "--origin", dev_origin.url, "--viewer-response", str(function)) as edge:
        for word in ("one", "two", "three"):
            shutil.rmtree(code)
            code.mkdir()
            function.write_text(STAMP % word)
            edge.wait_for(" reloaded")
            assert edge.get("/a").headers["x-stamp"] == word


def test_an_origin_that_vanished_ends_neither_hot_reload_nor_the_server_badly(tmp_path: Path, code: Path) -> None:
    public, template = tmp_path / "public", code / "template.yaml"
    public.mkdir()
    (public / "a").write_text("here")
    (code / "spin.js").write_text(STAMP % "one")
    good = _two_behaviors().replace("viewer-request", "viewer-response")
    template.write_text(good)
    with serving("serve", str(template), "--origin", f"site={public}") as edge:
        public.rename(tmp_path / "away")
        template.write_text(good.replace("/spin/*", "/other/*"))
        edge.wait_for("neither a URL nor a directory that exists")
        edge.wait_for("the last good configuration goes on serving")
        (tmp_path / "away").rename(public)
        template.write_text(good.replace("/spin/*", "/a"))
        edge.wait_for("configuration reloaded")
        assert edge.get("/a").headers["x-stamp"] == "one"
        assert edge.interrupt() == 0
        assert "Traceback" not in edge.output()


def _until(holds: Callable[[], bool]) -> None:
    """Ask again and again, for as long as somebody at a keyboard would find quick."""
    pause = threading.Event()
    for _ in range(60):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("the saved file did not go live")


# ── bodies ───────────────────────────────────────────────────────────────────


def test_a_big_download_costs_no_memory(edge: Program, dev_origin: Origin) -> None:
    edge.get("/warm")
    before = _peak_kb(edge)
    with httpx.stream("GET", edge.url("/big"), trust_env=False) as response:
        size = sum(len(chunk) for chunk in response.iter_raw())
    assert size == BIG
    assert _peak_kb(edge) - before < BIG / 1024 / 4


def _peak_kb(edge: Program) -> int:
    status = Path(f"/proc/{edge.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def test_the_first_byte_does_not_wait_for_the_last(edge: Program, dev_origin: Origin) -> None:
    with httpx.stream("GET", edge.url("/drip"), trust_env=False) as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"a"
        dev_origin.go_on.set()
        assert b"".join(chunks) == b"b"


def test_an_origin_that_resets_gives_a_broken_download_that_is_not_kept(edge: Program, dev_origin: Origin) -> None:
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            edge.get("/reset")
    assert edge.get("/fine").status_code == 200
    edge.wait_for("not sent to its end")
    assert dev_origin.hits.count("GET /reset") == 2


def test_an_aborted_download_disturbs_nobody(edge: Program, dev_origin: Origin) -> None:
    with httpx.stream("GET", edge.url("/big"), trust_env=False) as response:
        next(response.iter_raw())
    assert edge.get("/fine").status_code == 200
    edge.wait_for("GET /big 200 Miss  not sent to its end")


def test_an_upload_streams_to_the_origin(edge: Program, dev_origin: Origin) -> None:
    body = os.urandom(300_000).hex().encode()
    answer = httpx.post(edge.url("/form"), content=body, trust_env=False)
    assert answer.content.endswith(body)


def test_https_is_served_with_a_certificate_of_its_own(edge: Program) -> None:
    with httpx.Client(verify=False, trust_env=False) as client:
        assert client.get(f"https://localhost:{edge.https_port}/a").status_code == 200


# ── the end ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_ctrl_c_with_requests_in_flight_ends_it_soon_and_leaves_nothing_behind(
    dev_origin: Origin, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    (code / "spin.js").write_text(SPIN)
    flags = ("--origin", dev_origin.url, "--viewer-request", str(code / "spin.js"))
    with serving("serve", *flags) as edge:
        gone = threading.Thread(target=_ignoring_the_end, args=(edge,))
        gone.start()
        edge.wait_for("START RequestId:")
        children = _children(edge.process.pid)
        assert children
        begun = monotonic()
        for _ in range(times - 1):
            edge.process.send_signal(signal.SIGINT)
        code_of_end = edge.interrupt()
        assert monotonic() - begun < 2
        gone.join()
        output = edge.output()
    assert code_of_end in ((0,) if times == 1 else (0, -signal.SIGINT))  # two signals may come as one
    assert "Traceback" not in output
    _until(lambda: not any(_alive(pid) for pid in children))
    assert list(scratch.iterdir()) == []


def _ignoring_the_end(edge: Program) -> None:
    try:
        edge.get("/a")
    except httpx.HTTPError:
        return


def test_a_port_in_use_is_said_in_one_sentence(dev_origin: Origin) -> None:
    port = dev_origin.url.rsplit(":", 1)[1]
    told = edgesim("serve", "--origin", dev_origin.url, "--port", port, "--control-port", "0")
    assert told.returncode == 2
    assert told.stderr.splitlines() == [
        f"edgesim: can't listen on 127.0.0.1:{port}: Address already in use",
        "  hint: choose another with --port",
    ]


def test_the_demo_answers_its_own_requests() -> None:
    told = edgesim("demo", "--once", "--port", "0", "--control-port", "0")
    assert told.returncode == 0, told.stderr
    for outcome in ("Miss", "Hit", "LambdaGeneratedResponse"):
        assert f"x-cache: {outcome} from cloudfront" in told.stdout


CONNECTS = """\
const net = require('net');
exports.handler = async (event) => ({ status: '200', body: await new Promise((resolve) => {
  const port = Number(event.Records[0].cf.request.querystring);
  net.connect(port, '127.0.0.1').on('connect', () => resolve('connected')).on('error', (error) => resolve(error.code));
}) });
"""


def test_functions_do_not_reach_the_control_port(dev_origin: Origin, code: Path) -> None:
    (code / "connects.js").write_text(CONNECTS)
    flags = ("--origin", dev_origin.url, "--viewer-request", str(code / "connects.js"))
    with serving("serve", *flags) as edge:
        assert edge.get(f"/?{edge.control_port}").text == "ECONNREFUSED"
        assert edge.get(f"/?{edge.port}").text == "connected"
