"""The keys of signed URLs and cookies: those of a template, and those that the user hands over.

Rule 1: what the user hands over under the id of a template's key takes its place.
Rule 2: who is in a key group of another stack, or has which keys in an account, can't be known here: there the keys
        count that the user hands over and that no group of the template has.
Rule 3: a behavior whose keys are not known lets nobody in, and a warning says so; a key that the user hands over and
        that no behavior trusts is warned of, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from edgesim.distribution.config import DefaultBehavior, parse
from edgesim.distribution.findings import Finding, Loc, there_are
from edgesim.distribution.key_config import KeyGroupConfig, PublicKeyConfig
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.signers import Signers
from edgesim.distribution.viewer_checks import check_key_group, check_public_key, wrong_key
from edgesim.loaders import resources
from edgesim.loaders.intrinsics import FAILED, Resolver
from edgesim.loaders.json_source import read_json
from edgesim.loaders.nodes import Node, find, plain, problem
from edgesim.loaders.properties import report_unknown
from edgesim.loaders.read import text_of
from edgesim.loaders.request import Keys, Pem
from edgesim.loaders.unknowns import Unknowns
from edgesim.loaders.unreadable import Unreadable

_WAY_OUT = "hand the public key over: --public-key {}=FILE.pem"


@dataclass
class KeyBook:
    """Public keys by Key-Pair-Id, and the ids in each key group. `given` are the user's own among the keys; `problems`,
    `findings` and `files` grow."""

    keys: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    _files: dict[str, str] = field(default_factory=dict)
    _trusted: dict[str, None] = field(default_factory=dict)

    # ── what there is ────────────────────────────────────────────────────────

    def hand_over(self, keys: Keys) -> None:
        """The user's own."""
        for key_pair_id, source in keys.items():
            if isinstance(source, str):
                self._files[key_pair_id] = source
            try:
                pem = source.text if isinstance(source, Pem) else self._from_file(source)
            except Unreadable as error:
                self.problems.append(error.problem)
                continue
            why, hint = wrong_key(pem)
            if why:
                shown = "" if isinstance(source, Pem) else source
                self.problems.append(Problem(why, f"--public-key {key_pair_id}", hint, file=shown))
            else:
                self.given[key_pair_id] = pem

    def _from_file(self, file: str) -> str:
        """A PEM file, or the JSON in which AWS prints one. Raises Unreadable."""
        self.files.append(file)
        text = text_of(Path(file).expanduser(), file)
        if not text.lstrip().startswith("{"):
            return text
        root, _ = read_json(text, file)
        found = next((node for node in _everywhere(root) if "EncodedKey" in node.fields), root)
        return found.get("EncodedKey").text

    def add_key(self, key_pair_id: str, tree: Node, file: str, parameters: Collection[str] = ()) -> None:
        """A template's key, from its PublicKeyConfig."""
        unknowns = Unknowns(tree, parameters)
        config, faults = parse(PublicKeyConfig, plain(tree))
        found = [*unknowns.softened(faults), *unknowns.sayable(check_public_key(config))]
        if unknown := tree.get("EncodedKey").unknown:
            self.unsure.add(key_pair_id)
            if unknown != FAILED and key_pair_id not in self.given:
                message = f"this key can't be known locally: it comes from {unknown}"
                hint = _WAY_OUT.format(key_pair_id)
                found.append(Finding(("EncodedKey",), message, hint, severity=Severity.WARNING))
        elif not found:
            self.keys[key_pair_id] = config.encoded_key
        self.problems += [problem(finding, tree, file) for finding in found]

    def add_group(self, group_id: str, tree: Node, file: str, parameters: Collection[str] = ()) -> None:
        """A template's key group, from its KeyGroupConfig."""
        unknowns = Unknowns(tree, parameters)
        config, faults = parse(KeyGroupConfig, plain(tree))
        found = [*unknowns.softened(faults), *unknowns.sayable(check_key_group(config))]
        self.problems += [problem(finding, tree, file) for finding in found]
        self.groups[group_id] = config.items
        if any(item.unknown for item in tree.get("Items").items) or tree.get("Items").unknown:
            self.unsure.add(group_id)

    def left_over(self) -> Iterable[Problem]:
        """The files of keys that no behavior trusts; asked for once all distributions have been read. A scenario may
        have strangers among its own keys."""
        for key_pair_id, source in self._files.items():
            if key_pair_id in self.given and key_pair_id not in self._trusted:
                known = there_are(self._trusted)
                message = f"no cache behavior trusts the key {key_pair_id}" + ("" if known else ", nor any other")
                hint = known or "give a cache behavior TrustedKeyGroups; without them no signature is looked at"
                yield Problem(message, f"--public-key {key_pair_id}", hint, Severity.WARNING, source)

    # ── who signs ────────────────────────────────────────────────────────────

    def signers(self, behavior: DefaultBehavior, tree: Node, loc: Loc) -> Signers | None:
        """Whom a behavior trusts; None where it wants no signature. `tree` is the distribution's, for places."""
        groups, accounts = behavior.trusted_key_groups, behavior.trusted_signers
        if not groups and not accounts:
            return None
        ids: dict[str, None] = {}
        for index, group in enumerate(groups):
            unknown = find(tree, (*loc, "TrustedKeyGroups", index)).unknown
            ids.update(dict.fromkeys(self._in_group(group, unknown)))
        if accounts:
            ids.update(dict.fromkeys(self._at_large()))
        self._trusted.update(ids)
        found = {one: pem for one in ids if (pem := self.given.get(one) or self.keys.get(one))}
        if not found:
            self._report(ids, (*loc, "TrustedKeyGroups" if groups else "TrustedSigners"))
        return Signers(MappingProxyType(found))

    def _in_group(self, group: str, unknown: str) -> Iterable[str]:
        if unknown or group not in self.groups:
            return self._at_large()
        return (*self.groups[group], *(self._at_large() if group in self.unsure else ()))

    def _at_large(self) -> list[str]:
        """The user's keys that belong nowhere else."""
        placed = {*self.keys, *self.unsure, *(one for members in self.groups.values() for one in members)}
        return [one for one in self.given if one not in placed]

    def _report(self, ids: Collection[str], loc: Loc) -> None:
        missing = next((one for one in ids if one not in self.keys), "")
        message = "no key of these signers is known here, so that no request is let in"
        hint = _WAY_OUT.format(missing or "ID")
        self.findings.append(Finding(loc, message, hint, severity=Severity.WARNING))


def _everywhere(node: Node) -> Iterable[Node]:
    yield node
    for _, child in node.children():
        yield from _everywhere(child)


# ── of a source ──────────────────────────────────────────────────────────────


def keys_of_template(resolver: Resolver, given: Keys) -> KeyBook:
    """Those of a template, and the user's."""
    book = KeyBook()
    book.hand_over(given)
    for kind, config, add in (
        (resources.PUBLIC_KEY, "PublicKeyConfig", book.add_key),
        (resources.KEY_GROUP, "KeyGroupConfig", book.add_group),
    ):
        for logical_id, _ in resolver.live(kind):
            report_unknown(resolver, logical_id)
            add(logical_id, resolver.property_of(logical_id, config), resolver.file, resolver.parameters.keys())
    return book


def keys_of_api_json(distribution: Node, given: Keys) -> KeyBook:
    """The user's; which of them are in which group stands in what `aws cloudfront get-distribution` prints."""
    book = KeyBook()
    book.hand_over(given)
    for group in distribution.get("ActiveTrustedKeyGroups", "Items").items:
        members = [item.text for item in group.get("KeyPairIds", "Items").items]
        if members:
            book.groups[group.get("KeyGroupId").text] = tuple(members)
    return book
