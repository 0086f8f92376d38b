"""Which function an association means: its ARN, joined with a declaration or with `--function NAME=PATH[:HANDLER]`.

Rule 1: everything goes by ARN, as at AWS, so that a Ref, a Join and a literal are all the same.
Rule 2: an association names a version of a function in us-east-1; anything else is refused in AWS's words.
Source: distribution-config.md §2 and §4, lambda-edge.md §9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from edgesim.distribution import limits
from edgesim.distribution.findings import Finding, Loc, closest, there_are
from edgesim.distribution.model import AutoPublish, Code, EdgeFunction
from edgesim.distribution.problems import Problem, Severity
from edgesim.errors import ConfigError
from edgesim.loaders.arn import ACCOUNT, REGION
from edgesim.loaders.code import Located, is_python, locate
from edgesim.loaders.handlers import handler_finding
from edgesim.loaders.intrinsics import FAILED
from edgesim.loaders.request import Sources
from edgesim.values.function_arn import LambdaArn, lambda_arn
from edgesim.values.place import Place

REFUSED = "InvalidLambdaFunctionAssociation"


@dataclass(frozen=True, slots=True)
class Declared:
    """A function as a template declares it. `code` finds the code, and reports where there is none; `places` are where
    its properties stand."""

    logical_id: str
    name: str
    handler: str
    runtime: str
    timeout: float
    memory: int
    code: Callable[[], Code | None]
    concurrency: int | None = None
    auto_publish: AutoPublish | None = None
    places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))


def nothing_declared(name: str) -> Declared | None:
    """For sources that know functions by ARN alone."""
    del name
    return None


@dataclass
class FunctionBook:
    """The functions of one source by name. `findings`, `problems` and `places` grow as functions are asked for."""

    overrides: Sources
    declared: Callable[[str], Declared | None] = nothing_declared
    findings: list[Finding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    asked: dict[str, None] = field(default_factory=dict)
    places: dict[str, Mapping[str, Place]] = field(default_factory=dict)
    _account: str = ""
    _made: dict[tuple[str, str], EdgeFunction | None] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def function(self, text: str, unknown: str, loc: Loc, place: Place) -> EdgeFunction | None:
        """The function of an association at `loc`, or None where that has been reported. The association is the
        function's place where nothing declares it."""
        function = self._function(text, unknown, loc)
        if function is not None:
            self.places.setdefault(function.name, {"": place})
        return function

    def _function(self, text: str, unknown: str, loc: Loc) -> EdgeFunction | None:
        arn = lambda_arn(text)
        if unknown == FAILED:
            return None
        if unknown:
            return self._unknown(arn, unknown, loc)
        if arn is None or not arn.is_version:
            self._refuse(
                "The function ARN must reference a specific function version. "
                f"(The ARN must end with the version number.) ARN: {text}",
                loc,
                _how_to_name_a_version(arn),
            )
            return None
        if arn.region != REGION:
            self._refuse(f"The function must be in region 'us-east-1'. ARN: {text}", loc)
            return None
        if self._is_of_another_account(arn):
            hint = (
                f"another function of this source is in {self._account}, and a distribution and its functions share one"
            )
            self._refuse(f"The function must be in the account of the distribution. ARN: {text}", loc, hint)
            return None
        return self._by_name(arn, loc)

    def _is_of_another_account(self, arn: LambdaArn) -> bool:
        """documented: lambda-edge.md §9, without the text. The account that stands for the user's own says nothing."""
        if arn.account == ACCOUNT:
            return False
        self._account = self._account or arn.account
        return arn.account != self._account

    def _unknown(self, arn: LambdaArn | None, unknown: str, loc: Loc) -> EdgeFunction | None:
        """An ARN of which only a part can be known locally, or nothing but where it comes from."""
        name = arn.name if arn and (arn.name in self.overrides or self.declared(arn.name)) else unknown
        declared = self.declared(name)
        if declared is not None and declared.name != name and name not in self.overrides:
            message = (
                f"{unknown} can't be known locally; edgesim takes {declared.logical_id}, the function it is made from"
            )
            self.findings.append(Finding(loc, message, severity=Severity.WARNING))
        return self._by_name(LambdaArn(REGION, ACCOUNT, declared.name if declared else name, "1"), loc, unknown)

    def _refuse(self, message: str, loc: Loc, hint: str = "") -> None:
        self.findings.append(Finding(loc, message, hint, REFUSED))

    def _by_name(self, arn: LambdaArn, loc: Loc, unknown: str = "") -> EdgeFunction | None:
        key = (arn.name, arn.qualifier)
        self.asked[arn.name] = None
        declared = self.declared(arn.name)
        if declared is not None:
            self.places[declared.name] = declared.places
        spec = self._override(arn.name, unknown, declared.logical_id if declared else "")
        if not spec and declared is None:
            self._not_found(arn.name, unknown, loc)
            return None
        if key not in self._made:
            self._made[key] = self._made_of(arn, spec, declared)
        return self._made[key]

    def _override(self, *names: str) -> str | Located:
        for name in names:
            if name in self.overrides:
                self._used.add(name)
                return self.overrides[name]
        return ""

    def _not_found(self, name: str, unknown: str, loc: Loc) -> None:
        message = f"the code of the function {name} can't be found"
        if unknown:
            message = f"which function this is can't be known locally: it comes from {unknown}"
        self.findings.append(Finding(loc, message, f"say where its code is: --function {name}=PATH[:HANDLER]"))

    def _made_of(self, arn: LambdaArn, spec: str | Located, declared: Declared | None) -> EdgeFunction | None:
        if isinstance(spec, Located):
            return edge_function(arn, spec, declared)
        if spec:
            located = self._located(arn.name, spec, declared)
            if located is None:
                return None
            function = edge_function(arn, located, declared)
            self.problems += handler_problems(function, f"--function {arn.name}={spec}")
            return function
        code = declared.code() if declared else None
        if declared is None or code is None:
            return None
        return edge_function(arn, Located(code, declared.handler, declared.runtime), declared)

    def _located(self, name: str, spec: str, declared: Declared | None) -> Located | None:
        try:
            return locate(spec, declared.handler if declared else "")
        except ConfigError as error:
            self.problems.append(Problem(str(error), f"--function {name}={spec}", error.hint))
            return None

    def versions(self) -> dict[str, set[str]]:
        """The functions that were asked for, with the versions that associations name."""
        return {name: {number for asked, number in self._made if asked == name} for name in self.asked}

    def check_overrides(self, known: list[str]) -> None:
        """A `--function` that nothing uses: a mistyped name is an error, an idle function a warning. `known` are the
        names and logical ids of the source."""
        for name in self.overrides:
            at = f"--function {name}"
            if name in self._used:
                continue
            if name in known:
                message = f"no behavior uses the function {name}"
                self.problems.append(Problem(message, at, severity=Severity.WARNING))
            else:
                names = [*known, *self.asked]
                hint = closest(name, names) or there_are(names)
                self.problems.append(Problem(f"there is no function {name}", at, hint))


