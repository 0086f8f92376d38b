"""edgesim.toml and flags: one set of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.commands.ready import differing
from edgesim.commands.relax import relaxed_line
from edgesim.distribution.choices import Choices, EmptyBody, HeaderKey
from edgesim.distribution.limits import Edition, Limit
from edgesim.distribution.terms import Terms
from edgesim.errors import ConfigError
from edgesim.loaders.toml_source import TomlLines
from edgesim.settings import LEAST_CACHE_BYTES, Settings, check_ranges, find_config, parse_size, read_config
from edgesim.stores.memory import MAX_BYTES
from edgesim.values.place import Place


def _written(folder: Path, text: str) -> Path:
    path = folder / "edgesim.toml"
    path.write_text(text)
    return path


def test_the_file_holds_the_flags_under_their_own_names(tmp_path: Path) -> None:
    settings = read_config(
        _written(
            tmp_path,
            'source = "template.yaml"\nport = 9000\ncontrol-port = 9001\ncache-size = "64MiB"\nquiet = true\n'
            'log-dir = "logs"\n'
            'access-log = "access"\naccess-log-format = "json"\n'
            '[origins]\nsite = "http://localhost:3000"\n[resolve]\n"*.example.com" = "http://localhost:3001"\n'
            '[viewer]\ncountry = "DE"\n[functions]\nauth = "src/auth.js"\n',
        )
    )
    assert settings.source == str(tmp_path / "template.yaml")
    assert (settings.port, settings.control_port, settings.cache_size) == (9000, 9001, 64 * 1024 * 1024)
    assert settings.quiet
    assert settings.log_dir == str(tmp_path / "logs")
    assert (settings.access_log, settings.access_log_format) == (str(tmp_path / "access"), "json")
    assert settings.origins == {"site": "http://localhost:3000"}
    assert settings.resolve == {"*.example.com": "http://localhost:3001"}
    assert settings.viewer == {"country": "DE"}
    assert settings.functions == {"auth": str(tmp_path / "src/auth.js")}


def test_what_is_relaxed_is_said_in_one_line_in_one_order() -> None:
    assert relaxed_line({Limit.ISOLATION, Limit.TIMEOUTS}) == "not enforced: timeouts, isolation"
    assert relaxed_line(()) == ""


@pytest.mark.parametrize("written", ['"timeouts,memory"', '["timeouts", "memory"]', '["timeouts,memory"]'])
def test_limits_are_relaxed_in_a_text_or_a_list(tmp_path: Path, written: str) -> None:
    settings = read_config(_written(tmp_path, f"relax = {written}\nconcurrency = 10\n"))
    assert settings.relax == {Limit.TIMEOUTS, Limit.MEMORY}
    assert settings.concurrency == 10


def test_viewers_may_be_told_under_the_flags_own_names(tmp_path: Path) -> None:
    text = 'viewer-country = "DE"\npop = "IAD89-C1"\n[viewer]\ncity = "Berlin"\n'
    assert read_config(_written(tmp_path, text)).viewer == {"country": "DE", "pop": "IAD89-C1", "city": "Berlin"}


def test_paths_are_relative_to_the_file_they_stand_in(tmp_path: Path) -> None:
    text = 'origin = "public"\n[origins]\na = "public"\nb = "http://localhost:1"\n'
    settings = read_config(_written(tmp_path, text))
    assert settings.origin == str(tmp_path / "public")
    assert settings.origins == {"a": str(tmp_path / "public"), "b": "http://localhost:1"}
    assert settings.given(origins={"a": "here"}).origins["a"] == "here"


def test_flags_win_over_the_file_and_tables_are_merged(tmp_path: Path) -> None:
    settings = read_config(
        _written(tmp_path, 'port = 9000\nhost = "0.0.0.0"\n[origins]\na = "http://a"\nb = "http://b"\n')
    )
    given = settings.given(port=9999, host=None, origins={"b": "http://other"})
    assert (given.port, given.host) == (9999, "0.0.0.0")
    assert given.origins == {"a": "http://a", "b": "http://other"}


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        pytest.param("prt = 1\n", "there is no setting 'prt'", "did you mean 'port'?", id="a misspelt key"),
        pytest.param('port = "80"\n', "port must be a whole number, not '80'", "", id="a text for a number"),
        pytest.param("port = true\n", "port must be a whole number, not True", "", id="a boolean for a number"),
        pytest.param(
            "origins = 3\n", "origins must be a table of names and texts, not 3", "", id="a number for a table"
        ),
        pytest.param("port = \n", "is not TOML", "", id="not TOML"),
        pytest.param('chaos = "often"\n', "'often' is no share", "write it as 20", id="a share that is none"),
        pytest.param('propagation = "soon"\n', "propagation: 'soon' is not a length", "", id="a span that is none"),
        pytest.param('relax = "timeout"\n', "there is no limit 'timeout'", "did you mean timeouts?", id="no limit"),
        pytest.param("relax = [1]\n", "relax must be a text or a list of texts", "", id="limits that are no texts"),
        pytest.param('[aws-endpoints]\ns3 = "here"\n', "toml:2: 'here' is no endpoint", "write s3=", id="no endpoint"),
        pytest.param('access-log-format = "csv"\n', "access-log-format is 'csv'", "w3c or json", id="no format"),
        pytest.param(
            'cache-size = "many"\n', "toml:1: 'many' is not a size", "write it as 64MiB", id="a size that is none"
        ),
    ],
)
def test_a_bad_file_is_one_sentence_with_a_way_out(tmp_path: Path, text: str, says: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        read_config(_written(tmp_path, text))
    assert hint in caught.value.hint


def test_a_name_with_a_dot_needs_no_quotes(tmp_path: Path) -> None:
    text = '[origins]\nSite.o = "http://a:1"\n"Other.o" = "http://b:2"\n[origins.Third]\no = "c"\n'
    settings = read_config(_written(tmp_path, text))
    assert settings.origins == {"Site.o": "http://a:1", "Other.o": "http://b:2", "Third.o": str(tmp_path / "c")}
    assert settings.places["origins", "Third.o"].line == 5


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml can't be read: No such file"):
        read_config(tmp_path / "nothing.toml")


def test_the_file_beside_the_source_is_found(tmp_path: Path) -> None:
    path = _written(tmp_path, "")
    assert find_config(str(tmp_path / "template.yaml"), None) == path
    assert find_config(str(tmp_path / "deeper" / "template.yaml"), None) is None
    assert find_config("", "other.toml") == Path("other.toml")


@pytest.mark.parametrize(
    ("text", "size"), [("1024", 1024), ("64MiB", 64 << 20), ("1g", 1 << 30), ("2 KB", 2048), ("7b", 7)]
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "1.5g", "-1", "12parsecs", "²", "٣g"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_size(text)


@pytest.mark.parametrize(
    "settings", [Settings(port=70000), Settings(control_port=-1), Settings(https_port=65536), Settings(cache_size=0)]
)
def test_settings_out_of_range_are_refused(settings: Settings) -> None:
    with pytest.raises(ConfigError):
        check_ranges(settings)


def test_a_cache_that_could_hold_next_to_nothing_is_refused_with_a_way_out() -> None:
    with pytest.raises(ConfigError, match="cache-size is 65535 bytes") as caught:
        check_ranges(Settings(cache_size=LEAST_CACHE_BYTES - 1))
    assert "64KiB is the least" in caught.value.hint
    check_ranges(Settings(cache_size=LEAST_CACHE_BYTES))


def test_the_cache_is_as_large_as_the_store_makes_it_unless_told() -> None:
    assert Settings().cache_size == MAX_BYTES == 256 << 20


@pytest.mark.parametrize(("written", "seconds"), [("30", 30.0), ("0.5", 0.5), ('"1m30s"', 90.0)])
def test_propagation_is_a_length_of_time(tmp_path: Path, written: str, seconds: float) -> None:
    path = tmp_path / "edgesim.toml"
    path.write_text(f"propagation = {written}\n")
    assert read_config(path).propagation == seconds


# ── terms ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("written", ['"2023"', "2023"])
def test_limits_and_choices_are_the_terms(tmp_path: Path, written: str) -> None:
    settings = read_config(
        _written(tmp_path, f'limits = {written}\n[choices]\nheader-key = "key"\nempty_body = "counted"\n')
    )
    assert settings.terms.edition is Edition.OF_2023
    assert settings.terms.choices == Choices(header_key=HeaderKey.KEY, empty_body=EmptyBody.COUNTED)
    flipped = settings.given(limits="current", choices={"header-key": "refused"})
    assert flipped.terms == Terms(choices=Choices(header_key=HeaderKey.REFUSED, empty_body=EmptyBody.COUNTED))


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("limits = 2022\n", "limits can't be '2022': it is current or 2023", "AWS's guide of now, or of March 2023"),
        ('[choices]\nheader-kee = "key"\n', "there is no choice 'header-kee'", "did you mean header-key?"),
        ('[choices]\nheader-key = "refuse"\n', "header-key can't be 'refuse': it is map-name, key or refused",
         "did you mean refused?"),
    ],
)  # fmt: skip
def test_terms_that_there_are_not_are_said_with_the_file(tmp_path: Path, text: str, says: str, hint: str) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert (str(caught.value), caught.value.hint) == (f"{path}:{text.count(chr(10))}: {says}", hint)


def test_what_is_not_as_aws_has_it_by_default_is_said_when_the_server_starts() -> None:
    assert list(differing(Settings(choices={"header-key": "map-name"}))) == []
    settings = Settings(
        limits="2023",
        choices={"header-key": "key", "empty-body": "counted"},
        relax=frozenset({Limit.MEMORY}),
        concurrency=10,
        propagation=90,
    )
    assert list(differing(settings)) == [
        "AWS's limits of 2023",
        "chosen: empty-body=counted, header-key=key",
        "not enforced: memory",
        "the account runs 10 invocations at once, not 1,000",
        "updates reach every edge location within 1m30s",
    ]


# ── places ───────────────────────────────────────────────────────────────────

DOCUMENT = """\
# a comment
port = 9000   # a = 1
relax = [
    "timeouts",
]

