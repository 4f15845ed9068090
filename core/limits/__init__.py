"""How many requests may run at once, and how often one may start."""
