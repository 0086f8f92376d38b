"""Generated page: answers /hello?name=Ada at the edge, without any origin.

Trigger: origin-request.
Needs:   a cache policy with the query string parameter `name`. Parameters outside the cache policy neither arrive here
         nor tell two pages apart.
Why:     what origin-request answers is cached like an origin's response, so the function runs once for each name and
         not for each request. The same answer from viewer-request would never be cached, and would have 40 KB of room
         instead of 1 MB.

The page carries the id of the request that it was made for: a later hit has a new X-Amz-Cf-Id, and still the old page.
CloudFront writes Content-Length; a function that adds it gets a 502.
"""

from html import escape
from urllib.parse import parse_qs

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hello {name}</title>
<h1>Hello {name}</h1>
<p>This page was made at the edge, for request {request_id}.</p>
</html>
"""
LONGEST_NAME = 40


def handler(event, context):
    cf = event["Records"][0]["cf"]
    name = parse_qs(cf["request"]["querystring"]).get("name", ["world"])[0][:LONGEST_NAME]
    return {
        "status": "200",
        "statusDescription": "OK",
        "headers": {
            "content-type": [{"key": "Content-Type", "value": "text/html; charset=utf-8"}],
            "cache-control": [{"key": "Cache-Control", "value": "max-age=60"}],
        },
        "body": PAGE.format(name=escape(name), request_id=escape(cf["config"]["requestId"])),
    }
