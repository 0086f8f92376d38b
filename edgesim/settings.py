"""What a run of edgesim is told: command line flags over `edgesim.toml` over defaults.

`edgesim.toml` holds the same settings under the flags' names; paths in it are relative to its own folder:

    source = "template.yaml"
    port = 8080
    relax = ["timeouts"]

    [origins]
    site = "http://localhost:3000"
    assets = "public"

    [resolve]
    "*.example.com" = "http://localhost:3001"

    [viewer]
    country = "DE"

    [aws-endpoints]
    dynamodb = "http://localhost:8000"

    [choices]
    header-key = "key"
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from edgesim.distribution.aws_endpoints import check_endpoint
from edgesim.distribution.chaos import parse_chaos
from edgesim.distribution.choices import chosen
from edgesim.distribution.limits import ACCOUNT_CONCURRENCY, Edition, Limit, read_limits
from edgesim.distribution.terms import Terms, edition, terms
from edgesim.errors import ConfigError
from edgesim.loaders.toml_source import TomlLines, split_error
from edgesim.logs.access import format_named
from edgesim.values.durations import parse_duration
from edgesim.values.place import Place

CONFIG_NAME = "edgesim.toml"
DEFAULT_PORT = 8080
DEFAULT_CONTROL_PORT = 8090
DEFAULT_CACHE_BYTES = 256 * 1024 * 1024
LEAST_CACHE_BYTES = 64 * 1024
"""inferred: an object may take a quarter of it, and even without a body it counts for a kilobyte and its head."""

Names = Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """Everything that can be set. Mappings go from a name to what was written for it.

    `https_port` of None means no HTTPS listener; `cache_size` is bytes; `environments` is the number of execution
    environments a function may have at once, 0 for edgesim's own choice; an empty `log_dir` keeps no logs; an empty
    `access_log` writes none, and `access_log_format` is one of logs/access.py's FORMATS;
    `chaos` says how many invocations are their environment's last (distribution/chaos.py), empty for none;
    `propagation` is the seconds within which an update reaches every edge location; `concurrency` is how many
    invocations a Region lets run at once; `relax` has the limits that are not enforced; `limits` is the edition of
    AWS's limits, and `choices` are answers to open questions by name (distribution/choices.py); `inspect` has the
    functions that a debugger may attach to, with a port or 0; `aws_endpoints` are where functions find AWS's services
    (distribution/aws_endpoints.py); `s3_credentials` says whose signature requests to buckets
    get: `env`, a profile's name, or nobody's; `places` are where entries of tables stand in `edgesim.toml`, by field
    and name.
    """

    source: str = ""
    origin: str = ""
    origins: Names = field(default_factory=dict)
    resolve: Names = field(default_factory=dict)
    functions: Names = field(default_factory=dict)
    triggers: Names = field(default_factory=dict)
    parameters: Names = field(default_factory=dict)
    cache_policies: Names = field(default_factory=dict)
    origin_request_policies: Names = field(default_factory=dict)
    response_headers_policies: Names = field(default_factory=dict)
    continuous_deployment_policies: Names = field(default_factory=dict)
    staging: str = ""
    public_keys: Names = field(default_factory=dict)
    runtimes: Names = field(default_factory=dict)
    viewer: Names = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    https_port: int | None = None
    control_port: int = DEFAULT_CONTROL_PORT
    cache_size: int = DEFAULT_CACHE_BYTES
    environments: int = 0
    chaos: str = ""
    propagation: float = 0.0
    concurrency: int = ACCOUNT_CONCURRENCY
    relax: frozenset[Limit] = frozenset()
    inspect: Mapping[str, int] = field(default_factory=dict)
    aws_endpoints: Names = field(default_factory=dict)
    limits: str = Edition.CURRENT.value
    choices: Names = field(default_factory=dict)
    include_body: bool = False
    reload: bool = True
    quiet: bool = False
    log_dir: str = ""
    s3_credentials: str = ""
    access_log: str = ""
    access_log_format: str = "w3c"
    places: Mapping[tuple[str, str], Place] = field(default_factory=dict, compare=False)

    @property
    def terms(self) -> Terms:
        """By what functions are judged. Raises ConfigError where `limits` or `choices` say what there is not."""
        return terms(self.limits, self.choices)

    def given(self, **flags: Any) -> Settings:
        """The settings with the flags that were given: None means not given, mappings are merged, flags first."""
        changes: dict[str, Any] = {}
        tables = {name: value for name, value in flags.items() if isinstance(value, Mapping)}
        kept = {key: place for key, place in self.places.items() if key[1] not in tables.get(key[0], ())}
        for name, value in flags.items():
            if value is None:
                continue
            merged = {**getattr(self, name), **value} if isinstance(value, Mapping) else value
            changes[name] = merged
        return replace(self, **changes, places=kept)


# The name in edgesim.toml → the field and the type of value it takes
_KEYS: dict[str, tuple[str, type]] = {
    "source": ("source", str),
    "origin": ("origin", str),
    "host": ("host", str),
    "port": ("port", int),
    "https-port": ("https_port", int),
    "control-port": ("control_port", int),
    "cache-size": ("cache_size", object),
    "environments": ("environments", int),
    "chaos": ("chaos", object),
    "propagation": ("propagation", object),
    "concurrency": ("concurrency", int),
    "relax": ("relax", object),
    "limits": ("limits", object),
    "choices": ("choices", dict),
    "include-body": ("include_body", bool),
    "reload": ("reload", bool),
    "quiet": ("quiet", bool),
    "log-dir": ("log_dir", str),
    "s3-credentials": ("s3_credentials", str),
    "access-log": ("access_log", str),
    "access-log-format": ("access_log_format", str),
    "origins": ("origins", dict),
    "resolve": ("resolve", dict),
    "functions": ("functions", dict),
    "triggers": ("triggers", dict),
    "parameters": ("parameters", dict),
    "cache-policies": ("cache_policies", dict),
    "origin-request-policies": ("origin_request_policies", dict),
    "response-headers-policies": ("response_headers_policies", dict),
    "continuous-deployment-policies": ("continuous_deployment_policies", dict),
    "staging": ("staging", str),
    "public-keys": ("public_keys", dict),
    "runtimes": ("runtimes", dict),
    "aws-endpoints": ("aws_endpoints", dict),
    "viewer": ("viewer", dict),
}
_TYPE_NAMES = {str: "a text", int: "a whole number", bool: "true or false", dict: "a table of names and texts"}

# Settings whose values name files, so that they can be found from the folder of edgesim.toml; a URL is none
_PATH_TABLES = frozenset(
    {
        "functions",
        "triggers",
        "cache_policies",
        "origin_request_policies",
        "response_headers_policies",
        "continuous_deployment_policies",
        "public_keys",
        "origins",
        "resolve",
        "runtimes",
    }
)
_PATHS = frozenset({"source", "staging", "origin", "log_dir", "access_log"})


def find_config(source: str, explicit: str | None) -> Path | None:
    """The configuration file to read: the one asked for, else one beside the source, else one here."""
    if explicit is not None:
        return Path(explicit)
    beside = Path(source).parent / CONFIG_NAME if source else Path(CONFIG_NAME)
    return beside if beside.is_file() else None


class _File:
    """A configuration file, for what is said of it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.lines = path, TomlLines(text)

    def place(self, *keys: str) -> Place:
        at = f"[{keys[0]}] {'.'.join(keys[1:])}" if len(keys) > 1 else "".join(keys)
        return Place(str(self.path), self.lines.of(*keys), at)

    @contextmanager
    def said(self, *keys: str) -> Iterator[None]:
        """What is wrong in here is wrong with this key."""
        try:
            yield
        except _WrongKeyError:
            raise
        except ConfigError as error:
            raise _WrongKeyError(f"{self.place(*keys)}: {error}", error.hint) from None


