"""Country redirect: sends viewers from /shop/… to the shop of their country, /shop/de/….

Trigger: origin-request.
Needs:   a cache policy with the header CloudFront-Viewer-Country, and with all query strings if links should keep them.
Why:     CloudFront adds the country after viewer-request, so this is the first trigger that sees it. The redirect is
         cached, and that is why the country has to be in the cache key: in an origin request policy alone it would let
         the first viewer's country decide for everybody.

A URL that names a shop already is left alone, so that people can choose another country's, and nobody runs in circles.
"""

SHOPS = {"AT": "de", "CH": "de", "DE": "de", "BE": "fr", "FR": "fr", "LU": "fr"}
PREFIX = "/shop/"


def handler(event, context):
    request = event["Records"][0]["cf"]["request"]
    shop = SHOPS.get(country_of(request))
    if shop is None or not request["uri"].startswith(PREFIX):
        return request
    page = request["uri"].removeprefix(PREFIX)
    if page.split("/")[0] in SHOPS.values():
        return request
    query = f"?{request['querystring']}" if request["querystring"] else ""
    return {
        "status": "302",
        "statusDescription": "Found",
        "headers": {
            "location": [{"key": "Location", "value": f"{PREFIX}{shop}/{page}{query}"}],
            # CloudFront keeps it for an hour, if the policy's MaxTTL allows; browsers ask again, because people travel
            "cache-control": [{"key": "Cache-Control", "value": "max-age=0, s-maxage=3600"}],
        },
    }


def country_of(request):
    """The viewer's country, two capital letters, or None where CloudFront doesn't know it."""
    lines = request["headers"].get("cloudfront-viewer-country")
    return lines[0]["value"] if lines else None
