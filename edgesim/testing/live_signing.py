"""Signed requests of tests in Python, in the words of a scenario's `keys:` and `sign:`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from edgesim.errors import ConfigError
from edgesim.scenario.language.document import from_python
from edgesim.scenario.language.read_sign import KeyRing, key_ring, private_keys, sign
from edgesim.scenario.language.reading import Reading
from edgesim.scenario.model import Setting, Sign

Signature: TypeAlias = str | int | float | Mapping[str, Any]
"""How long it holds (`"1h"`), or `sign:` of a scenario as a dict."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Who can sign. Paths begin in `folder`."""

    folder: Path
    ring: KeyRing = field(default_factory=lambda: KeyRing({}, {}))

    def with_setting(self, keys: Mapping[str, str], settings: Iterable[Setting]) -> Signing:
        """After another deployment; what is wrong with keys has been said by then."""
        return Signing(self.folder, key_ring(private_keys(self._reading(), from_python(keys, "keys")), settings))

    def of(self, how: Signature | None) -> Sign | None:
        """How a request is to be signed. Raises ConfigError with everything that is wrong."""
        if how is None:
            return None
        reading, found = self._reading(), None
        with reading.noting():
            found = sign(reading, from_python(how, "sign"), self.ring)
        if reading.problems:
            raise ConfigError("\n".join(str(problem).removeprefix("error: ") for problem in reading.problems))
        return found

    def _reading(self) -> Reading:
        return Reading("", self.folder)
