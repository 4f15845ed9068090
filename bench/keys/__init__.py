"""How long a key waits for its paint while the engine is saturated."""