class _WrongKeyError(ConfigError):
    """One that has its place already."""


def read_config(path: Path) -> Settings:
    """The settings of a file. Raises ConfigError with the file's name, the line and the key."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as why:
        raise ConfigError(f"{path} can't be read: {why.strerror}") from None
    except UnicodeDecodeError as why:
        raise ConfigError(f"{path} is not TOML: {why}") from None
    document = _document(path, text)
    file, changes = _File(path, text), dict[str, Any]()
    viewer = _viewer_of(file, document)
    for key, value in document.items():
        with file.said(key):
            name, setting = _setting(file, key, value)
            changes[name] = setting
            _check_range(name, setting)
    if viewer or "viewer" in changes:
        changes["viewer"] = {**viewer, **changes.get("viewer", {})}
    return replace(Settings(), **_with_paths(changes, path.parent), places=_places(file, document))


def _document(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        said, line = split_error(str(why), text)
        raise ConfigError(f"{Place(str(path), line)}: this is not TOML: {said}") from None


def _places(file: _File, document: Mapping[str, Any]) -> dict[tuple[str, str], Place]:
    """Where the entries of tables stand, by the table's field and their name."""
    tables = ((_KEYS[key.replace("_", "-")][0], key, value) for key, value in document.items())
    return {
        (field, ".".join(name)): file.place(key, *name)
        for field, key, value in tables
        if isinstance(value, dict)
        for name in _flat(value)
    }


def _viewer_of(file: _File, document: dict[str, Any]) -> dict[str, str]:
    """Takes the viewer's settings under the flags' own names (`viewer-country`, `pop`) out of a document."""
    flags = [key for key in document if key == "pop" or key.startswith(("viewer-", "viewer_"))]
    found = {}
    for key in flags:
        name, text = key.removeprefix("viewer")[1:] if key != "pop" else key, str(document.pop(key))
        with file.said(key):
            _check_viewer(name, text)
        found[name] = text
    return found


