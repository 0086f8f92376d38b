"""What pytest knows of edgesim once that is installed: scenarios are tests, tests in Python have the fixture `edge`.

Every run of pytest in an environment with edgesim imports this, so it imports nothing that costs time. Whatever plays
is made when the first scenario or the first `edge` needs it: one stage in each worker process, for the whole session.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from edgesim.errors import ConfigError, ScenarioWarning
from edgesim.scenario.playing.background import STAGES

if TYPE_CHECKING:
    from edgesim.scenario.language.load import LoadedFile
    from edgesim.scenario.model import Scenario
    from edgesim.scenario.outcome import Outcome
    from edgesim.testing.live import LiveEdge

# As in scenario/language/load.py, which is too much to import for everybody
SUFFIXES = (".scenario.yaml", ".scenario.yml", ".scenario.json")
_IN_FOLDERS = (".yaml", ".yml")

_FOLDERS = "edgesim_scenarios"
_MARKER = """edge(distribution=None, *, functions, origins, parameters, at, viewer, limits, choices, keys, \
aws_endpoints): what the fixture `edge` is made of, in the words of scenarios; paths begin at the test's file"""

folders_key = pytest.StashKey[tuple[Path, ...]]()
edge_key = pytest.StashKey["LiveEdge"]()
remarks_key = pytest.StashKey[dict[str, None]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the command line, and of the configuration file."""
    group = parser.getgroup("edgesim", "CloudFront and Lambda@Edge")
    group.addoption(
        "--edgesim-explain",
        action="store_true",
        help="show the whole explanation of every request: of scenarios and tests that fail, and with -rP of all",
    )
    parser.addini(_FOLDERS, "folders whose *.yaml and *.yml are scenarios whatever their names", "linelist", [])


def pytest_configure(config: pytest.Config) -> None:
    """Environments of functions stay warm from here on, once there are any."""
    config.addinivalue_line("markers", _MARKER)
    folders = tuple((config.rootpath / line).resolve() for line in config.getini(_FOLDERS))
    config.stash[folders_key] = folders
    config.stash[remarks_key] = dict[str, None]()
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        # Who says where the scenarios are need not say it again in `testpaths`
        told = [(config.rootpath / arg).resolve() for arg in config.args]
        config.args += [str(one) for one in folders if not any(one.is_relative_to(path) for path in told)]
    STAGES.keep()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The end of every process that was started."""
    if folders_key in config.stash:
        STAGES.release()


# ── what functions run on ────────────────────────────────────────────────────

_OF_WORKER = "edgesim_remarks"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of pytest-xdist hands over what it has to say."""
    output = getattr(session.config, "workeroutput", None)
    remarks = session.config.stash[remarks_key]
    if output is not None:
        output[_OF_WORKER] = list(remarks)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes that over."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[remarks_key].update(dict.fromkeys(output.get(_OF_WORKER, ())))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What there is to say of the functions of all tests, a runtime that is not installed, say; each once."""
    remarks = config.stash[remarks_key]
    if remarks:
        terminalreporter.section("edgesim")
        for remark in remarks:
            terminalreporter.line(f"warning: {remark}")


# ── scenarios ────────────────────────────────────────────────────────────────


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Files that are named as scenarios, and those that are some, of the folders for them."""
    if file_path.name.endswith(SUFFIXES) or (_may_be_scenarios(file_path, parent) and _is_scenarios(file_path)):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


def _may_be_scenarios(file: Path, parent: pytest.Collector) -> bool:
    if file.suffix not in _IN_FOLDERS:
        return False
    return parent.session.isinitpath(file) or any(
        file.is_relative_to(folder) for folder in parent.config.stash[folders_key]
    )


def _is_scenarios(file: Path) -> bool:
    """Is this a scenario, or was it meant to be one? A template that lies beside them is neither."""
    from edgesim.loaders.unreadable import Unreadable
    from edgesim.scenario.language.document import read_document
    from edgesim.scenario.language.other_files import is_scenarios

    try:
        root, _ = read_document(file.read_text(encoding="utf-8-sig"), str(file))
    except (Unreadable, OSError, ValueError):
        return True
    return is_scenarios(root)


class ScenarioFile(pytest.File):
    """A file with one scenario, or several."""

    def collect(self) -> Iterator[ScenarioItem]:
        """A test for each scenario."""
        from edgesim.distribution.problems import Severity
        from edgesim.scenario.language.load import load_file
        from edgesim.scenario.runner.report import problem_lines

        loaded: LoadedFile = load_file(self._shown())
        errors = [one for one in loaded.problems if one.severity is Severity.ERROR]
        if errors:
            raise self.CollectError("\n".join(line for problem in errors for line in problem_lines(problem)))
        for scenario in loaded.scenarios:
            yield ScenarioItem.from_parent(self, name=_name(scenario), scenario=scenario)

    def _shown(self) -> Path:
        """The path as a person would write it."""
        here = self.config.invocation_params.dir
        return self.path.relative_to(here) if here == Path.cwd() and self.path.is_relative_to(here) else self.path


def _name(scenario: Scenario) -> str:
    """The title, as it can be part of a node's id."""
    return " ".join(scenario.title.split()).replace("::", ":")


class ScenarioFailed(Exception):
    """An expectation did not hold, or the scenario could not be played."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.title)
        self.outcome = outcome


class ScenarioItem(pytest.Item):
    """One scenario."""

    def __init__(self, *, scenario: Scenario, **more: Any) -> None:
        super().__init__(**more)
        self.scenario = scenario
        if scenario.evidence is not None:
            self.user_properties.append(("evidence", f"{scenario.evidence.value} {scenario.source}".strip()))

    def runtest(self) -> None:
        """Play it."""
        from edgesim.scenario.outcome import Verdict
        from edgesim.scenario.runner.report import explained

        explain = self.config.option.edgesim_explain
        with STAGES.borrowed() as background:
            outcome = background.call(background.stage.play(self.scenario, explain=explain))
        self.config.stash[remarks_key].update(dict.fromkeys(outcome.remarks))
        if outcome.verdict is Verdict.LEFT_OUT:
            pytest.skip(outcome.message)
        if outcome.verdict is not Verdict.PASSED:
            raise ScenarioFailed(outcome)
        if explain:
            self.add_report_section("call", "edgesim", explained(outcome))
        _warn(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What `edgesim test` prints."""
        if isinstance(excinfo.value, ScenarioWarning):
            return f"{excinfo.value.place}: {excinfo.value}"
        if not isinstance(excinfo.value, ScenarioFailed):
            return super().repr_failure(excinfo, style)
        from edgesim.scenario.runner.report import failure

        outcome = excinfo.value.outcome
        excinfo.value.args = (failure(outcome, explain=self.config.option.edgesim_explain).rstrip("\n"),)
        shown = excinfo.getrepr(style="value", chain=False)
        if shown.reprcrash is not None:
            file, _, line = outcome.place.rpartition(":")
            shown.reprcrash.path, shown.reprcrash.message = file or outcome.place, _in_short(outcome)
            shown.reprcrash.lineno = int(line) if line.isdecimal() else 0
        return shown

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands; lines count from 0 here."""
        return self.path, max(self.scenario.place.line - 1, 0), self.name


def _warn(outcome: Outcome) -> None:
    """As Python warns, so that pytest's own options say what becomes of it."""
    for caution in outcome.cautions:
        file, _, line = caution.place.rpartition(":")
        hint = f" ({caution.hint})" if caution.hint else ""
        warnings.warn_explicit(ScenarioWarning(f"{caution.message}{hint}", caution.place), None, file, int(line))


def _in_short(outcome: Outcome) -> str:
    """Why it failed, for the summary at the end."""
    from edgesim.scenario.runner.report import mismatch_in_short

    for mismatch in (one for step in outcome.failures for one in step.mismatches):
        return f"{mismatch_in_short(mismatch)}{f' ({mismatch.why})' if mismatch.why else ''}"
    return outcome.message.partition("\n")[0]


# ── tests in Python ──────────────────────────────────────────────────────────


@pytest.fixture
def edge(request: pytest.FixtureRequest) -> Iterator[LiveEdge]:
    """An edge location with an empty cache, scripted origins and a clock that stands still until it is moved.

        @pytest.mark.edge(distribution="template.yaml", functions={"auth": "auth.mjs:handler"})
        def test_nobody_gets_in_without_a_token(edge):
            assert edge.get("/private").status == 401

    The marker may stand at the test, its class and its module (`pytestmark`): what is closest to the test counts, and
    functions, origins, parameters, viewer settings, choices, keys and endpoints are merged by name. Paths begin at
    the test's file. Without a marker everything goes to one origin, `site`, which answers 200. See
    edgesim.testing.LiveEdge.
    """
    from edgesim.testing.live import edge as opened

    wrong = ""
    with ExitStack() as stack:
        try:
            request.node.stash[edge_key] = stack.enter_context(
                opened(folder=request.path.parent, **_said(request.node))
            )
        except ConfigError as error:
            wrong = "\n".join([str(error), *getattr(error, "__notes__", ())])
        if wrong:
            pytest.fail(wrong, pytrace=False)
        live = request.node.stash[edge_key]
        yield live
        request.config.stash[remarks_key].update(dict.fromkeys(live.remarks))


_MERGED = ("functions", "origins", "parameters", "viewer", "choices", "keys", "aws_endpoints")
_KEYS = ("distribution", "at", "limits", *_MERGED)


def _said(node: pytest.Item) -> dict[str, Any]:
    """What the markers say, from the farthest to the closest."""
    said: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers("edge"))):
        for key, value in _of_mark(mark).items():
            merges = key in _MERGED and isinstance(value, Mapping)
            said[key] = {**said.get(key, {}), **value} if merges else value
    return said


