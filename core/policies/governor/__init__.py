"""Automatic concurrency: find what a server bears, stay just under it, and say why.

One `Governor` a host. It is told how each attempt ended and says, when it has learned something, how many requests may
be in flight (`limit`) and how many may start a second (`pace`). Two things limit a server, and each has its regime:

- Room. A server that has no more workers lets requests queue, so latency tells (`concurrency.py`): double what is in
  flight while latency stays, settle where it begins to rise, remember that ceiling, probe it rarely.
- Rules. A server with a rate limit refuses (429, 503), however quick its answers are, so what it refuses tells
  (`pace.py`): measure what is accepted while it refuses, pace the starts just below, bisect, lock, probe rarely.

Both always run. A pace keeps the run from using its limit of concurrency, and a limit that is not used does not grow
(and shrinks to twice what is used), so that concurrency follows pace times latency by itself. While refusals are
fresh, latency is not looked at.

No clock, no I/O, no chance: the same calls give the same decisions.
"""

from __future__ import annotations

from .governor import Governor
from .signals import Bounds, Decision, Signal

__all__ = ["Bounds", "Decision", "Governor", "Signal"]
