"""edgesim: CloudFront and Lambda@Edge on one's own machine.

The rings, innermost first: values, distribution, rules, pipeline, driver, and around them the adapters
(stores, origins, runtimes), loaders, server and command line. Imports point inwards only; read
`edgesim/pipeline/serve.py` first, it is the request path.
"""

__version__ = "0.1.0"
