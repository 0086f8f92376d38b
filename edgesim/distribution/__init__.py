"""Ring 1: what the user configured, already valid, with every default filled."""