def _check_viewer(name: str, text: str) -> None:
    from edgesim.server.viewer_header import parse_settings

    parse_settings({name: text})


def _setting(file: _File, key: str, value: object) -> tuple[str, Any]:
    name = key.replace("_", "-")
    if name not in _KEYS:
        close = difflib.get_close_matches(name, _KEYS, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(_KEYS)}"
        raise ConfigError(f"there is no setting {key!r}", hint)
    target, kind = _KEYS[name]
    if target in _READERS:
        return target, _READERS[target](value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError(f"{key} must be {_TYPE_NAMES[kind]}, not {value!r}")
    return target, _table(file, key, target, value) if isinstance(value, dict) else value


def _table(file: _File, key: str, target: str, value: dict[str, object]) -> dict[str, str]:
    entries = _flat(value)
    if (check := _ENTRIES.get(target)) is not None:
        for name, text in entries.items():
            with file.said(key, *name):
                check(".".join(name), text)
    return {".".join(name): text for name, text in entries.items()}


def _flat(table: Mapping[str, object], *above: str) -> dict[tuple[str, ...], str]:
    """The texts of a table by their paths: to TOML, `Site.assets = …` is a table within the table."""
    found: dict[tuple[str, ...], str] = {}
    for name, value in table.items():
        path = (*above, name)
        found |= _flat(value, *path) if isinstance(value, dict) else {path: str(value)}
    return found


_ENTRIES: dict[str, Callable[[str, str], object]] = {
    "choices": lambda name, text: chosen({name: text}),
    "aws_endpoints": check_endpoint,
    "viewer": _check_viewer,
}
"""What is looked at entry by entry."""


def _span(value: object) -> float:
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise ConfigError(f"propagation: {error}") from None


def _relaxed(value: object) -> frozenset[Limit]:
    """`relax = "timeouts,memory"`, or a list of the words."""
    given: list[object] = value if isinstance(value, list) else [value]
    words = [word for word in given if isinstance(word, str)]
    if len(words) < len(given):
        raise ConfigError(f"relax must be a text or a list of texts, not {value!r}")
    return read_limits(words)


def _size(value: object) -> int:
    return parse_size(str(value))


def _chaos(value: object) -> str:
    """Looked at here; what is random about it comes when it is used."""
    parse_chaos(str(value), 0)
    return str(value)


_READERS: dict[str, Callable[[object], Any]] = {
    "cache_size": _size,
    "propagation": _span,
    "relax": _relaxed,
    "limits": lambda value: edition(str(value)).value,
    "chaos": _chaos,
    "access_log_format": lambda value: format_named(str(value)).name,
}


def _with_paths(changes: dict[str, Any], folder: Path) -> dict[str, Any]:
    for name in _PATH_TABLES & changes.keys():
        changes[name] = {key: _from(folder, text) for key, text in changes[name].items()}
    for name in _PATHS & changes.keys():
        changes[name] = _from(folder, changes[name])
    return changes


def _from(folder: Path, text: str) -> str:
    return text if "://" in text or not text else str(folder / text)


_UNITS = {"": 1, "b": 1, "k": 1024, "kb": 1024, "kib": 1024, "m": 1024**2, "mb": 1024**2, "mib": 1024**2}
_UNITS |= {"g": 1024**3, "gb": 1024**3, "gib": 1024**3}


def parse_size(text: str) -> int:
    """Bytes of a size such as `256MiB`, `1g` or `65536`. Raises ConfigError."""
    digits = text.strip().lower()
    number = digits.rstrip("bgikm ")
    unit = digits[len(number) :].strip()
    if not (number.isascii() and number.isdigit()) or unit not in _UNITS:
        raise ConfigError(f"{text!r} is not a size", "write it as 64MiB, 1GiB or a number of bytes")
    return int(number) * _UNITS[unit]


def check_ranges(settings: Settings) -> None:
    """Raises ConfigError for a port that is none, or a number that leaves nothing to be done."""
    for setting in fields(settings):
        _check_range(setting.name, getattr(settings, setting.name))


def _check_range(name: str, value: Any) -> None:
    """The same for one setting."""
    told = name.replace("_", "-")
    if name.endswith("port") and value is not None and not 0 <= value <= 65535:
        raise ConfigError(f"{told} is {value}", "a port is a number from 0 to 65535")
    if name == "cache_size" and value < LEAST_CACHE_BYTES:
        raise ConfigError(
            f"{told} is {value} bytes, and hardly an object fits into a quarter of that",
            "64KiB is the least; where nothing is to be cached, say so in the cache policy",
        )
    if name == "concurrency" and value <= 0:
        raise ConfigError(f"{told} must be above zero", "a single function is paused by reserving 0 for it")
    if name == "environments" and value < 0:
        raise ConfigError(f"{told} must not be below zero", "0 leaves the number to edgesim")
