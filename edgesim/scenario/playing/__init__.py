"""Scenarios played: on an edge in this process, before an audience, or against somebody else's server."""
