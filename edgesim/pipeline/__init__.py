"""Ring 3: the spine, still without I/O. Start with serve.py."""
