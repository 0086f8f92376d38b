"""The cache suite as a standing test: what it requires is what edgesim does, but for what CloudFront does otherwise."""

from __future__ import annotations

import pytest

from tests.conformance.counting import KINDS, counted, documented, not_passed
from tests.conformance.suite import Run, downloaded, run

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def told() -> Run:
    """One run, in some 25 seconds; from npm the first time."""
    return run(downloaded())


def test_what_is_required_and_fails_is_what_cloudfront_documents(told: Run) -> None:
    failed = not_passed(told.tests, told.results)
    explained = {id_ for row in documented() for id_ in row.tests}
    assert {id_: told.results.get(id_) for id_ in failed - explained} == {}
    assert explained - failed == set(), "these pass, and documented.toml says that they do not"


def test_what_would_be_optimal_and_fails_has_its_reason(told: Run) -> None:
    failed = not_passed(told.tests, told.results, "optimal")
    explained = [id_ for row in documented("optimal") for id_ in row.tests]
    assert len(explained) == len(set(explained))
    assert {id_: told.results.get(id_) for id_ in failed - set(explained)} == {}
    assert set(explained) - failed == set(), "these pass, and documented.toml says that they do not"


def test_no_published_cache_passes_more_of_what_is_required(told: Run) -> None:
    ours, *others = (counted(told.tests, results)["required"].passed for results in _all(told))
    assert ours > max(others)


def test_every_test_has_a_kind_that_is_counted(told: Run) -> None:
    assert {test.kind for test in told.tests} == set(KINDS)
    assert set(told.results) <= {test.id for test in told.tests}


def _all(told: Run) -> list[dict[str, object]]:
    return [told.results, *(one.results for one in told.published)]
