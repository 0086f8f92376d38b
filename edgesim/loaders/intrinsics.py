"""CloudFormation's functions, worked out locally.

Rule 1: lazy. Only what somebody asks for is resolved, so that a template's other resources can't fail.
Rule 2: tolerant. What only AWS knows (a load balancer's name, another stack's export) becomes a stand-in that says
        so (`Node.unknown`); what CloudFormation itself would refuse is a problem, once.
Rule 3: a resolved value keeps the line it is written on, and the path of the place it is used in.
Source: distribution-config.md §3.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from edgesim.distribution.findings import closest, there_are
from edgesim.distribution.problems import Problem, Severity
from edgesim.loaders import resources
from edgesim.loaders.arn import ACCOUNT, REGION
from edgesim.loaders.nodes import Node, joined, plain
from edgesim.values.function_arn import function_name

PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "edgesim",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/edgesim/00000000-0000-4000-8000-000000000000",
    "AWS::NotificationARNs": "",
}
_SAM = "AWS::Serverless-2016-10-31"
# What stands in the place of a value whose problem has been reported already
FAILED = "(see the error above)"
_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:([^}]*)\}\}")
# As many names as fit into a hint
_FEW = 8
# Left to AWS: macros may do anything, and the others speak about things that are not local
_LEFT_TO_AWS = ("Fn::Transform", "Fn::ForEach", "Fn::Cidr", "Fn::GetAZs")


class Resolver:
    """Resolves the values of one template. `problems` grows as values are asked for."""

    def __init__(self, root: Node, file: str, parameters: Mapping[str, str]) -> None:
        self.root = root
        self.file = file
        self.given = parameters
        self.problems: list[Problem] = []
        self.parameters = root.get("Parameters").fields
        self.resources = root.get("Resources").fields
        self._conditions: dict[str, bool] = {}
        self._open: list[str] = []
        transform = root.get("Transform")
        self.transforms = [transform.text] if transform.text else [each.text for each in transform.items]

    @property
    def is_sam(self) -> bool:
        return _SAM in self.transforms

    def complain(self, message: str, node: Node, at: str = "", hint: str = "", warn: bool = False) -> None:
        """Report a problem in the place of a node."""
        severity = Severity.WARNING if warn else Severity.ERROR
        self.problems.append(Problem(message, at or node.at, hint, severity, self.file, node.line))

    # ── resources ────────────────────────────────────────────────────────────

    def live(self, *types: str) -> Iterator[tuple[str, Node]]:
        """The resources of these types whose Condition holds, in the template's order."""
        for logical_id, resource in self.resources.items():
            if resource.get("Type").text in types and self.exists(resource):
                yield logical_id, resource

    def exists(self, resource: Node) -> bool:
        """Is a resource made? Its Condition says so."""
        condition = resource.get("Condition")
        return not condition.text or self.condition(condition.text, condition)

    def property_of(self, logical_id: str, name: str) -> Node:
        """A resolved property of a resource; an empty node where it has none."""
        node = self.resources[logical_id].get("Properties", name)
        if node.value is None and self._takes_global(logical_id, name):
            node = self.root.get("Globals", "Function", name)
        return self.resolve(node) or node.with_value(None)

    def _takes_global(self, logical_id: str, name: str) -> bool:
        """Does what Globals say of a property hold for a resource? observed: IgnoreGlobals is `*` or a list of names"""
        resource = self.resources[logical_id]
        ignored = resource.get("IgnoreGlobals")
        names = {ignored.text, *(item.text for item in ignored.items)}
        return resource.get("Type").text == resources.SAM_FUNCTION and names.isdisjoint({name, "*"})

    def version_of(self, logical_id: str) -> str:
        """The number a version gets: versions of one function count from 1 in the template's order."""
        if self.resources[logical_id].get("Type").text != resources.VERSION:
            return "1"
        mine = function_name(self.property_of(logical_id, "FunctionName").text)
        same = [name for name, _ in self.live(resources.VERSION)
                if function_name(self.property_of(name, "FunctionName").text) == mine]  # fmt: skip
        return str(same.index(logical_id) + 1) if logical_id in same else "1"

    def said(self, logical_id: str, template: str, node: Node, at: str, name: str) -> Node:
        """A row of the tables (resources.py) about a resource. `name` is what it is about, where it isn't known."""
        if name in self._open:
            return self._failed("it depends on itself", node, at)
        with self._opened(name):
            facts = resources.Facts(
                logical_id,
                self.resources[logical_id].get("Type").text,
                lambda prop: _text_and_unknown(self.property_of(logical_id, prop)),
                self.pseudo,
                lambda: self.version_of(logical_id),
            )
            text = template.format_map(facts)
        return Node(text, node.line, at, facts.unknown)

    @contextmanager
    def _opened(self, name: str) -> Iterator[None]:
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()

    def pseudo(self, name: str) -> str:
        """A pseudo parameter's value."""
        return self.given.get(name, PSEUDO[name])

    # ── values ───────────────────────────────────────────────────────────────

    def resolve(self, node: Node, at: str | None = None) -> Node | None:
        """A value with every function worked out. None is AWS::NoValue: as if nothing were written."""
        at = node.at if at is None else at
        call = _call(node)
        if call is not None:
            return self._called(*call, node, at)
        if node.fields:
            return Node(self._members(node, at), node.line, at)
        if node.items:
            return Node(self._elements(node, at), node.line, at)
        dynamic = _DYNAMIC.search(node.text)
        return replace(node, at=at, unknown=dynamic[1] if dynamic else node.unknown)

    def _members(self, node: Node, at: str) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, child in node.fields.items():
            if key.startswith(_LEFT_TO_AWS):
                self.complain(f"edgesim can't work out {key}; it is left out", child, joined(at, key), warn=True)
            elif (value := self.resolve(child, joined(at, key))) is not None:
                found[key] = value
        return found

    def _elements(self, node: Node, at: str) -> list[Node]:
        found = (self.resolve(child, joined(at, index)) for index, child in enumerate(node.items))
        return [value for value in found if value is not None]

    def _called(self, name: str, argument: Node, node: Node, at: str) -> Node | None:
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](self, argument, node, at)
        if name.startswith(_LEFT_TO_AWS):
            return self._unknown(node, at, name)
        hint = closest(name, list(_FUNCTIONS))
        self.complain(f"CloudFormation has no function {name}", node, at, hint)
        return self._unknown(node, at, name)

    def _unknown(self, node: Node, at: str, what: str, text: str = "") -> Node:
        return Node(text or resources.STAND_IN.format(slug=resources.slug(what)), node.line, at, what)

    def _failed(self, message: str, node: Node, at: str, hint: str = "") -> Node:
        self.complain(message, node, at, hint)
        return self._unknown(node, at, FAILED)

    def texts(self, node: Node) -> list[Node]:
        """A list argument, resolved: written out, or a function that gives a list."""
        resolved = self.resolve(node)
        if resolved is None:
            return []
        if resolved.unknown:
            return [replace(item, unknown=resolved.unknown) for item in resolved.items] or [resolved]
        return list(resolved.items)

    # ── Ref, GetAtt ──────────────────────────────────────────────────────────

    def ref(self, argument: Node, node: Node, at: str) -> Node | None:
        return self._named(argument.text, node, at)

    def _named(self, name: str, node: Node, at: str) -> Node | None:
        if name == "AWS::NoValue":
            return None
        if name in PSEUDO:
            return Node(self.pseudo(name), node.line, at)
        if name in self.parameters:
            return self._parameter(name, node, at)
        if name in self.resources and self.exists(self.resources[name]):
            kind = self.resources[name].get("Type").text
            if kind in resources.REF:
                return self.said(name, resources.REF[kind], node, at, name)
            return self._unknown(node, at, name, resources.slug(name))
        return self._generated(name, node, at)

    def _generated(self, name: str, node: Node, at: str) -> Node:
        """A name that no resource has: one of those that SAM's transform makes, or a mistake."""
        logical_id, _, attribute = name.partition(".")
        kind = self.resources[logical_id].get("Type").text if logical_id in self.resources else ""
        if kind == resources.SAM_FUNCTION and attribute in resources.SAM_REFS:
            return self._published(logical_id, attribute, resources.SAM_REFS[attribute], node, at)
        if self.is_sam and (found := self._by_sam(name, node, at)) is not None:
            return found
        if self._may_be_generated(name):
            return self._unknown(node, at, name, resources.slug(name))
        hint = self._near_name(name)
        if logical_id in self.resources and not self.exists(self.resources[logical_id]):
            hint = f"the Condition of {logical_id} does not hold, so it is not made"
        message = f"Unresolved resource dependencies [{name}] in the Resources block of the template"
        return self._failed(message, node, at, hint)

    def _near_name(self, name: str) -> str:
        """A hint at what a name may have been meant to be: one that is near, or all where there are few."""
        known = [*self.resources, *self.parameters]
        few = there_are(known) if len(known) <= _FEW else ""
        return closest(name, [*known, *PSEUDO]) or few

    def _by_sam(self, name: str, node: Node, at: str) -> Node | None:
        """A version or alias by the logical id that SAM gives it: `FnAliaslive`, `FnVersion0a1b2c3d4e`."""
        for logical_id, _ in self.live(resources.SAM_FUNCTION):
            for attribute in ("Version", "Alias"):
                if name.startswith(f"{logical_id}{attribute}"):
                    return self._published(logical_id, attribute, resources.SAM_REFS[attribute], node, at)
        return None

    def _may_be_generated(self, name: str) -> bool:
        if any(transform != _SAM for transform in self.transforms):
            return True
        by_sam = ("Serverless", *(key for key, r in self.resources.items() if "::Serverless::" in r.get("Type").text))
        return self.is_sam and name.startswith(by_sam)

    def _published(self, logical_id: str, attribute: str, template: str, node: Node, at: str) -> Node:
        """What SAM makes for a function with AutoPublishAlias: without it there is no version."""
        if attribute != "Arn" and not self.property_of(logical_id, "AutoPublishAlias").value:
            hint = f"give {logical_id} an AutoPublishAlias, e.g. AutoPublishAlias: live"
            return self._failed(f"{logical_id} has no {attribute}: SAM publishes none for it", node, at, hint)
        return self.said(logical_id, template, node, at, f"{logical_id}.{attribute}")

    def _parameter(self, name: str, node: Node, at: str) -> Node:
        parameter = self.parameters[name]
        kind, default = parameter.get("Type").text, parameter.get("Default")
        from_ssm = kind.startswith("AWS::SSM::Parameter::Value")
        if name not in self.given and (from_ssm or default.value is None):
            return self._unknown(node, at, name, resources.slug(name))
        if not self.allows(name):
            return Node(self.given[name], node.line, at, FAILED)
        text = self.given.get(name, default.text)
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            items = [Node(part.strip(), node.line, joined(at, i)) for i, part in enumerate(text.split(","))]
            return Node(items if text else [], node.line, at)
        return Node(text, node.line, at)

    def allows(self, name: str) -> bool:
        """Is what the user gives a parameter one of its AllowedValues?"""
        allowed = self.allowed_values(name)
        return name not in self.given or not allowed or self.given[name] in allowed

    def allowed_values(self, name: str) -> list[str]:
        """The values that a parameter may have; none where it may have any."""
        return [each.text for each in self.parameters[name].get("AllowedValues").items]

    def get_att(self, argument: Node, node: Node, at: str) -> Node:
        parts = [self.resolve(item) for item in argument.items] if argument.items else [argument]
        whole = ".".join(part.text for part in parts if part is not None)
        logical_id, _, attribute = whole.partition(".")
        return self._attribute(logical_id, attribute, node, at)

    def _attribute(self, logical_id: str, attribute: str, node: Node, at: str) -> Node:
        if logical_id not in self.resources or not self.exists(self.resources[logical_id]):
            return self._generated(logical_id, node, at)
        kind = self.resources[logical_id].get("Type").text
        template = resources.ATTRIBUTES.get((kind, attribute))
        if kind == resources.SAM_FUNCTION and template and attribute != "Arn":
            return self._published(logical_id, attribute.partition(".")[0], template, node, at)
        if template:
            return self.said(logical_id, template, node, at, f"{logical_id}.{attribute}")
        if kind in resources.COMPLETE:
            message = f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
            known = [name for resource, name in resources.ATTRIBUTES if resource == kind]
            return self._failed(message, node, at, f"it has {', '.join(known)}")
        stand_in = resources.STAND_INS.get(attribute, resources.STAND_IN)
        text = stand_in.format(slug=resources.slug(logical_id))
        return self._unknown(node, at, f"{logical_id}.{attribute}", text)

    # ── texts and lists ──────────────────────────────────────────────────────

    def sub(self, argument: Node, node: Node, at: str) -> Node:
        template, variables = argument, {}
        if argument.items:
            template = argument.items[0]
            variables = dict(argument.items[1].fields) if len(argument.items) > 1 else {}
        unknown: list[str] = []

        def value_of(match: re.Match[str]) -> str:
            if match[1].startswith("!"):
                return f"${{{match[1][1:]}}}"
            value = self._substitute(match[1].strip(), variables, node, at)
            unknown.extend([value.unknown] if value is not None and value.unknown else [])
            return _as_text(value)

        text = _REFERENCE.sub(value_of, template.text)
        first_line = template.first_line if text.count("\n") == template.text.count("\n") else 0
        return Node(text, node.line, at, unknown[0] if unknown else "", first_line)

    def _substitute(self, name: str, variables: Mapping[str, Node], node: Node, at: str) -> Node | None:
        if name in variables:
            return self.resolve(variables[name])
        logical_id, dot, attribute = name.partition(".")
        if not dot or (attribute in resources.SAM_REFS and self._type(logical_id) == resources.SAM_FUNCTION):
            return self._named(name, node, at)
        return self._attribute(logical_id, attribute, node, at)

    def _type(self, logical_id: str) -> str:
        return self.resources[logical_id].get("Type").text if logical_id in self.resources else ""

    def join(self, argument: Node, node: Node, at: str) -> Node:
        if len(argument.items) != 2:
            return self._failed("Fn::Join wants a delimiter and a list", node, at)
        delimiter, parts = self.resolve(argument.items[0]), self.texts(argument.items[1])
        text = _as_text(delimiter).join(_as_text(part) for part in parts)
        return Node(text, node.line, at, _first_unknown(parts))

    def split(self, argument: Node, node: Node, at: str) -> Node:
        if len(argument.items) != 2:
            return self._failed("Fn::Split wants a delimiter and a text", node, at)
        delimiter, source = self.resolve(argument.items[0]), self.resolve(argument.items[1])
        if delimiter is None or not delimiter.text or source is None:
            return self._failed("Fn::Split wants a delimiter and a text", node, at)
        parts = source.text.split(delimiter.text)
        items = [Node(part, node.line, joined(at, i), source.unknown) for i, part in enumerate(parts)]
        return Node(items, node.line, at, source.unknown)

    def select(self, argument: Node, node: Node, at: str) -> Node | None:
        if len(argument.items) != 2:
            return self._failed("Fn::Select wants an index and a list", node, at)
        index, found = self.resolve(argument.items[0]), self.texts(argument.items[1])
        number = int(index.text) if index is not None and index.text.isdecimal() else -1
        if 0 <= number < len(found):
            return replace(found[number], at=at)
        if unknown := _first_unknown(found):
            return self._unknown(node, at, unknown)
        return self._failed(f"Fn::Select can't take item {_as_text(index)} of {len(found)}", node, at)

    def find_in_map(self, argument: Node, node: Node, at: str) -> Node | None:
        keys = [self.resolve(item) for item in argument.items[:3]]
        if len(keys) != 3:
            return self._failed("Fn::FindInMap wants a map and two keys", node, at)
        found = self.root.get("Mappings", *(_as_text(key) for key in keys))
        if found.value is not None:
            return self.resolve(found, at)
        if len(argument.items) > 3 and (default := argument.items[3].get("DefaultValue")).value is not None:
            return self.resolve(default, at)
        if unknown := _first_unknown([key for key in keys if key is not None]):
            return self._unknown(node, at, unknown)
        path = [_as_text(key) for key in keys]
        message = f"Template error: Unable to get mapping for {'::'.join(path)}"
        return self._failed(message, node, at, self._near_mapping(path))

    def _near_mapping(self, path: list[str]) -> str:
        """A hint at the first of the names that is wrong."""
        known = self.root.get("Mappings")
        for name in path:
            if name not in known.fields:
                return closest(name, known.fields)
            known = known.get(name)
        return ""

    def base64(self, argument: Node, node: Node, at: str) -> Node:
        value = self.resolve(argument)
        text = base64.b64encode(_as_text(value).encode(errors="replace")).decode()
        return Node(text, node.line, at, value.unknown if value is not None else "")

    def import_value(self, argument: Node, node: Node, at: str) -> Node:
        return self._unknown(node, at, _as_text(self.resolve(argument)) or "Fn::ImportValue")

    def length(self, argument: Node, node: Node, at: str) -> Node:
        found = self.texts(argument)
        return Node(str(len(found)), node.line, at, _first_unknown(found))

    def to_json(self, argument: Node, node: Node, at: str) -> Node:
        value = self.resolve(argument)
        return Node(json.dumps(plain(value)) if value is not None else "", node.line, at)

    # ── conditions ───────────────────────────────────────────────────────────

    def if_(self, argument: Node, node: Node, at: str) -> Node | None:
        if len(argument.items) != 3:
            return self._failed("Fn::If wants a condition and two values", node, at)
        name, yes, no = argument.items
        return self.resolve(yes if self.condition(name.text, name) else no, at)

    def condition(self, name: str, node: Node) -> bool:
        """Does a named condition hold? An unknown one is complained about and doesn't."""
        if name in self._conditions:
            return self._conditions[name]
        definition = self.root.get("Conditions").fields.get(name)
        if definition is None or f"condition {name}" in self._open:
            fault = "is not defined" if definition is None else "depends on itself"
            known = list(self.root.get("Conditions").fields)
            self.complain(
                f"the condition {name} {fault}", node, hint=closest(name, known) if definition is None else ""
            )
            return False
        with self._opened(f"condition {name}"):
            self._conditions[name] = self.holds(definition)
        return self._conditions[name]

    def holds(self, node: Node) -> bool:
        """Is the expression of a condition true?"""
        name, argument = next(iter(node.fields.items()), ("", node))
        if name == "Condition":
            return self.condition(argument.text, argument)
        if name == "Fn::Equals":
            left, right = [*(self.resolve(item) for item in argument.items), None, None][:2]
            return left is not None and right is not None and plain(left) == plain(right)
        if name in _LOGIC:
            return _LOGIC[name]([self.holds(item) for item in argument.items])
        value = self.resolve(node)
        return value is not None and value.text == "true"

    def truth(self, argument: Node, node: Node, at: str) -> Node:
        """A condition function in the place of a value."""
        return Node(str(self.holds(node)).lower(), argument.line, at)


