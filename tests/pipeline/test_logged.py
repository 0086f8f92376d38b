"""Which requests are logged, and as what."""

from __future__ import annotations

import pytest

from edgesim.distribution import limits
from edgesim.errors import OriginTrouble, ViewerTrouble
from edgesim.pipeline.logged import is_logged, result_types_of
from edgesim.rules.result_types import ResultTypes
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_request, a_response
from edgesim.values.message import Request
from edgesim.values.wire import Wire
