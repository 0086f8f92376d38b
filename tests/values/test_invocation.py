from dataclasses import replace

import pytest

from edgesim.values.invocation import Failed, FailureKind, Invocation, Returned, Start

WARM = Invocation("id", Returned("{}"), 1.5, 2, 128, 60, "env-1")
NOT_LOADED = Failed(FailureKind.INIT, "Runtime.ImportModuleError", "no module")


def test_an_invocation_with_an_init_phase_was_cold():
    assert not WARM.cold
    assert replace(WARM, init_ms=100.0).cold


@pytest.mark.parametrize(
    ("invocation", "start"),
    [
        (WARM, Start.WARM),
        (replace(WARM, init_ms=100.0), Start.COLD),
        (replace(WARM, anew=True), Start.ANEW),
        (replace(WARM, anew=True, result=NOT_LOADED), Start.FAILED),
    ],
    ids=["warm", "cold", "after a crash", "not loaded"],
)
def test_how_an_invocation_found_its_environment(invocation, start):
    assert invocation.start is start
