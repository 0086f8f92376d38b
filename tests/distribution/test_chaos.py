"""Which invocations are the last of their environment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.chaos import Chaos, parse_chaos
from edgesim.errors import ConfigError


@given(st.integers(0, 2**64), st.sampled_from([1, 20, 50, 99.5, 100]))
def test_as_many_as_was_said(seed, percent):
    ends = sum(Chaos(percent, seed).ends_with(number) for number in range(5_000))
    assert abs(ends / 50 - percent) < 5


def test_the_same_seed_has_the_same_ones_again():
    ends = [[Chaos(50, seed).ends_with(number) for number in range(100)] for seed in (1, 1, 2)]
    assert ends[0] == ends[1] != ends[2]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("20", Chaos(20, 5)), ("20%", Chaos(20, 5)), (" 0.5 % ", Chaos(0.5, 5)), ("100:4711", Chaos(100, 4711))],
)
def test_it_is_a_share_and_a_seed(text, meant):
    assert parse_chaos(text, otherwise=5) == meant
    assert parse_chaos(str(meant), otherwise=0) == meant


@pytest.mark.parametrize("text", ["", "0", "101", "-1", "20:", "20:x", "a lot", "٣"])
def test_what_is_no_share(text):
    with pytest.raises(ConfigError, match="no share of invocations"):
        parse_chaos(text, otherwise=0)
