"""The cases, one a module, in the order of the table."""

from . import peers, throughput

CASES = {one.CASE.name: one.CASE for one in (throughput, peers)}
