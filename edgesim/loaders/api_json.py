"""The JSON that `aws cloudfront get-distribution-config` and `get-distribution` print, or the configuration alone."""

from __future__ import annotations

from pathlib import Path

from edgesim.distribution.model import Distribution
from edgesim.distribution.problems import Problem
from edgesim.loaders.api_form import cloudformation_form, miscounted, tolerant
from edgesim.loaders.assemble import Books, Named, assemble, unknown_origins
from edgesim.loaders.associations import FunctionBook
from edgesim.loaders.continuous_deployment import unconnected
from edgesim.loaders.detect import format_of
from edgesim.loaders.nodes import Node
from edgesim.loaders.policies import CACHE, ORIGIN_REQUEST, RESPONSE_HEADERS, PolicyBook
from edgesim.loaders.public_keys import keys_of_api_json
from edgesim.loaders.read import read_file
from edgesim.loaders.request import Loaded, Overrides, loaded
from edgesim.loaders.unreadable import Unreadable
from edgesim.values.place import Place


def load_api_json(root: Node, path: Path, file: str, overrides: Overrides) -> Loaded:
    """The one distribution of a file, and its staging distribution where that is given. `file` is what the user calls
    it."""
    whole, config = _parts(root)
    books = Books(
        FunctionBook(overrides.functions),
        PolicyBook(CACHE),
        PolicyBook(ORIGIN_REQUEST),
        PolicyBook(RESPONSE_HEADERS),
        signs=overrides.signs,
        keys=keys_of_api_json(whole, overrides.public_keys),
    )
    books.cache_policies.add_files(overrides.cache_policies)
    books.origin_request_policies.add_files(overrides.origin_request_policies)
    books.response_headers_policies.add_files(overrides.response_headers_policies)
    books.deployments.add_files(overrides.continuous_deployment_policies)
    distribution, problems = _assembled(root, path.stem, file, books, overrides)
    distributions, files = [distribution], [file]
    found = [*miscounted(config, file), *problems]
    if overrides.staging:
        staging, problems = _staging(distribution, books, overrides)
        distributions += staging
        files.append(overrides.staging)
        found += problems
    books.functions.check_overrides([])
    found += [*books.problems(), *unknown_origins(distributions, overrides.origins)]
    place = config.get("Staging").place(file)
    found += unconnected(distributions, lambda one: place if one is distribution else Place(overrides.staging))
    return loaded(distributions, found, [*files, *books.files()], places=books.functions.places)


def _parts(root: Node) -> tuple[Node, Node]:
    """What is around a configuration, with the Id and the DomainName, and the configuration."""
    whole = root.get("Distribution")
    if "DefaultCacheBehavior" in root.fields:
        return whole, root
    return whole, (whole if whole.fields else root).get("DistributionConfig")


def _assembled(
    root: Node, name: str, file: str, books: Books, overrides: Overrides, domain: str = ""
) -> tuple[Distribution, list[Problem]]:
    whole, config = _parts(root)
    named = Named(whole.get("Id").text or name, whole.get("Id").text, whole.get("DomainName").text or domain)
    tree = _without_nulls(cloudformation_form(config))
    distribution, problems = assemble(tree, named, books, file, overrides.origins)
    return distribution, list(map(tolerant, problems))


def _staging(primary: Distribution, books: Books, overrides: Overrides) -> tuple[list[Distribution], list[Problem]]:
    """The staging distribution of `--staging`. What get-distribution-config prints does not tell its domain name: the
    policy does."""
    file = overrides.staging
    try:
        root, odd = read_file(Path(file).expanduser(), file)
        format_of(root, file)
    except Unreadable as error:
        return [], [error.problem]
    policy = primary.continuous_deployment
    domain = next(iter(policy.staging), "") if policy is not None else ""
    staging, problems = _assembled(root, Path(file).stem, file, books, overrides, domain)
    if not staging.staging:
        place = _parts(root)[1].get("Staging")
        hint = "it is the one whose Staging is true"
        problems.append(Problem("this is no staging distribution", place.at, hint, file=file, line=place.line))
    return [staging], [*odd, *problems]


def _without_nulls(node: Node) -> Node:
    if node.fields:
        return node.with_value({k: _without_nulls(v) for k, v in node.fields.items() if v.value is not None})
    return node.with_value([_without_nulls(item) for item in node.items]) if node.items else node
