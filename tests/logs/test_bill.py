"""What functions would cost."""

from __future__ import annotations

import pytest

from edgesim.logs.bill import LAMBDA_EDGE, cost, gb_seconds


def test_a_gigabyte_is_1024_megabytes() -> None:
    assert gb_seconds(1024 * 1000) == 1.0


@pytest.mark.parametrize(
    ("requests", "billed_ms", "memory_mb", "dollars"),
    [
        pytest.param(0, 0, 128, 0.0, id="idle is free"),
        pytest.param(1_000_000, 0, 128, 0.60, id="a million requests"),
        # the pricing page's own kind of example: 10 million requests of 50 ms with 128 MB
        pytest.param(10_000_000, 500_000_000, 128, 6.0 + 62_500 * 0.00005001, id="requests and their time"),
    ],
)
def test_the_bill_is_requests_and_gb_seconds(requests: int, billed_ms: int, memory_mb: int, dollars: float) -> None:
    assert cost(requests, billed_ms * memory_mb) == pytest.approx(dollars)


def test_the_prices_say_when_they_were_read_and_where() -> None:
    assert LAMBDA_EDGE.read.count("-") == 2
    assert LAMBDA_EDGE.source.startswith("https://aws.amazon.com/")
