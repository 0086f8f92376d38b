import pytest

from edgesim.distribution.limits import CACHEABLE_OBJECT_BYTES
from edgesim.errors import OriginTrouble
from edgesim.rules.usable import SENTENCES, trouble_with
from edgesim.testing.make import a_request, behavior
from edgesim.values.headers import Headers
from edgesim.values.message import Response


def head(status=200, **headers):
    return Response(status, Headers((name.replace("_", "-"), value) for name, value in headers.items()))


@pytest.mark.parametrize(
    ("response", "trouble"),
    [
        pytest.param(head(206, content_length="4", content_range="bytes 0-3/10"), None, id="as many bytes"),
        pytest.param(head(206, content_length="4", content_range="bytes 6-9/*"), None, id="of an unknown whole"),
        pytest.param(
            head(206, content_length="5", content_range="bytes 0-3/10"), OriginTrouble.CONTENT_RANGE, id="more bytes"
        ),
        pytest.param(head(206, content_range="bytes 0-3/10"), None, id="no length"),
        pytest.param(
            head(206, content_length="5", content_range="bytes 0-3/10", transfer_encoding="chunked"),
            None,
            id="a length that does not count",
        ),
        pytest.param(head(206, content_length="5", content_range="pages 0-3/10"), None, id="of another unit"),
        pytest.param(head(206, content_length="500"), None, id="many ranges"),
        pytest.param(head(200, content_length="5", content_range="bytes 0-3/10"), None, id="a whole object"),
    ],
)
def test_a_part_has_the_length_that_its_range_tells(response, trouble):
    assert trouble_with(behavior(), a_request(), response) is trouble


@pytest.mark.parametrize(
    ("coding", "trouble"),
    [
        pytest.param("Chunked", None, id="chunked"),
        pytest.param("identity", None, id="identity is none"),
        pytest.param("something", None, id="nor is this"),
        pytest.param("gzip, chunked", OriginTrouble.INVALID_RESPONSE, id="one that would be lost"),
        pytest.param("gzip", OriginTrouble.INVALID_RESPONSE, id="another"),
    ],
)
def test_chunked_is_the_only_transfer_coding(coding, trouble):
    assert trouble_with(behavior(), a_request(), head(200, transfer_encoding=coding)) is trouble


@pytest.mark.parametrize(
    ("chosen", "request_", "size", "trouble"),
    [
        pytest.param(behavior(), a_request(), CACHEABLE_OBJECT_BYTES, None, id="50 GB"),
        pytest.param(behavior(), a_request(), CACHEABLE_OBJECT_BYTES + 1, OriginTrouble.TOO_LARGE, id="more"),
        pytest.param(
            behavior(min_ttl=0, default_ttl=0, max_ttl=0),
            a_request(),
            CACHEABLE_OBJECT_BYTES + 1,
            None,
            id="more, where nothing is cached",
        ),
        pytest.param(behavior(), a_request(method="POST"), CACHEABLE_OBJECT_BYTES + 1, None, id="to a POST"),
        pytest.param(behavior(), a_request(method="HEAD"), CACHEABLE_OBJECT_BYTES + 1, None, id="told to a HEAD"),
    ],
)
def test_what_is_larger_than_50_gb_is_not_fetched_for_the_cache(chosen, request_, size, trouble):
    assert trouble_with(chosen, request_, head(content_length=str(size))) is trouble


def test_every_trouble_has_its_sentence():
    assert {OriginTrouble.INVALID_RESPONSE, OriginTrouble.CONTENT_RANGE, OriginTrouble.TOO_LARGE} == SENTENCES.keys()
