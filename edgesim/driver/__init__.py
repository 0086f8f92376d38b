"""Ring 4: the only place where effects meet asyncio, the clock and randomness."""
