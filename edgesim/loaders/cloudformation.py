"""CloudFormation and SAM templates, in YAML or JSON; a stack's template in `cdk.out` is one too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from edgesim.distribution.findings import closest
from edgesim.distribution.model import Distribution, EdgeFunction
from edgesim.distribution.problems import Problem, Severity
from edgesim.loaders import resources
from edgesim.loaders.access_controls import declared_access_controls
from edgesim.loaders.aliases import declared_aliases
from edgesim.loaders.api_form import cloudformation_form
from edgesim.loaders.arn import ACCOUNT, REGION
from edgesim.loaders.assemble import Books, Named, assemble, unknown_origins
from edgesim.loaders.associations import FunctionBook
from edgesim.loaders.buckets import declared_buckets
from edgesim.loaders.continuous_deployment import declared_deployments, unconnected
from edgesim.loaders.functions import TemplateFunctions
from edgesim.loaders.intrinsics import PSEUDO, Resolver
from edgesim.loaders.nodes import Node
from edgesim.loaders.overlooked import has_misspelt_distribution, overlooked
from edgesim.loaders.policies import CACHE, ORIGIN_REQUEST, RESPONSE_HEADERS, Kind, PolicyBook, T
from edgesim.loaders.properties import report_globals, report_misspelt, report_unknown
from edgesim.loaders.public_keys import keys_of_template
from edgesim.loaders.read import read_file
from edgesim.loaders.request import Loaded, Overrides, Texts, loaded
from edgesim.loaders.unreadable import Unreadable
from edgesim.loaders.vpc_origins import declared_vpc_origins

_BUILT = Path(".aws-sam", "build", "template.yaml")


def load_template(root: Node, path: Path, file: str, overrides: Overrides) -> Loaded:
    """Every distribution of a template. `file` is what the user calls it."""
    resolver = Resolver(root, file, overrides.parameters)
    built, notices, files = _built(resolver, path)
    functions = TemplateFunctions(resolver, path.parent, built)
    books = Books(
        FunctionBook(overrides.functions, functions.declared),
        _policies(CACHE, resolver, overrides.cache_policies),
        _policies(ORIGIN_REQUEST, resolver, overrides.origin_request_policies),
        _policies(RESPONSE_HEADERS, resolver, overrides.response_headers_policies),
        resolver.parameters.keys(),
        declared_access_controls(resolver),
        declared_vpc_origins(resolver),
        overrides.signs,
        keys_of_template(resolver, overrides.public_keys),
        declared_deployments(resolver, overrides.continuous_deployment_policies),
    )
    distributions: list[Distribution] = []
    problems = [*_parameter_problems(resolver), *notices, *overlooked(resolver)]
    for logical_id, resource in resolver.live(resources.DISTRIBUTION):
        report_unknown(resolver, logical_id)
        distribution, found = _distribution(logical_id, resource, resolver, books, overrides)
        distributions.append(distribution)
        problems += found
    wanted = _wanted(overrides.function, functions, books.functions)
    if not distributions and not overrides.function and not has_misspelt_distribution(resolver):
        problems.append(_no_distribution(resolver))
    books.functions.check_overrides([*functions.names, *functions.names.values()])
    report_globals(resolver)
    for logical_id, _ in resolver.live(*resources.FUNCTIONS, resources.VERSION, resources.ALIAS):
        report_misspelt(resolver, logical_id)  # it keeps the template from being deployed, whoever the function is for
    problems += unconnected(distributions, lambda one: resolver.resources[one.name].place(file))
    aliases = declared_aliases(resolver, functions.names, books.functions.versions())
    problems += [*unknown_origins(distributions, overrides.origins), *books.problems(), *resolver.problems]
    read = [file, *files, *books.files()]
    return replace(
        loaded(distributions, problems, read, aliases=aliases, places=books.functions.places),
        logical_ids={logical: name for name, logical in functions.names.items()},
        retained=frozenset(one for one in functions.names.values() if _is_retained(resolver.resources[one])),
        buckets=declared_buckets(resolver),
        function=wanted,
    )


def _is_retained(resource: Node) -> bool:
    """Does it stay when it is taken out of the template?"""
    return resource.get("DeletionPolicy").text.startswith("Retain")


def _wanted(name: str, functions: TemplateFunctions, book: FunctionBook) -> EdgeFunction | None:
    """The function of that name or logical id, as if its first version were associated."""
    found = next((one for one, logical_id in functions.names.items() if name in (one, logical_id)), None)
    if found is None:
        return None
    resource = functions.resolver.resources[functions.names[found]]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{found}:1"
    return book.function(arn, "", (), resource.place(functions.resolver.file))


def _distribution(
    logical_id: str, resource: Node, resolver: Resolver, books: Books, overrides: Overrides
) -> tuple[Distribution, list[Problem]]:
    where = resource.get("Properties", "DistributionConfig")
    tree = resolver.resolve(where) or where.with_value({})
    if tree.get("OriginGroups").fields:  # the one list that CloudFormation, too, writes with Quantity and Items
        tree = tree.with_value({**tree.fields, "OriginGroups": cloudformation_form(tree.get("OriginGroups"))})
    nulls = [_null(leaf, resolver.file) for _, leaf in tree.leaves() if leaf.value is None]
    distribution, problems = assemble(tree, Named(logical_id), books, resolver.file, overrides.origins)
    return distribution, [*nulls, *problems]


def _null(leaf: Node, file: str) -> Problem:
    return Problem("Null values are not allowed in templates", leaf.at, "leave the key out", file=file, line=leaf.line)


def _no_distribution(resolver: Resolver) -> Problem:
    types = {resource.get("Type").text for resource in resolver.resources.values()}
    if resources.DISTRIBUTION in types:
        message = "the Condition of every AWS::CloudFront::Distribution in this template is false"
        return Problem(
            message, "Resources", "conditions depend on parameters: --parameter NAME=VALUE", file=resolver.file
        )
    return Problem("this template has no AWS::CloudFront::Distribution", "Resources", file=resolver.file)


def _policies(kind: Kind[T], resolver: Resolver, files: Texts) -> PolicyBook[T]:
    book = PolicyBook(kind)
    for logical_id, _ in resolver.live(f"AWS::CloudFront::{kind.name}"):
        tree = resolver.property_of(logical_id, kind.config)
        report_unknown(resolver, logical_id)
        book.add(logical_id, tree, resolver.file, resolver.parameters.keys())
    book.add_files(files)
    return book


# ── parameters ───────────────────────────────────────────────────────────────


def _parameter_problems(resolver: Resolver) -> Iterator[Problem]:
    for name, value in resolver.given.items():
        at = f"--parameter {name}"
        if name not in resolver.parameters and name not in PSEUDO:
            hint = closest(name, [*resolver.parameters, *PSEUDO])
            yield Problem(f"Parameters: [{name}] do not exist in the template", at, hint)
            continue
        if name in resolver.parameters and not resolver.allows(name):
            allowed = resolver.allowed_values(name)
            message = f"Parameter '{name}' must be one of AllowedValues: {', '.join(allowed)}"
            yield Problem(message, at, closest(value, allowed))


# ── sam build ────────────────────────────────────────────────────────────────


def _built(resolver: Resolver, path: Path) -> tuple[tuple[Node, Path] | None, list[Problem], list[str]]:
    """What `sam build` made of a SAM template: its tree and directory, what to say about it, and its file.

    documented: distribution-config.md §2, the build has the dependencies that the sources lack. The distribution
    itself is read from the user's own template, which may be newer.
    """
    built = path.parent / _BUILT
    if not resolver.is_sam or path.parent.name == "build" or not built.is_file():
        return None, [], []
    try:
        root, _ = read_file(built)
    except Unreadable as error:
        return None, [error.problem], []
    message = f"functions run from {_BUILT.parent}, where `sam build` put them"
    hint = "after a change run `sam build`, or remove .aws-sam to run the sources"
    notice = Problem(message, hint=hint, severity=Severity.WARNING, file=str(built))
    return (root, built.parent), [notice], [str(built)]
