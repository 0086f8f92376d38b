"""The raw configuration of public keys and key groups, in CloudFormation's spelling. See config.py."""

from __future__ import annotations

from edgesim.distribution.config import Part, Texts


class PublicKeyConfig(Part):
    required = ("caller_reference", "encoded_key", "name")

    caller_reference: str = ""
    name: str = ""
    comment: str = ""
    encoded_key: str = ""


class KeyGroupConfig(Part):
    required = ("items", "name")

    name: str = ""
    comment: str = ""
    items: Texts = ()
