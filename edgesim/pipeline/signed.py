"""The station where signed URLs and signed cookies are judged, of behaviors that have signers."""

from __future__ import annotations

from edgesim.distribution.edge_choices import SignatureAtViewerRequest
from edgesim.distribution.signers import Signers
from edgesim.pipeline.journey import Journey
from edgesim.pipeline.transcript import Station
from edgesim.rules.arrival import Refusal
from edgesim.rules.reasons import SignatureReason
from edgesim.rules.signed import judged, refusal, unsigned
from edgesim.values.message import Request


def signature_refusal(journey: Journey, signers: Signers) -> Refusal | None:
    """The answer where the request has no signature that lets it in. inferred: after the method, before any function"""
    verdict = judged(journey.arrival, signers)
    trusted = tuple(signers.keys) if verdict.because is SignatureReason.KEY_UNKNOWN else None
    journey.transcript.note(Station.SIGNATURE, verdict.because, signature=verdict, trusted=trusted)
    return None if verdict.lets_in else refusal(verdict.because)


def for_viewer_request(journey: Journey, request: Request) -> Request:
    """The request as the viewer-request function sees it; which is a choice."""
    shown = journey.distribution.terms.choices.signature_at_viewer_request is SignatureAtViewerRequest.SHOWN
    return request if shown else unsigned(request)
