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

    [choices]
    header-key = "key"
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from edgesim.distribution.choices import chosen
from edgesim.distribution.limits import ACCOUNT_CONCURRENCY, Edition, Limit, read_limits
from edgesim.distribution.terms import Terms, edition, terms
from edgesim.errors import ConfigError
from edgesim.logs.access import format_named
from edgesim.values.durations import parse_duration

T = TypeVar("T")

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
    `propagation` is the seconds within which an update reaches every edge location; `concurrency` is how many
    invocations a Region lets run at once; `relax` has the limits that are not enforced; `limits` is the edition of
    AWS's limits, and `choices` are answers to open questions by name (distribution/choices.py); `inspect` has the
    functions that a debugger may attach to, with a port or 0; `s3_credentials` says whose signature requests to buckets
    get: `env`, a profile's name, or nobody's.
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
    public_keys: Names = field(default_factory=dict)
    runtimes: Names = field(default_factory=dict)
    viewer: Names = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    https_port: int | None = None
    control_port: int = DEFAULT_CONTROL_PORT
    cache_size: int = DEFAULT_CACHE_BYTES
    environments: int = 0
    propagation: float = 0.0
    concurrency: int = ACCOUNT_CONCURRENCY
    relax: frozenset[Limit] = frozenset()
    inspect: Mapping[str, int] = field(default_factory=dict)
    limits: str = Edition.CURRENT.value
    choices: Names = field(default_factory=dict)
    include_body: bool = False
    reload: bool = True
    quiet: bool = False
    log_dir: str = ""
    s3_credentials: str = ""
    access_log: str = ""
    access_log_format: str = "w3c"

    @property
    def terms(self) -> Terms:
        """By what functions are judged. Raises ConfigError where `limits` or `choices` say what there is not."""
        return terms(self.limits, self.choices)

    def given(self, **flags: Any) -> Settings:
        """The settings with the flags that were given: None means not given, mappings are merged, flags first."""
        changes: dict[str, Any] = {}
        for name, value in flags.items():
            if value is None:
                continue
            merged = {**getattr(self, name), **value} if isinstance(value, Mapping) else value
            changes[name] = merged
        return replace(self, **changes)


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
    "public-keys": ("public_keys", dict),
    "runtimes": ("runtimes", dict),
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
        "public_keys",
        "origins",
        "resolve",
        "runtimes",
    }
)
_PATHS = frozenset({"source", "origin", "log_dir", "access_log"})


def find_config(source: str, explicit: str | None) -> Path | None:
    """The configuration file to read: the one asked for, else one beside the source, else one here."""
    if explicit is not None:
        return Path(explicit)
    beside = Path(source).parent / CONFIG_NAME if source else Path(CONFIG_NAME)
    return beside if beside.is_file() else None


def read_config(path: Path) -> Settings:
    """The settings of a file. Raises ConfigError with the file's name and the key."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as why:
        raise ConfigError(f"{path} can't be read: {why.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise ConfigError(f"{path} is not TOML: {why}") from None
    viewer = _viewer_of(document)
    changes = dict(_setting(path, key, value) for key, value in document.items())
    if viewer:
        changes["viewer"] = {**viewer, **changes.get("viewer", {})}
    return replace(Settings(), **_with_paths(changes, path.parent))


def _viewer_of(document: dict[str, Any]) -> dict[str, str]:
    """Takes the viewer's settings under the flags' own names (`viewer-country`, `pop`) out of a document."""
    flags = [key for key in document if key == "pop" or key.startswith(("viewer-", "viewer_"))]
    return {key.removeprefix("viewer")[1:] if key != "pop" else key: str(document.pop(key)) for key in flags}


def _setting(path: Path, key: str, value: object) -> tuple[str, Any]:
    name = key.replace("_", "-")
    if name not in _KEYS:
        close = difflib.get_close_matches(name, _KEYS, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(_KEYS)}"
        raise ConfigError(f"{path}: there is no setting {key!r}", hint)
    target, kind = _KEYS[name]
    if target == "cache_size":
        return target, _in_file(path, lambda: parse_size(str(value)))
    if target == "propagation":
        return target, _span(path, key, value)
    if target == "relax":
        return target, _relaxed(path, value)
    if target == "access_log_format":
        return target, _in_file(path, lambda: format_named(str(value))).name
    if target == "limits":
        return target, _in_file(path, lambda: edition(str(value))).value
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError(f"{path}: {key} must be {_TYPE_NAMES[kind]}, not {value!r}")
    if isinstance(value, dict):
        texts = {str(inner): str(text) for inner, text in value.items()}
        if target == "choices":
            _in_file(path, lambda: chosen(texts))
        return target, texts
    return target, value


def _span(path: Path, key: str, value: object) -> float:
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise ConfigError(f"{path}: {key}: {error}") from None


def _relaxed(path: Path, value: object) -> frozenset[Limit]:
    """`relax = "timeouts,memory"`, or a list of the words."""
    given: list[object] = value if isinstance(value, list) else [value]
    words = [word for word in given if isinstance(word, str)]
    if len(words) < len(given):
        raise ConfigError(f"{path}: relax must be a text or a list of texts, not {value!r}")
    try:
        return read_limits(words)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}", error.hint) from None


def _in_file(path: Path, read: Callable[[], T]) -> T:
    """What it reads; what is wrong is said with the file's name."""
    try:
        return read()
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}", error.hint) from None


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
    """Raises ConfigError for a port that is none, or a size that holds next to nothing."""
    for setting in fields(settings):
        value = getattr(settings, setting.name)
        if setting.name.endswith("port") and value is not None and not 0 <= value <= 65535:
            raise ConfigError(f"{setting.name.replace('_', '-')} is {value}", "a port is a number from 0 to 65535")
    if settings.cache_size < LEAST_CACHE_BYTES:
        raise ConfigError(
            f"cache-size is {settings.cache_size} bytes, and hardly an object fits into a quarter of that",
            "64KiB is the least; where nothing is to be cached, say so in the cache policy",
        )
    if settings.concurrency <= 0:
        raise ConfigError("concurrency must be above zero", "a single function is paused by reserving 0 for it")
