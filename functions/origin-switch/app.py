"""Origin switch: requests with `X-Release: blue` go to the origin of that release, all others where they always go.

Trigger: origin-request.
Needs:   a cache policy with the header X-Release: it brings the header here, and keeps the releases apart in the cache.
Why:     origin-request is the only trigger that can choose an origin, and it only runs when the cache has no answer.

The Host header has to change along with the domain name: CloudFront doesn't do it, and the new origin would be asked
for the old one's site. Port, protocol, path and timeouts stay as they are, and so do custom headers: a secret among
them goes to the new origin as well. Domains come from the table below, never from the request, or anybody could point
the distribution anywhere.
"""

RELEASES = {"blue": "blue.example.com"}


def handler(event, context):
    request = event["Records"][0]["cf"]["request"]
    headers = request["headers"]
    release = headers["x-release"][0]["value"] if "x-release" in headers else ""
    domain = RELEASES.get(release)
    if domain:
        request["origin"]["custom"]["domainName"] = domain
        headers["host"] = [{"key": "Host", "value": domain}]
    return request
