"""The graph as its builder sees it: what is wrong with it, and where. The contract's `flow` holds its shape."""
