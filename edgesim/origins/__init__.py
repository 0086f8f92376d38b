"""Origins: where CloudFront fetches from when its cache has no answer. Adapters of ports.OriginClient."""
