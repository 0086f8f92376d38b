"""Packages that AWS refuses, in its words."""

from __future__ import annotations

import pytest

from edgesim.distribution.limits import MB, Limit, PackageLimits, read_limits
from edgesim.distribution.package_size import PackageSize, package_faults
from edgesim.errors import ConfigError

ARN = "arn:aws:lambda:us-east-1:123456789012:function:fn:1"
REFUSED, INVALID = "InvalidLambdaFunctionAssociation", "InvalidParameterValueException"


@pytest.mark.parametrize(
    ("size", "code", "severity"),
    [
        pytest.param(PackageSize(250 * MB, 50 * MB), None, None, id="as much as there may be"),
        pytest.param(PackageSize(1, 50 * MB + 1), REFUSED, "error", id="a zip that is too large"),
        pytest.param(PackageSize(250 * MB + 1, 1), INVALID, "error", id="a zip that unpacks to too much"),
        pytest.param(PackageSize(250 * MB + 1), INVALID, "error", id="a folder that is too large"),
        pytest.param(PackageSize(1, linked=250 * MB), INVALID, "error", id="what a build would take along"),
        pytest.param(PackageSize(1, linked=250 * MB, is_exact=False), INVALID, "warning", id="what it might leave out"),
        pytest.param(PackageSize(1, linked=249 * MB, is_exact=False), None, None, id="modules that fit"),
    ],
)
def test_a_package_beyond_the_limits_is_refused(size, code, severity):
    finding = package_faults(size, PackageLimits(), ARN)
    assert (None if finding is None else finding.code) == code
    assert (None if finding is None else finding.severity) == severity


def test_the_words_are_awss_and_the_numbers_parameters():
    zipped = package_faults(PackageSize(9, 1_423_536), PackageLimits(zipped=1 * MB), ARN)
    assert zipped.message == (
        "The function code size is larger than the maximum allowed size for functions that are triggered by a "
        f"CloudFront event: 1423536 Max allowed: 1048576 Function: {ARN}"
    )
    unzipped = package_faults(PackageSize(262_144_001), PackageLimits(), ARN)
    assert unzipped.message == "Unzipped size must be smaller than 262144000 bytes"


# ── the words of --relax ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), set()),
        (("timeouts",), {Limit.TIMEOUTS}),
        (("timeouts, Memory", "package_size"), {Limit.TIMEOUTS, Limit.MEMORY, Limit.PACKAGE_SIZE}),
        (("isolation,",), {Limit.ISOLATION}),
    ],
)
def test_limits_are_named_by_commas_or_one_by_one(words, found):
    assert read_limits(words) == found


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("timeout", "did you mean timeouts?"),
        ("zzz", "the limits are timeouts, memory, concurrency, package-size, isolation"),
    ],
)
def test_a_word_that_is_no_limit_is_refused_with_a_guess(word, hint):
    with pytest.raises(ConfigError, match=f"no limit '{word}'") as caught:
        read_limits([word])
    assert caught.value.hint == hint
