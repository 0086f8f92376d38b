"""What an emulator keeps of its functions' logs, and where it will not."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from edgesim.emulator import Emulator
from edgesim.errors import ConfigError
from edgesim.settings import Settings
from edgesim.terminal import Terminal

pytestmark = pytest.mark.slow


async def _started(settings: Settings) -> None:
    emulator = Emulator(settings, Terminal(io.StringIO()))
    try:
        await emulator.start()
    finally:
        await emulator.close()


def test_logs_in_the_code_of_a_function_are_refused_since_each_line_would_change_it(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "auth.py").write_text("def handler(event, context): return event['Records'][0]['cf']['request']\n")
    settings = Settings(
        origin=str(tmp_path / "site"),
        triggers={"viewer-request": str(tmp_path / "auth.py")},
        log_dir=str(tmp_path / "logs"),
    )
    with pytest.raises(ConfigError, match="logs is in the code of the function auth, which logs would change"):
        asyncio.run(_started(settings))
    assert not (tmp_path / "logs").exists()