def _of_mark(mark: pytest.Mark) -> dict[str, Any]:
    from edgesim.distribution.findings import closest

    if len(mark.args) > 1:
        pytest.fail("the marker edge takes one distribution; everything else has a name", pytrace=False)
    said = {**dict(zip(("distribution",), mark.args, strict=False)), **mark.kwargs}
    for key in said.keys() - set(_KEYS):
        hint = closest(key, _KEYS) or f"it has {', '.join(_KEYS)}"
        pytest.fail(f"the marker edge has no {key!r} ({hint})", pytrace=False)
    return said


_MOST_REQUESTS = 3


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows the way of its last requests; with --edgesim-explain it is the whole of all. What it
    asked of the edge that can't be is told at its own line, and not deep within edgesim, unless with --full-trace."""
    if call.excinfo is not None and not item.config.option.fulltrace and _is_the_tests_own(call.excinfo):
        _end_at_the_test(call.excinfo)
    report = yield
    live = item.stash.get(edge_key, None)
    explain = item.config.option.edgesim_explain
    if live is not None and call.when == "call" and live.responses and (report.failed or explain):
        report.sections.append(("edgesim: requests of the edge", "\n\n".join(_told(live, explain=explain))))
    return report


def _is_the_tests_own(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """Is it the caller's fault? So it is where edgesim says so, and where what is called by tests raised it itself."""
    if excinfo.errisinstance(ConfigError):
        return True
    return excinfo.errisinstance((LookupError, ValueError)) and _file(_innermost(excinfo)).parent == _CALLED


def _innermost(excinfo: pytest.ExceptionInfo[BaseException]) -> TracebackType:
    frame = excinfo.tb
    while frame.tb_next is not None:
        frame = frame.tb_next
    return frame


def _end_at_the_test(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Cut what is below the test's own line."""
    frame, last = excinfo.tb, excinfo.tb
    while frame.tb_next is not None:
        last = last if _file(frame) == _WITH else frame
        frame = frame.tb_next
        if _file(frame).is_relative_to(_PACKAGE):
            last.tb_next = None
            return


def _file(frame: TracebackType) -> Path:
    return Path(frame.tb_frame.f_code.co_filename)


_PACKAGE = Path(__file__).parent
_CALLED = _PACKAGE / "testing"
_WITH = Path(contextlib.__file__)
"""Stands between a test and what it opens with `with`."""


def _told(live: LiveEdge, *, explain: bool) -> Iterator[str]:
    if explain:
        yield from (response.explain().rstrip() for response in live.responses)
        return
    from edgesim.logs.explain import as_data
    from edgesim.scenario.runner.report import in_short

    for response in live.responses[-_MOST_REQUESTS:]:
        yield "\n".join(in_short(as_data(response.transcript)))
