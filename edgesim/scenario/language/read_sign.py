"""Who signs, and how a request is signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import Any

from edgesim.distribution.findings import closest, there_are
from edgesim.errors import ConfigError
from edgesim.loaders.request import Keys, Pem
from edgesim.scenario.language import durations
from edgesim.scenario.language import reading as r
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.read_body import file
from edgesim.scenario.language.reading import Reading, Shape, Told, Wrong
from edgesim.scenario.model import Moment, Setting, Sign
from edgesim.signatures.keys import key_pair_named, public_half
from edgesim.signatures.signing import Signer
from edgesim.values.signed import HASHES

MADE = "made"
"""In the place of a file: a key pair of edgesim's own."""


# ── keys ─────────────────────────────────────────────────────────────────────


def private_keys(reading: Reading, element: Element) -> Mapping[str, str]:
    """The private keys that a scenario names, as PEM, by Key-Pair-Id."""
    found: dict[str, str] = {}
    for key_pair_id, child in r.fields_of(element, "keys").items():
        with reading.noting():
            found[key_pair_id] = _private(reading, child, key_pair_id)
    return found


def _private(reading: Reading, element: Element, key_pair_id: str) -> str:
    if element.text == MADE:
        return key_pair_named(key_pair_id)
    pem = file(reading, element).read_text(encoding="utf-8", errors="replace")
    try:
        public_half(pem)
    except ConfigError as error:
        raise Wrong(
            element, f"{element.text}: {error}", error.hint or f"write {MADE} for a key pair of edgesim's"
        ) from None
    return pem


def private_key(private: Mapping[str, str], key_pair_id: str) -> str:
    """The one of an id; one that is always the same for the id where the scenario names none."""
    return private.get(key_pair_id) or key_pair_named(key_pair_id)


def public_keys(private: Mapping[str, str]) -> Keys:
    """The other halves, for CloudFront."""
    return MappingProxyType({name: Pem(public_half(pem)) for name, pem in private.items()})


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The private keys of a scenario, and the public ones of what is deployed, by Key-Pair-Id."""

    private: Mapping[str, str]
    trusted: Mapping[str, str]

    def signer(self, element: Element, key_pair_id: str | None, hashed: str) -> Signer:
        """Who signs. Raises Wrong where it is not clear who, where nobody is called so, or where nobody can."""
        ids = dict.fromkeys([*self.trusted, *self.private])
        if key_pair_id is None:
            key_pair_id = self._the_one(element, ids)
        elif key_pair_id not in ids:
            hint = closest(key_pair_id, ids) or _known(key_pair_id, list(ids))
            raise Wrong(element.fields["key"], f"there is no key '{key_pair_id}'", hint)
        pem = private_key(self.private, key_pair_id)
        trusted = self.trusted.get(key_pair_id)
        if trusted is not None and key_pair_id not in self.private and trusted != public_half(pem):
            raise Wrong(
                element,
                f"the private half of {key_pair_id} is not known",
                f"beside steps write keys: {{{key_pair_id}: FILE.pem}}, or keys: {{{key_pair_id}: {MADE}}} for a key"
                " pair of edgesim's that takes its place",
            )
        return Signer(key_pair_id, pem, hashed)

    def is_made(self, key_pair_id: str) -> bool:
        """Is it trusted as one that edgesim made, which no server elsewhere can know?"""
        made = private_key(self.private, key_pair_id) == key_pair_named(key_pair_id)
        return made and key_pair_id in self.trusted

    def _the_one(self, element: Element, ids: Iterable[str]) -> str:
        known = list(self.trusted or self.private)
        if len(known) == 1:
            return known[0]
        if not known:
            raise Wrong(element, "nobody can sign: no behavior wants signed requests", _trust("NAME"))
        raise Wrong(element, "whose signature it is must be said", f"write sign: {{key: NAME}}; {there_are(ids)}")


def _known(wanted: str, ids: Sequence[str]) -> str:
    if not ids:
        return _trust(wanted)
    stranger = f"for one that no behavior trusts write keys: {{{wanted}: {MADE}}} beside steps"
    return f"{there_are(ids)}; {stranger}"


def _trust(name: str) -> str:
    """How a behavior comes to want signed requests, in a template and in the short form."""
    return f"give a cache behavior of the template TrustedKeyGroups, or one that is written here signers: [{name}]"


def key_ring(private: Mapping[str, str], settings: Iterable[Setting]) -> KeyRing:
    """All keys of a story so far."""
    behaviors = (one for setting in settings for each in setting.distributions for one in each.behaviors)
    trusted = {name: pem for one in behaviors if one.signers for name, pem in one.signers.keys.items()}
    return KeyRing(private, trusted)


# ── a request's signature ────────────────────────────────────────────────────


def _moment(_: Reading, element: Element) -> Moment:
    """A span from then on, before it with a minus, or a date."""
    written = element.text if element.kind in (Kind.NUMBER, Kind.TEXT) else ""
    past = written.startswith("-")
    span = durations.seconds(written.removeprefix("-"))
    if span is not None and span <= durations.LONGEST_SPAN:
        return Moment(after=-span if past else span)
    if (date := durations.instant(written)) is not None and date >= 0:
        return Moment(at=date)
    raise Wrong(element, f"{element.shown} is no point in time", "write 1h, -1s, or 2026-01-01T00:00:00Z")


def _ip(reading: Reading, element: Element) -> str:
    written = r.text(reading, element)
    try:
        IPv4Network(written, strict=False)
    except ValueError:
        raise Wrong(element, f"{element.shown} is no IPv4 range", "write 192.0.2.0/24") from None
    return written


SIGN: Shape = Shape(
    "sign",
    {
        "key": r.text,
        "expires": _moment,
        "starts": _moment,
        "ip": _ip,
        "resource": r.text,
        "for": r.text,
        "hash": r.one_of(*(name.lower() for name in HASHES)),
        "cookies": r.truth,
    },
    {
        "key-pair-id": "write key",
        "private-key": "the file stands beside steps: keys: {NAME: FILE.pem}",
        "url": "write for: /a, where another URL than the request's is signed",
        "target": "write for: /a, where another URL than the request's is signed",
    },
)


def sign(reading: Reading, element: Element, ring: KeyRing | None) -> Sign:
    """`sign: {expires: 1h, …}`, or `sign: 1h`. `ring` is None where what is deployed is wrong, so that nothing can be
    said of who signs."""
    if element.kind is Kind.MAPPING:
        found: dict[str, Any] = SIGN.read(reading, element)
    else:
        found = {"expires": _moment(reading, element)}
    if ring is None or len(found) < len(element.fields):
        raise Told
    signer = ring.signer(element, found.get("key"), found.get("hash", HASHES[0]).upper())
    return Sign(
        signer,
        found.get("expires", Moment(after=3600)),
        found.get("starts"),
        found.get("ip"),
        found.get("resource"),
        found.get("for"),
        found.get("cookies", False),
        ring.is_made(signer.key_pair_id),
    )
