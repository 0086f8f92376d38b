"""Traffic into scenarios."""
