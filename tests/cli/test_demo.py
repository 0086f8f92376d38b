"""`edgesim demo NAME` and `edgesim test --against`, from the command line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgesim.cli import main
from edgesim.samples import samples_folder

TWO = """\
scenarios:
- title: a hit after a miss
  evidence: documented Expiration
  origins: {site: {headers: {cache-control: max-age=60}, body: hello}}
  steps:
  - get: /
    expect: {x-cache: Miss}
  - advance: 59s
  - get: /
    expect: {x-cache: Hit, body: hello}
- title: what does not hold
  steps:
  - get: /
    expect: {status: 404}
"""
PORTS = ("--port", "0", "--control-port", "0")


def run(*args: str) -> Result:
    result = CliRunner().invoke(main, args)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "two.scenario.yaml"
    path.write_text(TWO)
    return path


# ── demo NAME ────────────────────────────────────────────────────────────────


def test_a_file_is_shown_and_the_exit_code_says_whether_it_holds(scenario: Path) -> None:
    result = run("demo", str(scenario), *PORTS)
    assert result.exit_code == 1
    assert "a hit after a miss\ndocumented Expiration\n\n1. GET /\n" in result.output
    assert "✓ as expected: x-cache Hit, body" in result.output
    assert "✗ status" in result.output
    assert "\x1b" not in result.output


@pytest.mark.parametrize("name", ["stale-on-error", "cache/stale-on-error"])
def test_a_scenario_that_is_shipped_is_shown_by_its_name_with_or_without_its_folder(name: str) -> None:
    assert run("demo", name, "--once", *PORTS).exit_code == 0


def test_a_miss_names_the_nearest_key_that_is_stored(scenario: Path) -> None:
    scenario.write_text(
        "title: by query string\ndistribution: {cache-policy: {query-strings: all}}\n"
        "steps: [{get: /a}, {get: '/a?x=1'}]\n"
    )
    told = " ".join(run("demo", str(scenario), *PORTS).output.split())
    assert "nearest key stored now GET /a it differs stored without ?x=1" in told


@pytest.mark.parametrize("part", ["HIT after", ":a hit", "3"])
def test_a_part_of_a_file_is_chosen_by_title_or_line(scenario: Path, part: str) -> None:
    result = run("demo", f"{scenario}:{part}", *PORTS)
    assert result.exit_code == 0, result.output
    assert "what does not hold" not in result.output


def test_a_number_is_a_line_after_one_colon_and_part_of_a_title_after_two(tmp_path: Path) -> None:
    file = tmp_path / "numbers.scenario.yaml"
    file.write_text(
        "scenarios:\n- {title: first, steps: [{get: /}]}\n- {title: a 404 is kept, steps: [{get: /}]}\n"
        "- {title: 3 requests, steps: [{get: /}]}\n"
    )
    assert "3 requests" in run("demo", f"{file}::3", *PORTS).output
    assert "a 404 is kept" in run("demo", f"{file}:3", *PORTS).output
    assert "a 404 is kept" in run("demo", f"{file}::404", *PORTS).output
    beyond = run("demo", f"{file}:404", *PORTS)
    assert beyond.exit_code == 2
    assert "there is no line 404" in beyond.output
    assert "::404 means those with 404 in their title" in beyond.output


def test_scenarios_that_are_shipped_go_by_name(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scenario.parent / "scenarios" / "more"
    folder.mkdir(parents=True)
    (folder.parent / "first.scenario.yaml").write_text(TWO)
    (folder / "first.scenario.yaml").write_text(TWO)
    monkeypatch.setattr("edgesim.samples.samples_folder", lambda: scenario.parent)
    assert run("demo", "--list").output.splitlines() == [
        "first",
        "    a hit after a miss",
        "    what does not hold",
        "more/first",
        "    a hit after a miss",
        "    what does not hold",
        "",
        "edgesim demo NAME shows one of 2",
    ]
    assert run("demo", "first:a hit", *PORTS).exit_code == 0
    assert run("demo", "more/first", *PORTS).exit_code == 1
    unknown = run("demo", "frist", *PORTS)
    assert unknown.exit_code == 2
    assert "there is no scenario 'frist'\n  hint: did you mean first?" in unknown.output


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("stale", "there are stale-on-error, stale-while-revalidate"),
        ("on-error", "did you mean stale-on-error?"),
        ("r", "there are first, master, more/first, stale-on-error, stale-while-revalidate"),
        ("zzz", "edgesim demo --list says which there are"),
    ],
)
def test_a_word_of_a_name_is_no_name_and_those_with_it_are_offered(
    word: str, hint: str, scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("stale-on-error", "stale-while-revalidate", "cache", "master")
    monkeypatch.setattr(
        "edgesim.commands.demo._shipped", lambda: dict.fromkeys([*names, "first", "more/first"], scenario)
    )
    result = run("demo", word, *PORTS)
    assert result.exit_code == 2
    assert f"there is no scenario '{word}'\n  hint: {hint}" in result.output


def test_those_of_this_repository_are_listed() -> None:
    there = sorted((samples_folder() / "scenarios").rglob("*.scenario.yaml"))
    result = run("demo", "--list")
    assert result.exit_code == 0
    assert all(path.name.removesuffix(".scenario.yaml") in result.output for path in there)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere", "there is no scenario 'nowhere'"),
        ("FILE:no such title", "no scenario there has 'no such title' in its title"),
        ("FOLDER", "is a folder"),
    ],
)
def test_what_can_not_be_shown_is_said(scenario: Path, name: str, told: str) -> None:
    text = name.replace("FILE", str(scenario)).replace("FOLDER", str(scenario.parent))
    result = run("demo", text, *PORTS)
    assert result.exit_code == 2
    assert told in result.output


def test_a_file_with_errors_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "bad.scenario.yaml"
    path.write_text("title: bad\nsteps:\n- gte: /\n")
    result = run("demo", str(path), *PORTS)
    assert result.exit_code == 2
    assert "bad.scenario.yaml:3" in result.output


def test_a_function_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "gone.scenario.yaml"
    path.write_text("title: gone\nsteps:\n- get: ${nothing}\n")
    assert run("demo", str(path), *PORTS).exit_code == 2


# ── test --against ───────────────────────────────────────────────────────────


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.send_header("X-Host", self.headers["Host"])
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Hello) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_scenarios_are_played_against_a_server(scenario: Path, server: str, tmp_path: Path) -> None:
    junit = tmp_path / "report.xml"
    result = run("test", str(scenario), "--against", server, "--junit", str(junit))
    assert result.exit_code == 1
    assert "1 step left out: it needs 59s to pass; not compared: x-cache (1)" in result.output
    assert "expected  404" in result.output
    assert result.output.rstrip().splitlines()[-1].startswith("1 failed, 1 left out in ")
    assert '<skipped message="1 step left out' in junit.read_text()


def test_the_host_may_be_another(scenario: Path, server: str) -> None:
    scenario.write_text("title: host\nsteps:\n- get: /\n  expect: {headers: {x-host: www.example.com}}\n")
    assert run("test", str(scenario), "--against", server, "--against-host", "www.example.com").exit_code == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--wait", "1m"), "--wait goes with --against URL"),
        (("--against-host", "a"), "--against-host goes with --against URL"),
        (("--against", "http://h", "--wait", "soon"), "'soon' is not a length of time"),
        (("--against", "http://h", "-n", "2"), "leave out -n"),
        (("--against", "ftp://h"), "ftp://h is no http or https URL"),
    ],
)
def test_options_that_can_not_be_used_are_refused(scenario: Path, options: tuple[str, ...], told: str) -> None:
    result = run("test", str(scenario), *options)
    assert result.exit_code == 4
    assert told in result.output