[origins]  # by id
"site one" = "http://localhost:1"
assets = "public"

[ choices ]
header-key = "key"
viewer.country = "DE"
inline = {a = 1, b = 2}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("port",), 2),
        (("relax",), 3),
        (("origins",), 7),
        (("origins", "site one"), 8),
        (("origins", "assets"), 9),
        (("choices", "header-key"), 12),
        (("choices", "viewer", "country"), 13),
        (("choices", "inline", "b"), 14),
        (("origins", "nobody"), 7),
        (("nothing",), None),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_a_key_is_found_on_its_line_or_on_that_of_what_it_is_in(path: tuple[str, ...], line: int | None) -> None:
    assert TomlLines(DOCUMENT).of(*path) == line


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("port = 1\nport = \n", 2, "this is not TOML: Invalid value"),
        ("port = 1\nrelax = [\n", 2, "this is not TOML: Invalid value"),
        ("\nprt = 1\n", 2, "there is no setting 'prt'"),
        ("\nconcurrency = 0\n", 2, "concurrency must be above zero"),
        ("\nport = 70000\n", 2, "port is 70000"),
        ("\nenvironments = -1\n", 2, "environments must not be below zero"),
        ('\ncache-size = "0"\n', 2, "cache-size is 0 bytes, and hardly an object fits into a quarter of that"),
        ('\nviewer-country = "Germany"\n', 2, "viewer country is 'Germany'"),
        ('[viewer]\n\ndevice = "fridge"\n', 3, "viewer device is 'fridge'"),
        ('[viewer]\ncountree = "DE"\n', 2, "viewers have no setting 'countree'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value).startswith(f"{path}:{line}: {says}")


def test_entries_know_where_they_stand_until_a_flag_takes_their_place(tmp_path: Path) -> None:
    path = _written(tmp_path, '[origins]\nsite = "http://a"\nassets = "http://b"\n')
    settings = read_config(path)
    assert settings.places["origins", "assets"] == Place(str(path), 3, "[origins] assets")
    assert set(settings.given(origins={"assets": "http://c"}).places) == {("origins", "site")}
