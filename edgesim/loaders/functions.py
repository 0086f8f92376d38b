"""Lambda functions as CloudFormation and SAM templates declare them, and where their code is.

Rule 1: only functions that an association names are looked at.
Rule 2: code without a local path is an error with the way out, never a guess.
Source: distribution-config.md §2; for settings see function_settings.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from edgesim.distribution.config import parse
from edgesim.distribution.findings import Finding
from edgesim.distribution.model import AutoPublish, Code
from edgesim.distribution.problems import Severity
from edgesim.distribution.versions import Configuration, LambdaFunction, Refused, publish
from edgesim.loaders import resources
from edgesim.loaders.associations import REFUSED, Declared
from edgesim.loaders.code import code_sha256, existing, handler_files
from edgesim.loaders.function_settings import (
    Settings,
    VersionSettings,
    code_over_quota,
    faults,
    left_out,
    version_faults,
)
from edgesim.loaders.handlers import NO_MODULE, handler_finding
from edgesim.loaders.intrinsics import FAILED, Resolver
from edgesim.loaders.nodes import Node, plain, problem
from edgesim.loaders.properties import report_unknown
from edgesim.loaders.unknowns import Unknowns
from edgesim.values.function_arn import function_name
from edgesim.values.place import NOWHERE, Place

_PROPERTIES = [field.alias or "" for field in Settings.model_fields.values()]
_VERSION_PROPERTIES = [field.alias or "" for field in VersionSettings.model_fields.values()]
_CODE = ("Code", "CodeUri", "InlineCode", "ImageUri")
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


class TemplateFunctions:
    """The functions of one template. `built` is the tree of .aws-sam/build/template.yaml and its directory."""

    def __init__(self, resolver: Resolver, base: Path, built: tuple[Node, Path] | None = None) -> None:
        self.resolver = resolver
        self.base = base
        self.built = built
        self._declared: dict[str, Declared] = {}
        self._names: dict[str, str] | None = None

    @property
    def names(self) -> dict[str, str]:
        """Logical ids by function name."""
        if self._names is None:
            self._names = {
                self._name(logical_id): logical_id for logical_id, _ in self.resolver.live(*resources.FUNCTIONS)
            }
        return self._names

    def _name(self, logical_id: str) -> str:
        node = self.resolver.resources[logical_id]
        return self.resolver.said(logical_id, "{name}", node, node.at, logical_id).text

    def declared(self, name: str) -> Declared | None:
        """The function of that name, or the one behind a custom resource's attribute, or None."""
        logical_id = self.names.get(name) or self._behind(name)
        if logical_id and logical_id not in self._declared:
            self._declared[logical_id] = self._declare(logical_id)
        return self._declared.get(logical_id)

    def _behind(self, name: str) -> str:
        """The one function that a custom resource names in its properties, `X.FunctionArn` being an attribute of X.

        observed: templates publish versions through custom resources, which get the function as a property
        """
        logical_id = name.partition(".")[0]
        resource = self.resolver.resources.get(logical_id)
        if resource is None or not resource.get("Type").text.startswith(_CUSTOM):
            return ""
        given = [key for key in resource.get("Properties").fields if key != "ServiceToken"]
        texts = [leaf.text for key in given for _, leaf in self.resolver.property_of(logical_id, key).leaves()]
        found = {self.names[function] for text in texts if (function := function_name(text)) in self.names}
        return found.pop() if len(found) == 1 else ""

    def _declare(self, logical_id: str) -> Declared:
        tree = self._properties(logical_id, _PROPERTIES)
        settings, findings = parse(Settings, plain(tree))
        arn = self._version_arn(logical_id, tree)
        self._report([*findings, *faults(settings, arn), *self._role_faults(logical_id)], tree)
        self.resolver.problems += [problem(finding, tree, self.resolver.file) for finding in left_out(settings)]
        self._check_versions(logical_id, arn)
        report_unknown(self.resolver, logical_id)
        return Declared(
            logical_id,
            self._name(logical_id),
            settings.handler,
            settings.runtime,
            settings.timeout,
            settings.memory_size,
            lambda: self._code(logical_id, settings),
            settings.reserved_concurrent_executions,
            _auto_publish(settings),
            self._places(logical_id, tree),
        )

    def _places(self, logical_id: str, tree: Node) -> Mapping[str, Place]:
        """Where its properties stand, Globals included; `Code` is wherever its package is told."""
        whole, written = self.resolver.resources[logical_id], self._properties(logical_id, list(_CODE)).fields.values()
        nodes = {"": whole, **tree.fields, "Code": next(iter(written), whole)}
        return {name: node.place(self.resolver.file) for name, node in nodes.items()}

    def _report(self, findings: Iterable[Finding], tree: Node) -> None:
        """Tell what is not about a stand-in."""
        for finding in Unknowns(tree).sayable(findings):
            self.resolver.problems.append(problem(finding, tree, self.resolver.file))

    def _check_versions(self, logical_id: str, arn: str) -> None:
        """What is wrong with the versions of a function."""
        for version in self._versions(logical_id):
            tree = self._properties(version, _VERSION_PROPERTIES)
            settings, findings = parse(VersionSettings, plain(tree))
            self._report([*findings, *version_faults(settings, arn)], tree)
            report_unknown(self.resolver, version)

    def _properties(self, logical_id: str, names: list[str]) -> Node:
        """Some of a function's properties, resolved, SAM's Globals included."""
        where = self.resolver.resources[logical_id].get("Properties")
        found = {name: self.resolver.property_of(logical_id, name) for name in names}
        return where.with_value({name: node for name, node in found.items() if node.value is not None})

    # ── the role ─────────────────────────────────────────────────────────────

    def _role_faults(self, logical_id: str) -> Iterator[Finding]:
        """Must the role still learn to trust Lambda@Edge? Silent where the role is not in the template."""
        role, trust = self._trust(logical_id)
        if trust is not None and not any(leaf.text == _EDGE_PRINCIPAL for _, leaf in trust.leaves()):
            message = (
                "The function execution role must be assumable with edgelambda.amazonaws.com as well as "
                f"lambda.amazonaws.com principals. Update the IAM role and try again. Role: {role}"
            )
            yield Finding(
                (), message, "edgesim has no roles and runs the function", REFUSED, Severity.WARNING, is_refused=True
            )

    def _trust(self, logical_id: str) -> tuple[str, Node | None]:
        """The name and trust policy of a function's role."""
        resource = self.resolver.resources[logical_id]
        role = resource.get("Properties", "Role")
        if role.value is None and resource.get("Type").text == resources.SAM_FUNCTION:
            return f"{logical_id}Role", self.resolver.property_of(logical_id, "AssumeRolePolicyDocument")
        argument = role.get("Fn::GetAtt")
        name = (argument.items[0].text if argument.items else argument.text).partition(".")[0]
        if name not in self.resolver.resources:
            return name, None
        policy = self.resolver.property_of(name, "AssumeRolePolicyDocument")
        return name, policy if policy.fields else None

    # ── the code ─────────────────────────────────────────────────────────────

    def _code(self, logical_id: str, settings: Settings) -> Code | None:
        tree = self._properties(logical_id, list(_CODE))
        inline = tree.get("InlineCode") if tree.get("InlineCode").value else tree.get("Code", "ZipFile")
        if inline.text:
            self._warn_of_stand_ins(inline)
            if not inline.unknown:
                self._check_handler(logical_id, Code(inline=inline.text), settings, inline)
            first_line = inline.first_line or None
            return Code(inline=inline.text, written=Place(self.resolver.file, first_line) if first_line else NOWHERE)
        code = tree.get("CodeUri") if tree.get("CodeUri").value else tree.get("Code")
        path, written = self._path(logical_id, code)
        if path is None:
            self._complain(
                _lost(written, settings, code), code, f"say where it is: --function {logical_id}=PATH[:HANDLER]"
            )
            return None
        self._check_handler(logical_id, Code(path=str(path)), settings, code)
        self._check_zip(logical_id, path, code)
        return Code(path=str(path))

    def _check_zip(self, logical_id: str, path: Path, code: Node) -> None:
        """What is known of a package before it is uploaded: its size, and the digest that a version may ask for."""
        if path.suffix != ".zip" or not path.is_file():
            return
        arn = self._version_arn(logical_id, code)
        found = [problem(one, code, self.resolver.file) for one in code_over_quota(path.stat().st_size, arn)]
        self.resolver.problems += found
        self._check_guards(logical_id, path)

    def _check_guards(self, logical_id: str, path: Path) -> None:
        """Do the versions that name their code's digest name this one's? A warning: the package may be built anew."""
        for version in self._versions(logical_id):
            wanted = self.resolver.property_of(version, "CodeSha256")
            if not wanted.text or wanted.unknown:
                continue
            function = LambdaFunction(self._name(logical_id), Configuration(code_sha256(path)))
            refused = publish(function, code_sha256=wanted.text)
            if isinstance(refused, Refused):
                finding = Finding((), refused.message, code=refused.code, severity=Severity.WARNING)
                self.resolver.problems.append(problem(finding, wanted, self.resolver.file))

    def _versions(self, logical_id: str) -> Iterator[str]:
        """The logical ids of a function's versions."""
        for version, _ in self.resolver.live(resources.VERSION):
            of = function_name(self.resolver.property_of(version, "FunctionName").text)
            if self.names.get(of) == logical_id:
                yield version

    def _version_arn(self, logical_id: str, near: Node) -> str:
        return self.resolver.said(
            logical_id, resources.SAM_REFS["Version"], near, near.at, f"{logical_id}.Version"
        ).text

    def _path(self, logical_id: str, code: Node) -> tuple[Path | None, str]:
        """Where the code is, and what is written about it."""
        asset = self.resolver.resources[logical_id].get("Metadata", "aws:asset:path").text
        built = self._built(logical_id)
        if built is not None:
            return built, code.text
        if asset or code.fields:
            return (existing(self.base, asset) if asset else None), asset
        # documented: without Code, the whole directory of the template is packaged (distribution-config.md §2)
        return existing(self.base, code.text or "."), code.text

    def _built(self, logical_id: str) -> Path | None:
        """What `sam build` made of it."""
        if self.built is None:
            return None
        root, base = self.built
        written = root.get("Resources", logical_id, "Properties", "CodeUri").text
        return existing(base, written) if written else None

    def _check_handler(self, logical_id: str, code: Code, settings: Settings, written: Node) -> None:
        """In the place of the handler, where the template says one; `written` is what it says of the code."""
        found = handler_finding(code, settings.handler, settings.runtime)
        if found is None:
            return
        named = self._properties(logical_id, ["Handler"]).get("Handler")
        method = self.resolver.resources[logical_id].get("Metadata", "BuildMethod").text
        first = handler_files(settings.handler, settings.runtime)[0]
        typescript = code.path and existing(Path(code.path), first.removesuffix(".js") + ".ts") is not None
        if found.code == NO_MODULE and (method or typescript):
            found = replace(found, hint=_how_to_build(logical_id, settings.handler))
        self.resolver.problems.append(problem(found, named if named.text else written, self.resolver.file))

    def _warn_of_stand_ins(self, inline: Node) -> None:
        if inline.unknown and inline.unknown != FAILED:
            message = f"the inline code holds a value that can't be known locally: {inline.unknown}"
            self.resolver.complain(message, inline, warn=True)

    def _complain(self, message: str, node: Node, hint: str = "") -> None:
        self.resolver.complain(message, node, hint=hint)


def _auto_publish(settings: Settings) -> AutoPublish | None:
    if not settings.auto_publish_alias:
        return None
    return AutoPublish(settings.auto_publish_alias_all_properties, settings.auto_publish_code_sha256)


def _how_to_build(logical_id: str, handler: str) -> str:
    """For code that has to be built before Lambda can run it."""
    name, _, export = handler.rpartition(".")
    return (
        "run `sam build`, and edgesim takes what it makes; or name what your own build makes: "
        f"--function {logical_id}=dist/{name}.js:{export}"
    )


_EDGE_PRINCIPAL = "edgelambda.amazonaws.com"


def _lost(written: str, settings: Settings, code: Node) -> str:
    """Why there is no code."""
    if settings.package_type == "Image":
        return "Lambda@Edge runs no container images, and edgesim neither"
    if code.unknown:
        return f"where the code is can't be known locally: it comes from {code.unknown}"
    if written and not written.startswith("s3://"):
        return f"there is no code at {written}"
    return "the code is in S3, and its local path is not in this template: load the template before it is packaged"
