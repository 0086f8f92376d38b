"""Lambda functions as CloudFormation and SAM templates declare them, and where their code is.

Rule 1: only functions that an association names are looked at.
Rule 2: what Lambda@Edge refuses in a function's settings is a warning: locally the function runs all the same.
Rule 3: code without a local path is an error with the way out, never a guess.
Source: distribution-config.md §2 and §4, lambda-edge.md §9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field

from edgesim.distribution import limits
from edgesim.distribution.config import Inert, Part, Texts, parse
from edgesim.distribution.findings import Finding
from edgesim.distribution.model import Code
from edgesim.distribution.problems import Severity
from edgesim.errors import ConfigError
from edgesim.loaders import resources
from edgesim.loaders.arn import function_name
from edgesim.loaders.associations import REFUSED, Declared
from edgesim.loaders.code import existing, handler_files, has_handler, is_python
from edgesim.loaders.intrinsics import FAILED, Resolver
from edgesim.loaders.nodes import Node, plain, problem


class Settings(Part):
    """The properties that matter of AWS::Lambda::Function and AWS::Serverless::Function."""

    handler: str = ""
    runtime: str = ""
    timeout: int = Field(limits.DEFAULT_FUNCTION_TIMEOUT_SECONDS, ge=1, le=900)
    memory_size: int = Field(limits.DEFAULT_FUNCTION_MEMORY_MB, ge=128, le=10_240)
    package_type: str = "Zip"
    architectures: Texts = ()
    layers: Inert = None
    environment: Inert = None
    vpc_config: Inert = None
    dead_letter_config: Inert = None
    dead_letter_queue: Inert = None
    tracing_config: Inert = None
    tracing: Inert = None
    ephemeral_storage: Inert = None


_PROPERTIES = [field.alias or "" for field in Settings.model_fields.values()]


class Limit(NamedTuple):
    """A property that keeps Lambda@Edge from taking a function, and what AWS says of it."""

    property: str
    says: str
    applies: Callable[[Settings], Any]


_LIMITS = (
    # observed: distribution-config.md §4
    Limit(
        "Environment",
        "The function cannot have environment variables. Function: {arn}",
        lambda s: isinstance(s.environment, dict) and s.environment.get("Variables"),
    ),
    Limit("VpcConfig", "The function cannot have a VPC configuration. Function: {arn}", lambda s: s.vpc_config),
    Limit("Layers", "The function cannot have a layer. Function: {arn}", lambda s: s.layers),
    Limit(
        "Timeout",
        "The function timeout is larger than the maximum allowed for functions that are triggered by a CloudFront "
        f"event: {{timeout}} Max allowed: {limits.FUNCTION_TIMEOUT_SECONDS} Function: {{arn}}",
        lambda s: s.timeout > limits.FUNCTION_TIMEOUT_SECONDS,
    ),
    # documented: lambda-edge.md §9, without the text
    Limit(
        "Architectures", "Lambda@Edge runs x86_64 functions only. Function: {arn}", lambda s: "arm64" in s.architectures
    ),
    Limit(
        "DeadLetterConfig", "Lambda@Edge knows no dead-letter queue. Function: {arn}", lambda s: s.dead_letter_config
    ),
    Limit("DeadLetterQueue", "Lambda@Edge knows no dead-letter queue. Function: {arn}", lambda s: s.dead_letter_queue),
    Limit("TracingConfig", "Lambda@Edge knows no X-Ray. Function: {arn}", lambda s: _traces(s.tracing_config)),
    Limit("Tracing", "Lambda@Edge knows no X-Ray. Function: {arn}", lambda s: s.tracing == "Active"),
    Limit(
        "EphemeralStorage",
        "Lambda@Edge has 512 MB of /tmp. Function: {arn}",
        lambda s: isinstance(s.ephemeral_storage, dict) and s.ephemeral_storage.get("Size", "512") != "512",
    ),
)
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
_LIMIT_HINT = "AWS refuses the association; edgesim runs the function all the same"


def _traces(config: object) -> bool:
    return isinstance(config, dict) and config.get("Mode") == "Active"


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
        arn = self.resolver.said(logical_id, resources.SAM_REFS["Version"], tree, tree.at, f"{logical_id}.Version").text
        for finding in (*findings, *_faults(settings, arn), *self._role_faults(logical_id)):
            if not tree.get(*map(str, finding.at[:1])).unknown:
                self.resolver.problems.append(problem(finding, tree, self.resolver.file))
        return Declared(
            logical_id,
            self._name(logical_id),
            settings.handler,
            settings.runtime,
            settings.timeout,
            settings.memory_size,
            lambda: self._code(logical_id, settings),
        )

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
            yield Finding((), message, "edgesim has no roles and runs the function", REFUSED, Severity.WARNING)

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
        tree = self._properties(logical_id, ["Code", "CodeUri", "InlineCode", "ImageUri"])
        inline = tree.get("InlineCode") if tree.get("InlineCode").value else tree.get("Code", "ZipFile")
        if inline.text:
            self._warn_of_stand_ins(inline)
            return Code(inline=inline.text)
        code = tree.get("CodeUri") if tree.get("CodeUri").value else tree.get("Code")
        path, written = self._path(logical_id, code)
        if path is None:
            self._complain(
                _lost(written, settings, code), code, f"say where it is: --function {logical_id}=PATH[:HANDLER]"
            )
            return None
        self._check_handler(logical_id, path, settings, code)
        return Code(path=str(path))

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

    def _check_handler(self, logical_id: str, path: Path, settings: Settings, code: Node) -> None:
        if path.is_file() and path.suffix != ".zip":
            return
        try:
            found = has_handler(path, settings.handler, settings.runtime)
        except ConfigError as error:
            self._complain(str(error), code)
            return
        if not found:
            files = [name for name in handler_files(settings.handler, settings.runtime) if Path(name).suffix]
            message = f"{path} has none of {', '.join(files)} for the handler {settings.handler}"
            method = self.resolver.resources[logical_id].get("Metadata", "BuildMethod").text
            typescript = existing(path, files[0].removesuffix(".js") + ".ts") is not None
            hint = "run `sam build` first: edgesim then takes what it built" if method or typescript else ""
            self.resolver.complain(message, code, hint=hint, warn=True)

    def _warn_of_stand_ins(self, inline: Node) -> None:
        if inline.unknown and inline.unknown != FAILED:
            message = f"the inline code holds a value that can't be known locally: {inline.unknown}"
            self.resolver.complain(message, inline, warn=True)

    def _complain(self, message: str, node: Node, hint: str = "") -> None:
        self.resolver.complain(message, node, hint=hint)


_EDGE_PRINCIPAL = "edgelambda.amazonaws.com"


def _faults(settings: Settings, arn: str) -> Iterator[Finding]:
    """What AWS has against a function, whoever associates it."""
    if settings.package_type != "Image" and not (settings.handler and settings.runtime):
        name = "Runtime" if settings.handler else "Handler"
        message = "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        yield Finding((name,), message)
    elif settings.runtime and not settings.runtime.startswith("nodejs") and not is_python(settings.runtime):
        message = f"Lambda@Edge runs Node.js and Python, not {settings.runtime}. Function: {arn}"
        yield Finding(("Runtime",), message, code=REFUSED)
    for limit in _LIMITS:
        if limit.applies(settings):
            message = limit.says.format(arn=arn, timeout=settings.timeout)
            yield Finding((limit.property,), message, _LIMIT_HINT, REFUSED, Severity.WARNING)


def _lost(written: str, settings: Settings, code: Node) -> str:
    """Why there is no code."""
    if settings.package_type == "Image":
        return "Lambda@Edge runs no container images, and edgesim neither"
    if code.unknown:
        return f"where the code is can't be known locally: it comes from {code.unknown}"
    if written and not written.startswith("s3://"):
        return f"there is no code at {written}"
    return "the code is in S3, and its local path is not in this template: load the template before it is packaged"
