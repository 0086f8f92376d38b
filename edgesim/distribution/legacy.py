"""ForwardedValues as a cache policy: the key and TTLs that the legacy settings amount to.

documented: QueryStringParameters, header-caching, Cookies; the API's ForwardedValues
"""

from __future__ import annotations

from edgesim.distribution.policies import ALL, NONE, CachePolicy, ForwardedValues, listed


def cache_policy_of(values: ForwardedValues, *, min_ttl: float, default_ttl: float, max_ttl: float) -> CachePolicy:
    """The cache policy that keys as these settings do. TTLs are seconds.

    Headers of `*` mean no caching at all (documented), so all three TTLs become 0. Accept-Encoding is normalised to
    gzip whether the behavior compresses or not (inferred from the header table, which makes no exception), unless it
    is among the headers: then it is one like any other, and nothing is compressed (documented: ServingCompressedFiles
    of 2023); legacy settings can't do brotli (documented: ServingCompressedFiles).
    """
    if values.all_headers:
        return CachePolicy("", "ForwardedValues with all headers", 0, 0, 0)
    query = ALL if values.query_string else NONE
    if values.query_string and values.query_string_cache_keys:
        query = listed(*values.query_string_cache_keys)
    return CachePolicy(
        name="ForwardedValues",
        min_ttl=min_ttl,
        default_ttl=default_ttl,
        max_ttl=max_ttl,
        headers=listed(*values.headers) if values.headers else NONE,
        cookies=values.cookies,
        query_strings=query,
        gzip="accept-encoding" not in {name.lower() for name in values.headers},
    )
