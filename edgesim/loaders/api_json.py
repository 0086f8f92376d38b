"""The JSON that `aws cloudfront get-distribution-config` and `get-distribution` print, or the configuration alone."""

from __future__ import annotations

from pathlib import Path

from edgesim.loaders.api_form import cloudformation_form, miscounted, tolerant
from edgesim.loaders.assemble import Books, Named, assemble, unknown_origins
from edgesim.loaders.associations import FunctionBook
from edgesim.loaders.nodes import Node
from edgesim.loaders.policies import CACHE, ORIGIN_REQUEST, RESPONSE_HEADERS, PolicyBook
from edgesim.loaders.public_keys import keys_of_api_json
from edgesim.loaders.request import Loaded, Overrides, loaded


def load_api_json(root: Node, path: Path, file: str, overrides: Overrides) -> Loaded:
    """The one distribution of a file. `file` is what the user calls it."""
    whole = root.get("Distribution")
    config = (
        root if "DefaultCacheBehavior" in root.fields else (whole if whole.fields else root).get("DistributionConfig")
    )
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
    named = Named(whole.get("Id").text or path.stem, whole.get("Id").text, whole.get("DomainName").text)
    distribution, problems = assemble(
        _without_nulls(cloudformation_form(config)), named, books, file, overrides.origins
    )
    books.functions.check_overrides([])
    found = [*miscounted(config, file), *map(tolerant, problems), *books.problems()]
    found += unknown_origins([distribution], overrides.origins)
    return loaded([distribution], found, [file, *books.files()], places=books.functions.places)


def _without_nulls(node: Node) -> Node:
    if node.fields:
        return node.with_value({k: _without_nulls(v) for k, v in node.fields.items() if v.value is not None})
    return node.with_value([_without_nulls(item) for item in node.items]) if node.items else node
