"""Lambda ARNs, and ids that are the same on every run."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

ACCOUNT = "123456789012"
REGION = "us-east-1"

_ARN = re.compile(r"arn:(aws[a-z-]*):lambda:([a-z0-9-]+):(\d+):function:([^:]+)(?::([^:]+))?")


@dataclass(frozen=True, slots=True)
class LambdaArn:
    """A function's ARN in its parts; `qualifier` is a version, an alias, `$LATEST`, or empty."""

    region: str
    account: str
    name: str
    qualifier: str = ""

    @property
    def is_version(self) -> bool:
        return self.qualifier.isdigit()


def lambda_arn(text: str) -> LambdaArn | None:
    """The parts of a function's ARN, or None where the text is no such ARN."""
    match = _ARN.fullmatch(text)
    return LambdaArn(match[2], match[3], match[4], match[5] or "") if match else None


def function_name(text: str) -> str:
    """The function's name in what a FunctionName property may hold: a name, a partial or a whole ARN."""
    arn = lambda_arn(text)
    return arn.name if arn else text.rpartition("function:")[2].partition(":")[0]


def stable_id(letter: str, name: str) -> str:
    """An id as AWS makes them, `E` and 13 characters, the same for the same name."""
    digest = hashlib.sha256(name.encode()).digest()
    return letter + base64.b32encode(digest).decode()[:13]


def domain_name(name: str) -> str:
    """A distribution's own host name, the same for the same name."""
    return f"{stable_id('d', name).lower()}.cloudfront.net"
