"""Security headers: adds those that browsers honour to what the origin sends, and takes away one that tells too much.

Trigger: origin-response.
Needs:   nothing from the policies.
Why:     what this trigger adds is cached with the object, so the function runs once for an object and not once for a
         request. It also runs for the origin's error pages, which viewer-response does not.

A header that the origin sets itself stays as it is: the application knows its pages better than the edge does. A 304
gets none, because it only updates an object that has them already.
"""

HEADERS = {
    # Add "; includeSubDomains" once every sub-domain answers on HTTPS: browsers won't forget it for a year
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def handler(event, context):
    response = event["Records"][0]["cf"]["response"]
    headers = response["headers"]
    if response["status"] != "304":
        for name, value in HEADERS.items():
            headers.setdefault(name.lower(), [{"key": name, "value": value}])
    headers.pop("x-powered-by", None)
    return response
