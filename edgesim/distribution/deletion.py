"""When Lambda deletes a function that was at the edge."""

from __future__ import annotations

from edgesim.distribution.versions import Refused


def replicated(arn: str) -> Refused:
    """What DeleteFunction says of a version that is associated, and for hours after it was: its replicas are deleted
    first, and by CloudFront alone. documented: lambda-edge-delete-replicas; the text observed in failed stack updates.
    """
    message = (
        f"Lambda was unable to delete {arn} because it is a replicated function. "
        "Please see our documentation for Deleting Lambda@Edge Functions and Replicas."
    )
    return Refused("InvalidParameterValueException", message)
