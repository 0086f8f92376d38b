"""The listeners: viewers on one port, control on another."""
