"""Browser caching: CloudFront may keep objects as long as the origin says, browsers do as told here.

Trigger: viewer-response.
Needs:   nothing from the policies.
Why:     what this trigger changes is never cached, so CloudFront still goes by the origin's own Cache-Control. At
         origin-response the same change would cut CloudFront's time short, too.

Pages are asked for again every time, mostly with a 304 from the nearest edge for an answer, so a deployment with an
invalidation is seen at once. Files with a hash in their name never change, and are kept for a year. What the origin
calls private or no-store is none of our business. This trigger runs for hits too, but not for errors.
"""

import re

HASHED = re.compile(r"[.-][0-9a-f]{8,}\.(?:css|js|mjs|woff2|svg|png|jpe?g|webp|avif)$")
FOR_A_YEAR = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


def handler(event, context):
    cf = event["Records"][0]["cf"]
    response = cf["response"]
    if not is_private(response["headers"]):
        value = FOR_A_YEAR if HASHED.search(cf["request"]["uri"]) else ASK_AGAIN
        response["headers"]["cache-control"] = [{"key": "Cache-Control", "value": value}]
    return response


def is_private(headers):
    """Did the origin say that nobody but this viewer's browser, or nobody at all, may keep it?"""
    said = ",".join(line["value"] for line in headers.get("cache-control", [])).lower()
    return "private" in said or "no-store" in said
