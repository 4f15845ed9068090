"""How one request becomes one outcome: connections, redirect hops, content codings, bodies on disk."""
