"""What functions would cost at AWS: requests and GB-seconds. CloudFront's own requests and transfer are left out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars, the same in every Region; there is no free tier. `read` is when they were looked up."""

    per_million_requests: float
    per_gb_second: float
    read: str
    source: str


# documented: the pricing page, which public sources of 2025 and 2026 quote with the same numbers. documented: billed
# by the millisecond since April 2021 (what's new, cloudfront-lambda-at-edge-billing-granularity)
LAMBDA_EDGE = Prices(0.60, 0.00005001, "2026-11-26", "https://aws.amazon.com/lambda/pricing/ (Lambda@Edge)")


def gb_seconds(mb_ms: int) -> float:
    """Megabyte-milliseconds as GB-seconds; Lambda's GB is 1,024 MB."""
    return mb_ms / 1024 / 1000


def cost(requests: int, mb_ms: int, prices: Prices = LAMBDA_EDGE) -> float:
    """US dollars for invocations and what they were billed. inferred: those that fail count, throttled calls do not"""
    return requests * prices.per_million_requests / 1_000_000 + gb_seconds(mb_ms) * prices.per_gb_second