_LOGIC: dict[str, Callable[[Sequence[bool]], bool]] = {
    "Fn::And": all,
    "Fn::Or": any,
    "Fn::Not": lambda values: not any(values),
}
_FUNCTIONS: dict[str, Callable[[Resolver, Node, Node, str], Node | None]] = {
    "Ref": Resolver.ref,
    "Fn::GetAtt": Resolver.get_att,
    "Fn::Sub": Resolver.sub,
    "Fn::Join": Resolver.join,
    "Fn::Split": Resolver.split,
    "Fn::Select": Resolver.select,
    "Fn::FindInMap": Resolver.find_in_map,
    "Fn::Base64": Resolver.base64,
    "Fn::ImportValue": Resolver.import_value,
    "Fn::Length": Resolver.length,
    "Fn::ToJsonString": Resolver.to_json,
    "Fn::If": Resolver.if_,
    "Fn::Equals": Resolver.truth,
    "Fn::And": Resolver.truth,
    "Fn::Or": Resolver.truth,
    "Fn::Not": Resolver.truth,
}


def _call(node: Node) -> tuple[str, Node] | None:
    """The function and its argument, where a node is one."""
    if len(node.fields) != 1:
        return None
    name, argument = next(iter(node.fields.items()))
    return (name, argument) if name == "Ref" or name.startswith("Fn::") else None


def _as_text(node: Node | None) -> str:
    """A value within a text: lists as Join with commas would give them, NoValue as nothing."""
    if node is None:
        return ""
    return ",".join(_as_text(item) for item in node.items) if node.items else node.text


def _first_unknown(nodes: Sequence[Node]) -> str:
    return next((node.unknown for node in nodes if node.unknown), "")


def _text_and_unknown(node: Node) -> tuple[str, str]:
    return node.text, node.unknown
