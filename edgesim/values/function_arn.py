"""The names that Lambda functions go by: ARNs, parts of them, names with a qualifier."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
    return name_and_qualifier(text)[0]


def name_and_qualifier(text: str) -> tuple[str, str]:
    """A function's name and its qualifier, which may be empty, in any of the forms that Lambda's API takes: `fn`,
    `fn:3`, `123456789012:function:fn:3`, a whole ARN. documented: the API's FunctionName"""
    arn = lambda_arn(text)
    if arn is not None:
        return arn.name, arn.qualifier
    name, _, qualifier = text.rpartition("function:")[2].partition(":")
    return name, qualifier
