"""Where viewers are listened for, and what is said where that is not possible."""

from __future__ import annotations

import pytest

from edgesim.errors import ConfigError
from edgesim.server.listeners import bind


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "not an address", "a..b"])
def test_what_is_no_address_of_this_machine_is_no_matter_of_the_port(host: str) -> None:
    with pytest.raises(ConfigError, match="is no address of this machine") as raised:
        bind(host, 0, "--port")
    assert "127.0.0.1" in raised.value.hint
