"""Ring 0: the nouns. Frozen values from the standard library alone: no clock, no I/O, no randomness."""
