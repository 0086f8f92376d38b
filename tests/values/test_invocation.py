from dataclasses import replace

from edgesim.values.invocation import Invocation, Returned

WARM = Invocation("id", Returned("{}"), 1.5, 2, 128, 60, "env-1")


def test_an_invocation_with_an_init_phase_was_cold():
    assert not WARM.cold
    assert replace(WARM, init_ms=100.0).cold
