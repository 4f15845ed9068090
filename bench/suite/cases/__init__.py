"""The cases, one a module, in the order of the table."""

from . import (
    export,
    frame,
    keys,
    large_bodies,
    latency,
    many,
    million,
    peers,
    resize,
    resume,
    start,
    throughput,
)

_MODULES = (
    throughput, peers, latency, many, resize, million, resume, large_bodies, keys, frame, start, export,
)  # fmt: skip
CASES = {module.CASE.name: module.CASE for module in _MODULES}