def _how_to_name_a_version(arn: LambdaArn | None) -> str:
    if arn is None:
        return "write !Ref MyVersion of an AWS::Lambda::Version, or !Ref MyFunction.Version in SAM"
    if arn.qualifier:
        return f"Lambda@Edge takes no {'$LATEST' if arn.qualifier == '$LATEST' else 'alias'}, only a numbered version"
    return f"this is the function itself; name a version of it, e.g. {arn.name}:1"


def handler_problems(function: EdgeFunction, at: str) -> list[Problem]:
    """What is wrong with the handler of a function that an option names."""
    found = handler_finding(function.code, function.handler, function.runtime)
    return [Problem(found.message, at, found.hint, found.severity, code=found.code)] if found is not None else []


def edge_function(arn: LambdaArn, located: Located, declared: Declared | None = None) -> EdgeFunction:
    """A function in the model's form. inferred: where nothing declares its settings, it has Lambda's defaults."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", arn.name)[:64]
    timeout = declared.timeout if declared else limits.DEFAULT_FUNCTION_TIMEOUT_SECONDS
    memory = declared.memory if declared else limits.DEFAULT_FUNCTION_MEMORY_MB
    return EdgeFunction(
        name,
        located.code,
        located.handler,
        _runtime(located, declared.runtime if declared else ""),
        arn.qualifier,
        timeout if located.timeout is None else located.timeout,
        memory if located.memory is None else located.memory,
        arn.account,
        (declared.concurrency if declared else None) if located.concurrency is None else located.concurrency,
        declared.auto_publish if declared else None,
    )


def _runtime(located: Located, declared: str) -> str:
    """A declared runtime holds for code of its language, unless the code's own is told too."""
    same_language = is_python(declared) == is_python(located.runtime)
    return declared if declared and same_language and not located.is_told else located.runtime
