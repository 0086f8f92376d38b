"""Where a cache keeps its entries. Adapters of ports.Store."""
