"""Edge locations: the name one carries in Via, and the Region whose Lambda runs its functions."""

from __future__ import annotations

import hashlib
from functools import lru_cache

# inferred: CloudFront runs functions at the regional edge cache that serves a location; which one serves which is not
# published, so the nearest Region with such a cache is taken, by the airport code that a location's name begins with
_REGIONS = {
    "us-east-1": ("IAD", "JFK", "EWR", "BOS", "MIA", "ATL", "PHL", "BNA", "JAX", "TPA", "YUL", "YTO", "YYZ"),
    "us-east-2": ("CMH", "ORD", "DTW", "MSP", "IND", "STL"),
    "us-west-1": ("SFO", "SJC", "LAX", "PHX", "QRO"),
    "us-west-2": ("SEA", "HIO", "DEN", "SLC", "DFW", "IAH", "YVR"),
    "sa-east-1": ("GRU", "GIG", "EZE", "SCL", "BOG", "LIM", "FOR"),
    "eu-central-1": ("FRA", "MUC", "DUS", "HAM", "BER", "TXL", "VIE", "ZRH", "PRG", "WAW", "BUD", "MXP", "FCO", "ATH"),
    "eu-west-1": ("DUB", "MAN"),
    "eu-west-2": ("LHR", "LCY", "AMS", "BRU", "CPH", "ARN", "OSL", "HEL"),
    "eu-west-3": ("CDG", "MRS", "MAD", "BCN", "LIS"),
    "ap-northeast-1": ("NRT", "HND", "KIX"),
    "ap-northeast-2": ("ICN",),
    "ap-southeast-1": ("SIN", "KUL", "BKK", "CGK", "MNL", "HKG", "TPE"),
    "ap-southeast-2": ("SYD", "MEL", "PER", "AKL", "BNE"),
    "ap-south-1": ("BOM", "DEL", "MAA", "HYD", "BLR", "CCU", "DXB"),
}
_BY_AIRPORT = {airport: region for region, airports in _REGIONS.items() for airport in airports}


def region_of(pop: str) -> str:
    """The Region that runs functions for an edge location such as `FRA56-P3`; us-east-1 for an unknown one."""
    return _BY_AIRPORT.get(pop[:3].upper(), "us-east-1")


@lru_cache(maxsize=256)
def edge_name(pop: str) -> str:
    """The 32 hex digits by which an edge location names itself in Via; always the same for one location."""
    return hashlib.blake2b(pop.encode(), digest_size=16).hexdigest()
