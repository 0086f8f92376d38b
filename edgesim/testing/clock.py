"""The clock of tests: see driver/virtual_clock.py."""

from __future__ import annotations

from edgesim.driver.virtual_clock import VirtualClock, settle

__all__ = ["VirtualClock", "settle"]
