"""Hypothesis profiles: `fast` by default, `ci` and `deep` by EDGESIM_HYPOTHESIS. Plugins for every test."""

import os

from hypothesis import settings

settings.register_profile("fast", max_examples=25, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None)
settings.register_profile("deep", max_examples=100_000, deadline=None)
settings.load_profile(os.environ.get("EDGESIM_HYPOTHESIS", "fast"))

pytest_plugins = ["pytester"]
