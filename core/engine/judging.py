"""The user's own rules, put to each reply before it is judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..model import BodyFile, Reply
from ..policies.rules.judgement import Judged, Judgement

if TYPE_CHECKING:
    from ..policies.rules.rules import Rules


class Judging:
    """Evaluates rules on replies, and reads as much of a body's file as they look at."""

    def __init__(self, rules: Rules, read: Callable[[BodyFile, int], Awaitable[bytes]]) -> None:
        """`read` gives the beginning of a body's file, off the loop; raises OSError."""
        self._rules = rules
        self._read = read

    async def judge(self, reply: Reply, elapsed_s: float) -> Judgement:
        """What the rules say of a reply."""
        body = reply.body
        if isinstance(body, BodyFile):
            body = await self._read(body, self._rules.reads) if self._rules.reads else b""
        return self._rules.judge(Judged(reply.status, reply.headers, body, reply.size, elapsed_s * 1000))
